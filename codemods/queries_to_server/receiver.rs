//! What is known of the client that a query asks, and the clients of components that go with their queries.

use super::draft::{Draft, Sent, Site};
use super::group::Function;
use super::guess;
use super::idle;
use audit::Survey;
use audit::query::Query;
use edit::FileId;
use project::File;
use project::graph::{Graph, Origin};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{BindingId, Scopes};
use syntax::view::{arguments, callee, code_children, unwrapped, wrapped};

/// A client that goes.
pub(super) struct Dropped {
    /// The statement that makes it, and those that only ask whether it is there.
    pub(super) statements: Vec<Range<usize>>,
    /// Its places in lists of dependencies.
    pub(super) listed: Vec<Range<usize>>,
}

/// The clients that no longer are asked, and what they were asked for those queries alone.
pub(super) fn dropped(survey: &Survey<'_>, functions: &[Function]) -> Vec<(FileId, Dropped)> {
    let mut gone: BTreeMap<FileId, Vec<Range<usize>>> = BTreeMap::new();
    let mut clients: BTreeSet<(FileId, BindingId)> = BTreeSet::new();
    for draft in functions.iter().flat_map(|function| &function.drafts) {
        let file = survey.project.get(draft.file);
        let own = gone.entry(draft.file).or_default();
        own.extend(vanishing(draft));
        own.extend(draft.removed.iter().cloned());
        let root = survey.queries[draft.query].root;
        if let Some((_, scopes)) = file.syntax() {
            clients.extend(scopes.binding_at(root.range()).map(|id| (draft.file, id)));
        }
    }
    // Elsewhere the change of the sessions takes them away.
    let grouped = survey.stack.server.is_some_and(|server| server.groups_by_table());
    let idle = if grouped { idle::statements(survey, functions) } else { BTreeMap::new() };
    for (file, statements) in &idle {
        gone.entry(*file).or_default().extend(statements.iter().cloned());
    }
    let clients = clients
        .into_iter()
        .filter_map(|(file, id)| Some((file, of_binding(survey, file, id, &gone[&file])?)));
    let idle = idle
        .iter()
        .map(|(file, statements)| (*file, Dropped { statements: statements.clone(), listed: Vec::new() }));
    clients.chain(idle).collect()
}

/// What of a query the call does not go on to say. A value that asks the client for something still needs it.
fn vanishing(draft: &Draft) -> Vec<Range<usize>> {
    let mut kept: Vec<Range<usize>> = draft.sent.iter().flat_map(|sent| sent.site.kept()).collect();
    kept.retain(|kept| draft.call.start <= kept.start && kept.end <= draft.call.end);
    kept.sort_by_key(|kept| kept.start);
    let mut at = draft.call.start;
    let mut out = Vec::new();
    for kept in kept {
        if at < kept.start {
            out.push(at..kept.start);
        }
        at = at.max(kept.end);
    }
    out.push(at..draft.call.end);
    out
}

/// What goes of one client; `None` if it stays.
fn of_binding(survey: &Survey<'_>, file: FileId, id: BindingId, gone: &[Range<usize>]) -> Option<Dropped> {
    let file = survey.project.get(file);
    let (tree, scopes) = file.syntax()?;
    let mut statements = vec![declaration(tree, scopes, id)?.byte_range()];
    let mut listed = Vec::new();
    for reference in scopes.references.iter().filter(|reference| reference.binding == Some(id)) {
        let at = &reference.range;
        if gone.iter().any(|gone| gone.start <= at.start && at.end <= gone.end) {
            continue;
        }
        let name = tree.node_at(at.clone()).filter(|_| !reference.writes)?;
        match in_dependencies(tree, name) {
            Some(place) => listed.push(place),
            None => statements.push(guard(tree, name)?),
        }
    }
    Some(Dropped { statements, listed })
}

/// `if (!supabase) return`: a guard that only asks whether there is a client.
fn guard(tree: &Tree, name: Node<'_>) -> Option<Range<usize>> {
    let not = name.parent().filter(|parent| parent.kind() == "unary_expression")?;
    let asked = not.parent().filter(|parent| parent.kind() == "parenthesized_expression")?;
    let statement = asked.parent().filter(|parent| parent.kind() == "if_statement")?;
    let alone = statement.child_by_field_name("alternative").is_none();
    let then = statement.child_by_field_name("consequence")?;
    let leaves = then.kind() == "return_statement" && then.named_child_count() == 0;
    (alone && leaves && tree.text(not).starts_with('!')).then(|| statement.byte_range())
}

/// `const supabase = createClient()` in a function, also where a hook keeps it; another name for a client.
fn declaration<'t>(tree: &'t Tree, scopes: &Scopes, id: BindingId) -> Option<Node<'t>> {
    let binding = scopes.binding(id);
    let mut node = tree.node_at(binding.name_range.clone())?;
    if let Some(list) = node.parent().filter(|parent| parent.kind() == "array_pattern") {
        // `const [supabase] = useState(() => createClient())`
        node = Some(list).filter(|list| list.named_child_count() == 1)?;
    }
    let taken_out = node.parent().filter(|parent| parent.kind() == "object_pattern");
    if let Some(pattern) = taken_out {
        // `const { supabase } = await import("./client")`
        node = Some(pattern).filter(|pattern| pattern.named_child_count() == 1)?;
    }
    let declarator = node.parent().filter(|parent| parent.kind() == "variable_declarator")?;
    let statement = declarator.parent().filter(|parent| parent.kind() == "lexical_declaration")?;
    let alone = code_children(statement).count() == 1;
    let exported = statement.parent().is_some_and(|parent| parent.kind() == "export_statement");
    let mut value = unwrapped(declarator.child_by_field_name("value")?);
    if value.kind() == "await_expression" {
        value = unwrapped(code_children(value).next()?);
    }
    if taken_out.is_some() {
        let loaded = callee(value).is_some_and(|callee| callee.kind() == "import");
        return (alone && !exported && loaded).then_some(statement);
    }
    let made = match value.kind() {
        // `const db = client`
        "identifier" => return (alone && !exported).then_some(statement),
        "call_expression" => match arguments(value).first().map(|first| unwrapped(*first)) {
            None => Some(value),
            Some(first) if matches!(tree.text(callee(value)?), "useMemo" | "useState") => {
                first.child_by_field_name("body").map(unwrapped)
            }
            // `createBrowserClient(url, key)`
            Some(_) if is_maker(tree, value) => Some(value),
            Some(_) => None,
        },
        _ => None,
    }?;
    let plain = made.kind() == "call_expression"
        && (arguments(made).is_empty() || is_maker(tree, made))
        && callee(made).is_some_and(|callee| callee.kind() == "identifier");
    (alone && !exported && plain).then_some(statement)
}

/// Whether a call makes a client of values alone: nobody misses it.
fn is_maker(tree: &Tree, call: Node<'_>) -> bool {
    let of_library = callee(call)
        .is_some_and(|callee| matches!(tree.text(callee), "createBrowserClient" | "createClient"));
    of_library
        && arguments(call).iter().all(|value| {
            matches!(unwrapped(*value).kind(), "identifier" | "member_expression" | "string")
                && !tree.text(*value).contains('(')
        })
}

/// The place of a name in the list of what a hook depends on, with its comma.
fn in_dependencies(tree: &Tree, name: Node<'_>) -> Option<Range<usize>> {
    let list = crate::hooks::dependencies(tree, name)?;
    let items: Vec<Node<'_>> = code_children(list).collect();
    let at = items.iter().position(|item| item.id() == name.id())?;
    match (at.checked_sub(1).map(|before| items[before]), items.get(at + 1)) {
        (_, Some(next)) => Some(name.start_byte()..next.start_byte()),
        (Some(before), None) => Some(before.end_byte()..name.end_byte()),
        (None, None) => Some(list.start_byte() + 1..list.end_byte() - 1),
    }
}

/// Whether a client's name was declared as something of unknown type: `const db = client as any`.
pub(super) fn is_any(survey: &Survey<'_>, file: &File, name: Node<'_>) -> bool {
    let Origin::Local(holder, range) = Graph::origin(survey.project, file.id, name.byte_range()) else {
        return false;
    };
    let Some((tree, _)) = survey.project.get(holder).syntax() else { return false };
    let declared = tree.node_at(range).and_then(|name| name.parent());
    let Some(declared) = declared.filter(|node| node.kind() == "variable_declarator") else { return false };
    let stated = |field: &str, place: usize| {
        let node = declared.child_by_field_name(field)?;
        let of_type = matches!(node.kind(), "as_expression" | "type_annotation");
        code_children(node).nth(place).filter(|_| of_type).map(|kind| tree.text(kind))
    };
    stated("value", 1) == Some("any") || stated("type", 0) == Some("any")
}

/// Whether a client is held as whatever its maker gives, tables of any type among it: `let client: ReturnType<typeof createClient>`.
pub(super) fn is_of_any_maker(survey: &Survey<'_>, query: &Query) -> bool {
    let client = query.client.map(|client| &survey.clients[client]);
    client.is_some_and(|client| {
        let text = &survey.project.get(client.span.file).text;
        let call = text.get(client.span.range()).unwrap_or_default();
        let maker = call.split('(').next().unwrap_or_default();
        !maker.contains('<') && text.contains(&format!("ReturnType<typeof {}>", maker.trim()))
    })
}

/// Names in a query whose values were taken out of a set of which no type is known: the type check holds them for `unknown[]`.
pub(super) fn loose(tree: &Tree, scopes: &Scopes, query: &Range<usize>) -> Vec<Range<usize>> {
    let within = |at: &Range<usize>| query.start <= at.start && at.end <= query.end;
    let of_set = |id: BindingId| {
        let declared = tree.node_at(scopes.binding(id).name_range.clone()).and_then(|name| name.parent());
        let value = declared.and_then(|declared| declared.child_by_field_name("value"));
        value.is_some_and(|value| {
            let text = tree.text(value);
            text.starts_with("Array.from(new Set(") || text.starts_with("[...new Set(")
        })
    };
    let read = scopes.references.iter().filter(|reference| within(&reference.range));
    read.filter(|reference| reference.binding.is_some_and(of_set))
        .map(|reference| reference.range.clone())
        .collect()
}

/// `(supabase as SomeClient)`, `(supabase as unknown as SomeClient)`: the cast that names a type of the browser's module.
pub(super) fn named_cast<'s>(tree: &Tree, client: Node<'s>) -> Option<Node<'s>> {
    std::iter::successors(client.parent(), |node| node.parent())
        .take_while(|node| matches!(node.kind(), "as_expression" | "parenthesized_expression"))
        .filter(|node| node.kind() == "as_expression" && !is_cast_to_any(tree, *node))
        .last()
}

/// `x as any`, `x as unknown`.
pub(super) fn is_cast_to_any(tree: &Tree, cast: Node<'_>) -> bool {
    let kind = code_children(cast).nth(1).map(|kind| tree.text(kind));
    matches!(kind, Some("any" | "unknown" | "never"))
}

/// `(client.rpc as unknown as T)(…)`, which says that a method of the client is of another type: what stands before the client, and
/// behind the method.
pub(super) fn method_cast(client: Node<'_>) -> Option<(Range<usize>, Range<usize>)> {
    let method = wrapped(client).parent().filter(|parent| parent.kind() == "member_expression")?;
    let mut outer = method;
    while let Some(cast) = outer.parent().filter(|parent| parent.kind() == "as_expression") {
        outer = cast;
    }
    let within = outer.parent().filter(|parent| parent.kind() == "parenthesized_expression")?;
    let called = within.parent().is_some_and(|call| call.kind() == "call_expression");
    let (before, behind) = (within.start_byte()..client.start_byte(), method.end_byte()..within.end_byte());
    (called && outer.id() != method.id()).then_some((before, behind))
}

/// Expressions whose type the check of the server's function may refuse, and which nothing asked for so far: `null` where a column
/// has none, any text where the column takes some.
pub(super) fn untold<'d>(
    tree: &Tree,
    scopes: &Scopes,
    sent: impl Iterator<Item = &'d Sent>,
) -> Vec<Range<usize>> {
    let untold = |sent: &Sent| {
        let Site::Expression(range) = &sent.site else { return None };
        let node = tree.node_at(range.clone())?;
        let some = takes_some(sent);
        let guess = guess::of(tree, scopes, node);
        let told = match node.kind() {
            "string" => true,
            "non_null_expression" => !some,
            _ => guess.there && guess.kind.is_some() && !some,
        };
        (sent.whole || !told).then(|| range.clone())
    };
    sent.filter_map(untold).collect()
}

/// Whether the server takes only some values, where another file of types may say any text.
pub(super) fn takes_some(sent: &Sent) -> bool {
    sent.schema.line().contains("z.enum")
}

/// A statement with its lines, where it stands alone in them.
pub(super) fn with_lines(source: &str, range: &Range<usize>) -> Range<usize> {
    let start = source[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = source[range.end..].find('\n').map_or(source.len(), |newline| range.end + newline + 1);
    let alone = source[start..range.start].trim().is_empty() && source[range.end..end].trim().is_empty();
    if !alone {
        // One blank is left of two.
        let rest = &source[range.end..end];
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        let after = if source[start..range.start].ends_with(' ') { blanks } else { 0 };
        return range.start..range.end + after;
    }
    // The blank line behind it goes too, where one stands in front of it.
    let blank = |text: &str| text.trim().is_empty();
    let next = source[end..].find('\n').map(|newline| end + newline + 1);
    let above =
        source[..start].strip_suffix('\n').map(|above| &above[above.rfind('\n').map_or(0, |at| at + 1)..]);
    let before = above.is_some_and(blank) || source[..start].trim_end().ends_with('{');
    match next.filter(|next| before && blank(&source[end..*next])) {
        Some(next) => start..next,
        None => start..end,
    }
}
