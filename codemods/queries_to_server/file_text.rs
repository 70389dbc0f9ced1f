//! Writes that carry a file as text: what a page reads of a file (`readAsDataURL`, `toDataURL`) is followed from name to name, by
//! whatever holds it, to what the write sends. Where it goes out of sight, every write of the file may carry it.

use audit::Survey;
use audit::query::Query;
use project::File;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::scope::{BindingId, Scopes};
use syntax::view::{arguments, callee, code_children, unwrapped, walk};

/// What takes a text without keeping it where a write would find it.
const PASSING: &[&str] = &[
    "toast",
    "alert",
    "resolve",
    "reject",
    "fetch",
    "String",
    "Boolean",
    "atob",
    "eq",
    "from",
    "insert",
    "update",
    "upsert",
    "rpc",
    "invoke",
    "upload",
    "stringify",
    "parse",
    "log",
    "error",
    "warn",
    "success",
    "useState",
    "useEffect",
    "useMemo",
    "useCallback",
    "cn",
    "clsx",
];

/// What adds a text to what it is called on.
const ADDING: &[&str] = &["push", "unshift", "append", "set"];

/// Whether a write may carry a file as text.
pub(super) fn carries(survey: &Survey<'_>, query: &Query) -> bool {
    let file = survey.project.get(query.span.file);
    if query.operation == "select"
        || !["readAsDataURL(", ".toDataURL("].iter().any(|mark| file.text.contains(mark))
    {
        return false;
    }
    let Some((tree, scopes)) = file.syntax() else { return true };
    let mut trail = Trail { file, tree, scopes, holders: BTreeSet::new(), lost: false };
    trail.follow();
    let writes = |name: &str| matches!(name, "insert" | "update" | "upsert" | "rpc" | "invoke");
    let sent = query.steps.iter().filter(|step| writes(&step.name)).flat_map(|step| &step.arguments);
    let mut sent = sent.map(|span| tree.node_at(span.range()));
    trail.lost || sent.any(|node| node.is_none_or(|node| trail.holds(node)))
}

/// The names that hold what was read of a file.
struct Trail<'p> {
    file: &'p File,
    tree: &'p Tree,
    scopes: &'p Scopes,
    holders: BTreeSet<BindingId>,
    /// Something took it that is not followed.
    lost: bool,
}

impl<'p> Trail<'p> {
    fn follow(&mut self) {
        loop {
            let known = self.holders.len();
            let mut nodes = Vec::new();
            walk(self.tree.root(), &mut |node| {
                nodes.push(node);
                true
            });
            for node in nodes {
                self.step(node);
            }
            if self.lost || self.holders.len() == known {
                return;
            }
        }
    }

    /// What one node hands on.
    fn step(&mut self, node: Node<'p>) {
        let part = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "variable_declarator" => self.give(part("name"), part("value")),
            "function_declaration" => self.give(part("name"), Some(node)),
            "assignment_expression" | "augmented_assignment_expression" => {
                self.give(part("left").map(root), part("right"));
            }
            "for_in_statement" => self.give(part("left"), part("right")),
            "call_expression" => self.call(node),
            _ => {}
        }
    }

    fn call(&mut self, call: Node<'p>) {
        let Some(callee) = callee(call).map(unwrapped) else { return };
        let given = arguments(call);
        let functions = || given.iter().copied().map(unwrapped).filter(|given| is_function(*given));
        // `read(file).then((text) => ...)`
        if self.holds(callee) {
            for function in functions().collect::<Vec<_>>() {
                self.take(parameters(function));
            }
        }
        let state = self.state(callee);
        let held = |node: &Node<'p>| (state.is_some() || !is_function(unwrapped(*node))) && self.holds(*node);
        if !given.iter().any(held) {
            return;
        }
        let name = self.tree.text(callee.child_by_field_name("property").unwrap_or(callee));
        match (state, self.function(callee)) {
            (Some(state), _) => self.take(Some(state)),
            (None, Some(function)) => self.take(parameters(function)),
            (None, None) if ADDING.contains(&name) => self.take(Some(root(callee))),
            (None, None) => self.lost |= !PASSING.contains(&name),
        }
    }

    /// The state that a function sets: `const [state, setState] = useState()`.
    fn state(&self, setter: Node<'p>) -> Option<Node<'p>> {
        let pair = self.declaration(setter)?.child_by_field_name("name")?;
        let mut parts = code_children(pair).filter(|_| pair.kind() == "array_pattern");
        let (state, set) = (parts.next()?, parts.next()?);
        (self.tree.text(set) == self.tree.text(setter)).then_some(state)
    }

    /// The function of this file that a name is.
    fn function(&self, name: Node<'p>) -> Option<Node<'p>> {
        let declaration = self.declaration(name)?;
        match declaration.kind() {
            "function_declaration" => Some(declaration),
            _ => declaration.child_by_field_name("value").map(unwrapped).filter(|value| is_function(*value)),
        }
    }

    fn declaration(&self, name: Node<'p>) -> Option<Node<'p>> {
        let id = self.scopes.binding_at(name.byte_range()).filter(|_| name.kind() == "identifier")?;
        let node = self.tree.node_at(self.scopes.binding(id).range.clone())?;
        matches!(node.kind(), "variable_declarator" | "function_declaration").then_some(node)
    }

    fn give(&mut self, to: Option<Node<'p>>, value: Option<Node<'p>>) {
        if value.is_some_and(|value| self.gives(value)) {
            self.take(to);
        }
    }

    /// Whether an expression holds it; a function does where it returns it.
    fn gives(&self, value: Node<'p>) -> bool {
        let value = unwrapped(value);
        let memoized = callee(value).is_some_and(|callee| self.tree.text(callee).ends_with("useCallback"));
        if memoized && let Some(function) = arguments(value).first() {
            return self.gives(*function);
        }
        let Some(body) = value.child_by_field_name("body").filter(|_| is_function(value)) else {
            return self.holds(value);
        };
        if body.kind() != "statement_block" {
            return self.holds(body);
        }
        let mut found = false;
        walk(body, &mut |node| {
            found |= node.kind() == "return_statement" && self.holds(node);
            !found
        });
        found
    }

    /// Every name of a pattern holds it; `error` of an answer does not.
    fn take(&mut self, pattern: Option<Node<'p>>) {
        let Some(pattern) = pattern else { return };
        let mut names = Vec::new();
        walk(pattern, &mut |node| {
            names.push(node);
            !(node.kind() == "pair_pattern" && self.tree.text(node).starts_with("error"))
        });
        let names = names.into_iter().filter(|node| is_name(*node) && self.tree.text(*node) != "error");
        let ids: Vec<_> = names.filter_map(|name| self.scopes.binding_at(name.byte_range())).collect();
        self.holders.extend(ids);
    }

    /// Whether what was read stands somewhere in an expression.
    fn holds(&self, node: Node<'p>) -> bool {
        let mut found = false;
        walk(node, &mut |node| {
            found |= match node.kind() {
                "member_expression" => {
                    node.child_by_field_name("property").is_some_and(|name| self.tree.text(name) == "result")
                }
                "call_expression" => self.draws(node),
                _ => {
                    is_name(node)
                        && self
                            .scopes
                            .binding_at(node.byte_range())
                            .is_some_and(|id| self.holders.contains(&id))
                }
            };
            !found
        });
        found
    }

    /// Whether a call gives a picture as text. Those of a code to scan are small.
    fn draws(&self, call: Node<'p>) -> bool {
        let Some(callee) = callee(call) else { return false };
        let part = |name: &str| callee.child_by_field_name(name).map(|node| self.tree.text(node));
        let of_code = |name: &str| {
            self.file.module.imports.iter().any(|import| {
                let whole = |imported: &Imported| matches!(imported, Imported::Default | Imported::Namespace);
                import.specifier == "qrcode"
                    && import.names.iter().any(|one| one.local == name && whole(&one.imported))
            })
        };
        part("property") == Some("toDataURL") && !part("object").is_some_and(of_code)
    }
}

/// The name that a member is asked of.
fn root(node: Node<'_>) -> Node<'_> {
    std::iter::successors(Some(node), |node| node.child_by_field_name("object")).last().unwrap_or(node)
}

fn is_name(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "identifier" | "shorthand_property_identifier" | "shorthand_property_identifier_pattern"
    )
}

fn is_function(node: Node<'_>) -> bool {
    matches!(node.kind(), "arrow_function" | "function_expression" | "function_declaration")
}

fn parameters(function: Node<'_>) -> Option<Node<'_>> {
    function.child_by_field_name("parameters").or_else(|| function.child_by_field_name("parameter"))
}
