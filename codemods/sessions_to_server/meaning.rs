//! What names of a page's code stand for: functions, the state that a function sets, functions of the server, `fetch` under another name.

use super::reach::{self, Is, Target};
use audit::Survey;
use edit::{FileId, Span};
use project::File;
use project::graph::{Graph, Origin};
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::module::{ImportKind, Imported};
use syntax::scope::{BindingId, Declared, Scopes};
use syntax::view::{arguments, callee, code_children, enclosing_function, string_value, unwrapped, wrapped};

/// A file with its syntax.
#[derive(Clone, Copy)]
pub(super) struct At<'s> {
    pub(super) file: &'s File,
    pub(super) tree: &'s Tree,
    pub(super) scopes: &'s Scopes,
}

impl<'s> At<'s> {
    pub(super) fn of(file: &'s File) -> Option<Self> {
        let (tree, scopes) = file.syntax()?;
        Some(Self { file, tree, scopes })
    }

    /// What a name means.
    pub(super) fn named(&self, name: Node<'s>) -> Option<BindingId> {
        self.scopes.reference_at(name.byte_range()).and_then(|reference| reference.binding)
    }
}

/// Where other modules name what is declared at `name` of `holder`; `None` where one of them takes that module as a whole.
pub(super) fn elsewhere(survey: &Survey<'_>, holder: FileId, name: Range<usize>) -> Option<Vec<Span>> {
    let carriers = reach::carriers(survey, holder);
    let takes_whole = |id: &FileId| {
        let module = &survey.project.get(*id).module;
        survey.project.graph.links[id.0 as usize].iter().filter(|link| link.target == holder).any(|link| {
            let import = &module.imports[link.import];
            let loaded = import.kind == ImportKind::Dynamic && import.names.is_empty();
            let whole = |imported: &Imported| matches!(imported, Imported::Namespace);
            loaded || import.names.iter().any(|name| whole(&name.imported))
        })
    };
    if carriers.iter().any(takes_whole) {
        return None;
    }
    let target = Target::named(holder, name, Is::Client);
    let found = reach::references(survey, &carriers, &target).into_iter();
    let others = found.filter(|(file, _, in_type)| file.id != holder && !in_type);
    Some(others.map(|(file, node, _)| file.span(node.byte_range())).collect())
}

/// The name under which a member is read or set; `None` if it is computed.
pub(super) fn member_name(at: At<'_>, member: Node<'_>) -> Option<String> {
    match member.child_by_field_name("property") {
        Some(property) => Some(at.tree.text(property).to_owned()),
        None => string_value(at.tree, member.child_by_field_name("index")?).map(|index| index.into_owned()),
    }
}

/// The name that an expression begins with.
pub(super) fn code_root(node: Node<'_>) -> Option<Node<'_>> {
    let mut root = unwrapped(node);
    while let Some(inner) = root.child_by_field_name("object") {
        root = unwrapped(inner);
    }
    (root.kind() == "identifier").then_some(root)
}

/// The last word of what a call calls.
pub(super) fn last(at: At<'_>, call: Node<'_>) -> Option<String> {
    let function = unwrapped(callee(call)?);
    let name = function.child_by_field_name("property").unwrap_or(function);
    Some(at.tree.text(name).to_owned())
}

/// The second argument of a hook: when it runs again.
pub(super) fn is_dependencies(at: At<'_>, list: Node<'_>) -> bool {
    let call = list.parent().filter(|around| around.kind() == "arguments").and_then(|around| around.parent());
    call.is_some_and(|call| {
        last(at, call).is_some_and(|name| name.starts_with("use"))
            && arguments(call).iter().skip(1).any(|argument| argument.id() == list.id())
    })
}

/// The call whose one argument is the one member of a list: `call(...[value])`.
pub(super) fn spread_into(list: Node<'_>) -> Option<Node<'_>> {
    let spread = wrapped(list).parent().filter(|spread| spread.kind() == "spread_element")?;
    let call = spread.parent().filter(|given| given.kind() == "arguments")?.parent()?;
    let alone = list.kind() == "array" && code_children(list).count() == 1 && arguments(call).len() == 1;
    alone.then_some(call)
}

/// The state that a function of `useState` sets.
pub(super) fn state_of<'s>(at: At<'s>, setter: Node<'s>) -> Option<Node<'s>> {
    let name = at.scopes.binding(at.named(setter)?).name_range.clone();
    let list = at.tree.node_at(name.clone())?.parent().filter(|list| list.kind() == "array_pattern")?;
    let made = unwrapped(list.parent()?.child_by_field_name("value")?);
    let names: Vec<Node<'_>> = code_children(list).collect();
    let sets = names.len() == 2 && names[1].byte_range() == name;
    (sets && made.kind() == "call_expression" && last(at, made)? == "useState").then(|| names[0])
}

/// What a name is declared as.
pub(super) fn value_named<'s>(
    survey: &'s Survey<'_>,
    at: At<'s>,
    name: Node<'s>,
) -> Option<(At<'s>, Node<'s>)> {
    let Origin::Local(holder, range) = Graph::origin(survey.project, at.file.id, name.byte_range()) else {
        return None;
    };
    let there = At::of(survey.project.get(holder))?;
    let declaration = there.tree.node_at(range)?.parent()?;
    match declaration.kind() {
        "function_declaration" => Some((there, declaration)),
        "variable_declarator" => Some((there, unwrapped(declaration.child_by_field_name("value")?))),
        _ => None,
    }
}

/// The function of that name, also one that a hook keeps.
pub(super) fn declared<'s>(survey: &'s Survey<'_>, at: At<'s>, name: Node<'s>) -> Option<(At<'s>, Node<'s>)> {
    let (there, value) = value_named(survey, at, name)?;
    let kept = value.kind() == "call_expression"
        && matches!(last(there, value).as_deref(), Some("useCallback" | "memo" | "forwardRef"));
    let function = if kept { unwrapped(*arguments(value).first()?) } else { value };
    let is = matches!(function.kind(), "function_declaration" | "arrow_function" | "function_expression");
    is.then_some((there, function))
}

/// A server function, or what a hook makes of one.
pub(super) fn is_function_of_server(survey: &Survey<'_>, at: At<'_>, name: Node<'_>) -> bool {
    value_named(survey, at, name).is_some_and(|(there, value)| {
        let text = there.tree.text(value);
        text.starts_with("createServerFn(") || text.starts_with("useServerFn(")
    })
}

/// What goes on to a server function, in a middleware's part that runs in the page: the one function that this part is given.
pub(super) fn goes_on(at: At<'_>, name: Node<'_>) -> bool {
    let client = enclosing_function(name)
        .and_then(|function| wrapped(function).parent()?.parent())
        .filter(|call| call.kind() == "call_expression" && last(at, *call).as_deref() == Some("client"));
    let given =
        at.named(name).is_some_and(|binding| at.scopes.binding(binding).declared == Declared::Parameter);
    given && client.is_some_and(|call| at.tree.text(call).starts_with("createMiddleware("))
}

/// A name for the page's own `fetch`.
pub(super) fn sends(at: At<'_>, name: Node<'_>) -> bool {
    let known = at.named(name).and_then(|id| at.tree.node_at(at.scopes.binding(id).name_range.clone()));
    let value =
        known.and_then(|known| known.parent()).and_then(|declarator| declarator.child_by_field_name("value"));
    value.is_some_and(|value| {
        let text = at.tree.text(value).trim_start_matches("globalThis.").trim_start_matches("window.");
        matches!(text, "fetch" | "fetch.bind(window)" | "fetch.bind(globalThis)")
    })
}

/// Whether a request is made only under the condition that it is one to a server function.
pub(super) fn within_functions(at: At<'_>, call: Node<'_>) -> bool {
    let mut around = call;
    while let Some(parent) = around.parent() {
        let holds = parent.kind() == "if_statement"
            && parent.child_by_field_name("consequence").is_some_and(|then| then.id() == around.id())
            && parent.child_by_field_name("condition").is_some_and(|condition| {
                let text = at.tree.text(condition);
                !text.contains("||") && !text.contains('!') && text.contains("\"/_serverFn/\")")
            });
        if holds {
            return true;
        }
        around = parent;
    }
    false
}
