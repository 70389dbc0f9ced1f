//! A client that a function gives, and makes at its first call, or at each:
//!
//! ```text
//! let kept: SupabaseClient | null = null;
//! export function getClient() { if (!kept) kept = createClient(url, key); return kept; }
//! ```
//!
//! The function keeps its name. What it gives stands ready, since there is nothing left to make.

use super::lazy::follows;
use super::owned::covers;
use super::setting::Setting;
use super::truth::Known;
use super::{leads, reads};
use audit::Survey;
use project::File;
use project::graph::{Graph, Origin};
use std::ops::Range;
use syntax::Node;
use syntax::scope::{BindingId, Declared};
use syntax::view::{
    callee, callee_path, code_children, enclosing_function, enclosing_statement, unwrapped, walk, wrapped,
};

/// What makes a client with its session in cookies.
pub(super) const COOKIES: &str = "createBrowserClient";

/// Whether a call makes such a client, by whatever name the module has it.
pub(super) fn makes_with_cookies(survey: &Survey<'_>, file: &File, call: Node<'_>) -> bool {
    callee(call).is_some_and(|maker| {
        let origin = Graph::origin(survey.project, file.id, unwrapped(maker).byte_range());
        matches!(origin, Origin::Package(_, name) if name == COOKIES)
    })
}

/// The function, and what it keeps the client in.
#[derive(Clone, Debug)]
pub(super) struct Getter {
    /// The statement that declares the function.
    pub(super) statement: Range<usize>,
    /// What its body says: statements without the braces around them, or the expression of an arrow function.
    pub(super) says: Range<usize>,
    /// Whether that is an expression.
    pub(super) is_expression: bool,
    /// The type that it says it gives.
    pub(super) returns: Option<Range<usize>>,
    /// Whether its call has to be awaited.
    pub(super) waits: bool,
    /// The variable that keeps the client: its statement, and the name in it.
    pub(super) kept: Option<(Range<usize>, Range<usize>)>,
    /// A name for what it gives.
    pub(super) holds: String,
    /// No function gives it: a component makes it for itself.
    pub(super) inline: bool,
}

/// A getter, seen from the call that makes the client.
pub(super) struct Found<'t> {
    pub(super) getter: Getter,
    /// The body.
    pub(super) body: Node<'t>,
    /// The function's name.
    pub(super) name: Node<'t>,
}

/// Whether `call` stands in such a function: it takes nothing, and does nothing else that anybody would miss.
pub(super) fn of<'t>(
    survey: &Survey<'_>,
    known: &Known<'t>,
    file: &File,
    call: Node<'t>,
    settings: &[&Setting],
) -> Option<Found<'t>> {
    let (tree, scopes) = (known.tree, known.scopes);
    let function = enclosing_function(call)?;
    let takes = function.child_by_field_name("parameters");
    if takes.is_none_or(|takes| code_children(takes).next().is_some())
        || tree.text(function).starts_with("function*")
    {
        return None;
    }
    let name = match function.kind() {
        "function_declaration" => function.child_by_field_name("name")?,
        "arrow_function" | "function_expression" => {
            let declarator =
                wrapped(function).parent().filter(|parent| parent.kind() == "variable_declarator")?;
            declarator.child_by_field_name("name").filter(|name| name.kind() == "identifier")?
        }
        _ => return None,
    };
    let own = scopes.binding(scopes.binding_at(name.byte_range())?);
    let fixed = matches!(own.declared, Declared::Function | Declared::Const);
    let statement = enclosing_statement(name);
    let alone = function.kind() == "function_declaration" || {
        let declaration = wrapped(function).parent()?.parent()?;
        code_children(declaration).count() == 1
    };
    if !own.top_level || !fixed || !alone {
        return None;
    }
    let body = function.child_by_field_name("body")?;
    let kept = kept(known, function, call)?;
    let shape = Shape { survey, file, known, function, call, kept, settings };
    let children: Vec<Node<'t>> = code_children(body).collect();
    let is_expression = body.kind() != "statement_block";
    let fine = if is_expression {
        shape.gives(body)
    } else {
        children.iter().all(|statement| shape.is_plain(*statement)) && shape.returns(body)
    };
    if !fine {
        return None;
    }
    let says = if is_expression {
        body.byte_range()
    } else {
        // What it says of the making goes with it.
        body.named_child(0)?.start_byte()..children.last()?.end_byte()
    };
    let kept = kept.and_then(|id| {
        let name = tree.node_at(scopes.binding(id).name_range.clone())?;
        Some((enclosing_statement(name).byte_range(), name.byte_range()))
    });
    let holds = match &kept {
        Some((_, name)) => file.text[name.clone()].to_owned(),
        None => {
            let free = |name: &String| !scopes.bindings.iter().any(|binding| binding.name == *name);
            [noun(tree.text(name)), format!("{}Client", noun(tree.text(name)))].into_iter().find(free)?
        }
    };
    let returns = function.child_by_field_name("return_type").map(|returns| returns.byte_range());
    let waits = tree.text(function).starts_with("async");
    let statement = statement.byte_range();
    Some(Found {
        getter: Getter { statement, says, is_expression, returns, waits, kept, holds, inline: false },
        body,
        name,
    })
}

/// A client that a component makes for itself, with its session in cookies: `const db = createBrowserClient(url, key)`. What takes its
/// place stands at the top of the module, so that it is the same one each time.
pub(super) fn inline<'t>(known: &Known<'t>, call: Node<'t>) -> Option<Found<'t>> {
    let (tree, scopes) = (known.tree, known.scopes);
    let makes = callee(call).map(|callee| tree.text(callee)) == Some(COOKIES);
    enclosing_function(call).filter(|_| makes)?;
    let (name, _, _) = leads::alias(tree, leads::memoised(tree, call))?;
    let is_head = |statement: &Node<'t>| {
        let directive = statement.kind() == "expression_statement"
            && code_children(*statement).next().is_some_and(|only| only.kind() == "string");
        statement.kind() == "import_statement" || directive
    };
    let statement = code_children(tree.root()).find(|statement| !is_head(statement))?.byte_range();
    let free = |name: &&str| !scopes.bindings.iter().any(|binding| binding.name == **name);
    let holds = ["client", "pageClient", "sessionClient"].into_iter().find(free)?.to_owned();
    let says = call.byte_range();
    let (returns, kept) = (None, None);
    let getter =
        Getter { statement, says, is_expression: true, returns, waits: false, kept, holds, inline: true };
    Some(Found { getter, body: call, name })
}

/// What a function gives, by its name: `getSupabase` gives `supabase`.
fn noun(name: &str) -> String {
    let rest = ["get", "create", "make", "use", "init"].iter().find_map(|verb| name.strip_prefix(verb));
    let Some(rest) = rest.filter(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase())) else {
        return "client".to_owned();
    };
    format!("{}{}", rest[..1].to_lowercase(), &rest[1..])
}

/// The variable at the top that keeps the client, which nothing but the function writes; `None` if what keeps it is anything else.
#[expect(clippy::option_option, reason = "no variable is an answer too")]
fn kept<'t>(known: &Known<'t>, function: Node<'t>, call: Node<'t>) -> Option<Option<BindingId>> {
    let (tree, scopes) = (known.tree, known.scopes);
    let mut found: Option<BindingId> = None;
    let mut fine = true;
    walk(function, &mut |node| {
        // What the client is made of goes with it.
        if node.id() == call.id() {
            return false;
        }
        if matches!(node.kind(), "assignment_expression" | "augmented_assignment_expression") {
            let left = node.child_by_field_name("left").filter(|left| left.kind() == "identifier");
            let id = left.and_then(|left| scopes.binding_at(left.byte_range()));
            match id {
                // A variable of the function.
                Some(id) if covers(&function.byte_range(), &scopes.binding(id).name_range) => {}
                Some(id) if scopes.binding(id).top_level && found.is_none_or(|known| known == id) => {
                    found = Some(id)
                }
                _ => fine = false,
            }
        }
        true
    });
    if !fine {
        return None;
    }
    let Some(id) = found else { return Some(None) };
    let binding = scopes.binding(id);
    let name = tree.node_at(binding.name_range.clone())?;
    let declarator = name.parent().filter(|parent| parent.kind() == "variable_declarator")?;
    let statement = enclosing_statement(name);
    let value = declarator.child_by_field_name("value").map(|value| tree.text(unwrapped(value)));
    let plain = matches!(statement.kind(), "lexical_declaration" | "variable_declaration")
        && code_children(statement).count() == 1
        && statement.parent().is_some_and(|parent| parent.kind() == "program")
        && value.is_none_or(|value| matches!(value, "null" | "undefined"));
    let inside = function.byte_range();
    let own =
        scopes.references_of(id).all(|reference| !reference.writes || covers(&inside, &reference.range));
    (plain && own && covers(&inside, &call.byte_range())).then_some(Some(id))
}

/// What the function may say.
struct Shape<'k, 't> {
    survey: &'k Survey<'k>,
    file: &'k File,
    known: &'k Known<'t>,
    function: Node<'t>,
    call: Node<'t>,
    kept: Option<BindingId>,
    settings: &'k [&'k Setting],
}

impl<'t> Shape<'_, 't> {
    /// A statement that only serves the making: nobody misses it.
    fn is_plain(&self, statement: Node<'t>) -> bool {
        let tree = self.known.tree;
        match statement.kind() {
            "statement_block" => code_children(statement).all(|inner| self.is_plain(inner)),
            "if_statement" => {
                let field = |name: &str| statement.child_by_field_name(name);
                let Some(condition) = field("condition") else { return false };
                // Where settings are missing, it may do anything: the server does not start without them.
                let dead = self.known.holds(condition) == Some(false);
                self.asks_only_for_settings(condition)
                    && (dead || field("consequence").is_some_and(|inner| self.is_plain(inner)))
                    && field("alternative")
                        .is_none_or(|other| code_children(other).all(|inner| self.is_plain(inner)))
            }
            "lexical_declaration" | "variable_declaration" => code_children(statement)
                .filter_map(|declarator| declarator.child_by_field_name("value"))
                .all(|value| self.is_quiet(value)),
            "return_statement" => code_children(statement).next().is_none_or(|value| self.gives(value)),
            "throw_statement" | "empty_statement" => true,
            "expression_statement" => {
                let Some(inner) = code_children(statement).next().map(unwrapped) else { return true };
                let speaks = callee_path(tree, inner).is_some_and(|path| path[0] == "console");
                speaks
                    || follows(tree, statement)
                    || matches!(inner.kind(), "assignment_expression" | "augmented_assignment_expression")
                        && (self.gives(inner) || self.is_cleaned(inner))
            }
            _ => false,
        }
    }

    /// Whether every way through the block ends with the client, or with nothing.
    fn returns(&self, body: Node<'t>) -> bool {
        code_children(body).last().is_some_and(|last| last.kind() == "return_statement")
    }

    /// The client, itself or by what keeps it; or nothing.
    fn gives(&self, value: Node<'t>) -> bool {
        let value = unwrapped(value);
        let field = |name: &str| value.child_by_field_name(name);
        match value.kind() {
            "null" | "undefined" => true,
            "call_expression" => value.id() == self.call.id() || self.makes_another(value),
            "identifier" => {
                let (tree, scopes) = (self.known.tree, self.known.scopes);
                let id = scopes.binding_at(value.byte_range());
                id.is_some_and(|id| {
                    // A constant of the function that holds the client.
                    let declared =
                        tree.node_at(scopes.binding(id).name_range.clone()).and_then(|name| name.parent());
                    let value = declared.and_then(|declared| declared.child_by_field_name("value"));
                    self.kept == Some(id)
                        || self.is_inside(&scopes.binding(id).name_range)
                            && value.is_some_and(|value| unwrapped(value).id() == self.call.id())
                }) || tree.text(value) == "undefined"
            }
            "assignment_expression" | "augmented_assignment_expression" => {
                field("right").is_some_and(|right| self.gives(right))
            }
            "binary_expression" => {
                let operator = field("operator").map_or("", |operator| operator.kind());
                matches!(operator, "||" | "??")
                    && [field("left"), field("right")].into_iter().flatten().all(|side| self.gives(side))
            }
            "ternary_expression" => {
                field("condition").is_some_and(|condition| self.asks_only_for_settings(condition))
                    && [field("consequence"), field("alternative")]
                        .into_iter()
                        .flatten()
                        .all(|side| self.gives(side))
            }
            _ => false,
        }
    }

    /// `createBrowserClient(…)` again, with other options or in place of missing settings: one client of a page is as good as another.
    fn makes_another(&self, call: Node<'t>) -> bool {
        let keeps_cookies = |call: Node<'t>| makes_with_cookies(self.survey, self.file, call);
        keeps_cookies(call) && keeps_cookies(self.call)
    }

    /// A condition on the client, the address and the key, or on whether there is a page.
    fn asks_only_for_settings(&self, condition: Node<'t>) -> bool {
        let scopes = self.known.scopes;
        let mut fine = self.is_quiet(condition);
        walk(condition, &mut |node| {
            if node.kind() == "identifier"
                && let Some(id) =
                    scopes.reference_at(node.byte_range()).and_then(|reference| reference.binding)
            {
                let asked = self.settings.iter().any(|setting| setting.binding == Some(id));
                let inside = self.is_inside(&scopes.binding(id).name_range);
                fine &= asked || inside || self.kept == Some(id) || self.known.holds(node).is_some();
            }
            fine
        });
        fine
    }

    /// An expression that does nothing but read; the call that makes the client counts as one.
    fn is_quiet(&self, value: Node<'t>) -> bool {
        let mut fine = true;
        walk(value, &mut |node| {
            if node.id() == self.call.id() {
                return false;
            }
            match node.kind() {
                "call_expression" if self.makes_another(node) => return false,
                "call_expression" => fine &= reads::only(self.survey, self.file, node),
                // `await import("…")`.
                "await_expression" => {}
                kind => fine &= !reads::does(kind),
            }
            fine
        });
        fine
    }

    /// `url = url.trim()`: a variable of the function, which holds a setting.
    fn is_cleaned(&self, assignment: Node<'t>) -> bool {
        let left = assignment.child_by_field_name("left").filter(|left| left.kind() == "identifier");
        let scopes = self.known.scopes;
        let own = left.and_then(|left| scopes.binding_at(left.byte_range()));
        own.is_some_and(|id| self.is_inside(&scopes.binding(id).name_range))
            && assignment.child_by_field_name("right").is_some_and(|right| self.is_quiet(right))
    }

    fn is_inside(&self, range: &Range<usize>) -> bool {
        covers(&self.function.byte_range(), range)
    }
}
