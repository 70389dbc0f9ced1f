//! Gates: the places in a function that let a visitor pass or not.

use super::refusal::{Refusal, Refusals};
use crate::component;
use crate::identity::{Reader, Says, Strength, sign_in_like};
use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::scope::Declared;
use syntax::view;
use syntax::{Node, Tree};

/// One gate.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    /// The condition.
    pub(crate) span: Span,
    pub(crate) says: Says,
    pub(crate) refusal: Refusal,
    /// It stands in an effect: the page is drawn first.
    pub(crate) in_effect: bool,
    /// The condition never changes, or is a promise: nobody is ever refused.
    pub(crate) never_refuses: bool,
}

/// The gates of a function, those in its effects and in the functions that these call among them.
pub(crate) fn of(project: &Project, function: Span) -> Vec<Gate> {
    let file = project.get(function.file);
    let Some(reader) = Reader::of(project, file) else { return Vec::new() };
    let Some(node) = reader.tree.node_at(function.range()).filter(|node| component::is_function(*node))
    else {
        return Vec::new();
    };
    let finder = Finder { refusals: Refusals { project, file, tree: reader.tree }, reader, function: node };
    let Some(body) = node.child_by_field_name("body") else { return Vec::new() };
    let mut gates = Vec::new();
    finder.region(body, false, &mut gates, 0);
    gates.retain(|gate| {
        let condition = finder.reader.tree.node_at(gate.span.range());
        !condition.is_some_and(|condition| hangs_on_data(finder.reader.tree, condition))
    });
    gates
}

/// What conditions ask beside the session without letting a visitor stay: whether it is known yet, and where the visitor is.
const STATE: &[&str] = &[
    "load", "ready", "init", "pending", "status", "mounted", "hydrat", "check", "fetch", "auth", "session",
    "user", "visitor", "member", "path", "location", "router", "route", "window", "current", "log", "sign",
    "token", "profile", "claims", "error",
];

/// `!recipe.published && !user`: what is shown decides, so visitors without a session may stay.
fn hangs_on_data(tree: &Tree, condition: Node<'_>) -> bool {
    let condition = view::unwrapped(condition);
    if condition.child_by_field_name("operator").is_none_or(|operator| operator.kind() != "&&") {
        return false;
    }
    let sides = ["left", "right"].map(|side| condition.child_by_field_name(side).map(view::unwrapped));
    let is_data = |side: &Node<'_>| {
        let denied =
            (side.kind() == "unary_expression").then(|| side.child_by_field_name("argument")).flatten();
        let asked = denied.map_or(*side, view::unwrapped);
        let text = tree.text(asked).to_lowercase();
        asked.kind() == "member_expression"
            && !text.contains('(')
            && !STATE.iter().any(|word| text.contains(word))
    };
    sides.iter().flatten().any(|side| is_data(side) || hangs_on_data(tree, *side))
}

/// Whether a function hands on what it is given: children, an outlet, the component that it wraps.
pub(crate) fn passes_on(file: &File, function: Span) -> bool {
    let text = file.text.get(function.range()).unwrap_or_default();
    ["children", "<Outlet", "Outlet />", "<Component", "<WrappedComponent", "{...rest}"]
        .iter()
        .any(|mark| text.contains(mark))
}

/// Whether a condition only chooses where everybody is sent on to: there is no page behind it.
pub(crate) fn only_sends(file: &File, condition: Span) -> bool {
    let Some((tree, _)) = file.syntax() else { return false };
    let mut at = tree.node_at(condition.range());
    while let Some(node) = at.filter(|node| !component::is_function(*node)) {
        if node.kind() == "ternary_expression" {
            let sends = |name: &str| {
                let branch = node.child_by_field_name(name).map(view::unwrapped);
                branch.is_some_and(|branch| tree.text(branch).starts_with("<Navigate"))
            };
            return sends("consequence") && sends("alternative");
        }
        at = node.parent();
    }
    false
}

/// Whether the whole result of a function is what it is given: `<>{children}</>`, `children`, `<Outlet />`.
pub(crate) fn hands_on_all(file: &File, function: Span) -> bool {
    let Some((tree, _)) = file.syntax() else { return false };
    let Some(node) = tree.node_at(function.range()) else { return false };
    let Some(body) = node.child_by_field_name("body") else { return false };
    let mut results = Vec::new();
    if body.kind() == "statement_block" {
        view::walk(body, &mut |inner| {
            if inner.kind() == "return_statement" {
                results.push(view::code_children(inner).next());
            }
            !component::is_function(inner)
        });
    } else {
        results.push(Some(body));
    }
    let bare = |node: Option<Node<'_>>| {
        let text: String =
            node.map_or("", |node| tree.text(node)).chars().filter(|c| !c.is_whitespace()).collect();
        let text = text.trim_matches(['(', ')', ';']);
        matches!(
            text,
            "children"
                | "props.children"
                | "<>{children}</>"
                | "<>{props.children}</>"
                | "<Outlet/>"
                | "children??<Outlet/>"
                | "<>{children??<Outlet/>}</>"
                | "<React.Fragment>{children}</React.Fragment>"
                | "<Fragment>{children}</Fragment>"
        )
    };
    !results.is_empty() && results.into_iter().all(bare)
}

struct Finder<'p> {
    reader: Reader<'p>,
    refusals: Refusals<'p>,
    function: Node<'p>,
}

impl<'p> Finder<'p> {
    /// The gates between `node`'s ends, nested functions left out but for effects and what they call.
    fn region(&self, node: Node<'p>, in_effect: bool, gates: &mut Vec<Gate>, depth: usize) {
        let mut effects = Vec::new();
        view::walk(node, &mut |inner| {
            if component::is_function(inner) && inner != node {
                // Inside an effect, callbacks and helpers run with it.
                return in_effect;
            }
            match inner.kind() {
                "if_statement" => self.branch(inner, in_effect, gates),
                "ternary_expression" => self.ternary(inner, in_effect, gates),
                "binary_expression" => self.short(inner, in_effect, gates),
                "call_expression" if self.is_effect(inner) => {
                    effects.extend(view::arguments(inner).first().copied());
                    return false;
                }
                _ => {}
            }
            true
        });
        if depth > 1 {
            return;
        }
        for effect in effects {
            let effect = view::unwrapped(effect);
            if let Some(body) = effect.child_by_field_name("body") {
                self.region(body, true, gates, depth + 1);
                self.called(body, gates, depth + 1);
            } else {
                // `useEffect(check, [])`
                self.local_function(effect, gates, depth + 1);
            }
        }
    }

    fn is_effect(&self, call: Node<'p>) -> bool {
        let callee = view::callee(call).map_or("", |callee| self.reader.tree.text(callee));
        matches!(
            callee.rsplit('.').next().unwrap_or(callee),
            "useEffect" | "useLayoutEffect" | "useFocusEffect" | "onAuthStateChange" | "onAuthStateChanged"
        )
    }

    /// The functions of this file that an effect calls.
    fn called(&self, body: Node<'p>, gates: &mut Vec<Gate>, depth: usize) {
        view::walk(body, &mut |node| {
            if node.kind() == "call_expression"
                && let Some(callee) = view::callee(node)
                && callee.kind() == "identifier"
            {
                self.local_function(callee, gates, depth);
            }
            true
        });
    }

    fn local_function(&self, name: Node<'p>, gates: &mut Vec<Gate>, depth: usize) {
        let Some(id) = self.reader.scopes.binding_at(name.byte_range()) else { return };
        let binding = self.reader.scopes.binding(id);
        // Those inside the effect were read with it.
        let own = self.function.byte_range();
        if !own.contains(&binding.range.start) || binding.range.contains(&name.start_byte()) {
            return;
        }
        let Some(declared) = self.reader.tree.node_at(binding.range.clone()) else { return };
        let value = declared.child_by_field_name("value").unwrap_or(declared);
        let mut value = view::unwrapped(value);
        if value.kind() == "call_expression" {
            // `useCallback(async () => …, [])`
            let Some(inner) = view::arguments(value).first().copied() else { return };
            value = inner;
        }
        if component::is_function(value)
            && let Some(body) = value.child_by_field_name("body")
        {
            self.region(body, true, gates, depth + 1);
        }
    }

    fn branch(&self, statement: Node<'p>, in_effect: bool, gates: &mut Vec<Gate>) {
        let Some(condition) = statement.child_by_field_name("condition") else { return };
        let consequence = statement.child_by_field_name("consequence");
        let alternative = statement.child_by_field_name("alternative");
        if let Some(says) = self.reader.missing(condition)
            && let Some(refusal) = consequence.and_then(|branch| self.refusal(branch, in_effect))
        {
            self.push(condition, says, refusal, in_effect, gates);
            return;
        }
        if let Some(says) = self.reader.given(condition) {
            // Sending everyone on, each to their place, is a crossroads and no gate.
            let crossroads = consequence.is_some_and(|branch| self.refusals.sent(branch).is_some());
            if crossroads {
                return;
            }
            if let Some(refusal) = alternative.and_then(|branch| self.refusal(branch, in_effect)) {
                self.push(condition, says, refusal, in_effect, gates);
                return;
            }
            // `if (user) return page; return <Navigate />`
            if consequence.is_some_and(|branch| self.leaves(branch)) {
                let mut next = statement.next_named_sibling();
                while let Some(following) = next {
                    if let Some(refusal) = self.refusals.sent(following) {
                        self.push(condition, says, refusal, in_effect, gates);
                        return;
                    }
                    next = following.next_named_sibling();
                }
            }
            return;
        }
        // A constant: nobody is refused, or everybody. A promise that nobody awaits is always true.
        let promised = || self.truth_of_promise(condition);
        if let Some(value) = self.constant(condition, 0).or_else(promised) {
            let refused = if value { alternative } else { consequence };
            if let Some(refusal) = refused.and_then(|branch| self.refusals.sent(branch)) {
                self.push(condition, never(), refusal, in_effect, gates);
            }
        }
    }

    fn ternary(&self, node: Node<'p>, in_effect: bool, gates: &mut Vec<Gate>) {
        let (Some(condition), Some(consequence), Some(alternative)) = (
            node.child_by_field_name("condition"),
            node.child_by_field_name("consequence"),
            node.child_by_field_name("alternative"),
        ) else {
            return;
        };
        let refused = if let Some(says) = self.reader.given(condition) {
            Some((says, alternative))
        } else if let Some(says) = self.reader.missing(condition) {
            Some((says, consequence))
        } else {
            self.constant(condition, 0).map(|value| (never(), if value { alternative } else { consequence }))
        };
        let Some((says, branch)) = refused else { return };
        // Only what the function returns as a whole may be blank: a part of the page that is not shown is no gate.
        let refusal = self
            .refusals
            .sent(branch)
            .or_else(|| (!in_effect && self.is_result(node)).then(|| self.refusal(branch, false)).flatten());
        if let Some(refusal) = refusal {
            self.push(condition, says, refusal, in_effect, gates);
        }
    }

    /// `!user && navigate("/login")`, and `return user && <Page />`.
    fn short(&self, node: Node<'p>, in_effect: bool, gates: &mut Vec<Gate>) {
        let operator =
            node.child_by_field_name("operator").map_or("", |operator| self.reader.tree.text(operator));
        let (Some(left), Some(right)) = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        else {
            return;
        };
        let statement = node.parent().is_some_and(|parent| {
            matches!(parent.kind(), "expression_statement" | "jsx_expression" | "arrow_function")
        });
        match operator {
            "&&" if statement => {
                if let (Some(says), Some(refusal)) = (self.reader.missing(left), self.refusals.sent(right)) {
                    self.push(left, says, refusal, in_effect, gates);
                }
            }
            "||" if statement => {
                if let (Some(says), Some(refusal)) = (self.reader.given(left), self.refusals.sent(right)) {
                    self.push(left, says, refusal, in_effect, gates);
                }
            }
            _ => {}
        }
        if operator == "&&"
            && !in_effect
            && self.is_result(node)
            && self.passes(right)
            && let Some(says) = self.reader.given(left)
        {
            self.push(left, says, Refusal::default(), in_effect, gates);
        }
    }

    /// Whether a branch refuses. In an effect only sending on counts: leaving an effect early stops nobody.
    fn refusal(&self, branch: Node<'p>, in_effect: bool) -> Option<Refusal> {
        if in_effect {
            return self.refusals.sent(branch);
        }
        self.refusals.of(branch, &|node| self.passes(node))
    }

    fn passes(&self, node: Node<'p>) -> bool {
        let text = self.reader.tree.text(node);
        ["children", "Outlet", "<Component", "Routes"].iter().any(|mark| text.contains(mark))
    }

    /// Whether `node` is all that the function gives back: returned, or the body of an arrow, fragments around it at most.
    fn is_result(&self, node: Node<'p>) -> bool {
        let mut around = view::wrapped(node).parent();
        while let Some(parent) = around {
            match parent.kind() {
                "return_statement" => return view::enclosing_function(parent) == Some(self.function),
                "arrow_function" => return parent == self.function,
                "parenthesized_expression" | "jsx_expression" => around = parent.parent(),
                "jsx_element" if view::jsx_name(self.reader.tree, parent).is_none() => {
                    around = parent.parent()
                }
                _ => return false,
            }
        }
        false
    }

    fn leaves(&self, branch: Node<'p>) -> bool {
        let last = match branch.kind() {
            "statement_block" => view::code_children(branch).last(),
            _ => Some(branch),
        };
        last.is_some_and(|last| last.kind() == "return_statement")
    }

    fn push(
        &self,
        condition: Node<'p>,
        says: Says,
        refusal: Refusal,
        in_effect: bool,
        gates: &mut Vec<Gate>,
    ) {
        let never_refuses = self.constant(condition, 0).is_some() || self.is_promise(condition);
        // A name alone says little: where it sends must say the rest.
        let believed = says.strength == Strength::Flow
            || never_refuses
            || (refusal.sends && refusal.to.as_deref().is_none_or(sign_in_like));
        if believed {
            let span = self.reader.file.span(condition.byte_range());
            if !gates.iter().any(|gate| gate.span == span) {
                gates.push(Gate { span, says, refusal, in_effect, never_refuses });
            }
        }
    }

    /// The truth of a condition that never changes: `true`, `const ok = true`, `!ok`, a state that is never set.
    fn constant(&self, node: Node<'p>, depth: usize) -> Option<bool> {
        if depth > 4 {
            return None;
        }
        let node = view::unwrapped(node);
        match node.kind() {
            "true" => Some(true),
            "false" => Some(false),
            "unary_expression" => {
                let operator =
                    node.child_by_field_name("operator").map(|operator| self.reader.tree.text(operator));
                let inner = self.constant(node.child_by_field_name("argument")?, depth + 1)?;
                (operator == Some("!")).then_some(!inner)
            }
            "identifier" => {
                let binding = self.reader.scopes.binding(self.reader.scopes.binding_at(node.byte_range())?);
                if binding.declared != Declared::Const {
                    return None;
                }
                let declarator = self.reader.tree.node_at(binding.range.clone())?;
                let pattern = declarator.child_by_field_name("name")?;
                let value = view::unwrapped(declarator.child_by_field_name("value")?);
                if pattern.kind() == "identifier" {
                    return self.constant(value, depth + 1);
                }
                // `const [allowed] = useState(true)`
                let alone = pattern.kind() == "array_pattern" && view::code_children(pattern).count() == 1;
                let state = view::callee(value).map(|callee| self.reader.tree.text(callee));
                (alone && matches!(state, Some("useState" | "React.useState")))
                    .then(|| self.constant(*view::arguments(value).first()?, depth + 1))?
            }
            _ => None,
        }
    }

    /// Whether a condition is a call of an async function of the project without `await`: a promise is always true.
    fn is_promise(&self, condition: Node<'p>) -> bool {
        let mut node = view::unwrapped(condition);
        while node.kind() == "unary_expression" {
            let Some(inner) = node.child_by_field_name("argument") else { return false };
            node = view::unwrapped(inner);
        }
        if node.kind() == "identifier" {
            let Some(id) = self.reader.scopes.binding_at(node.byte_range()) else { return false };
            let binding = self.reader.scopes.binding(id);
            let declared = self.reader.tree.node_at(binding.range.clone());
            let value = declared
                .filter(|declared| {
                    declared.child_by_field_name("name").is_some_and(|name| name.kind() == "identifier")
                })
                .and_then(|declared| declared.child_by_field_name("value"));
            match value {
                Some(value) => node = view::unwrapped(value),
                None => return false,
            }
        }
        node.kind() == "call_expression" && view::callee(node).is_some_and(|callee| self.is_async(callee))
    }

    /// The truth of `ok` or `!ok` where `ok` is always true.
    fn truth_of_promise(&self, condition: Node<'p>) -> Option<bool> {
        self.is_promise(condition).then(|| view::unwrapped(condition).kind() != "unary_expression")
    }

    fn is_async(&self, callee: Node<'p>) -> bool {
        match Graph::origin(self.reader.project, self.reader.file.id, callee.byte_range()) {
            Origin::Local(file, range) => {
                let file = self.reader.project.get(file);
                let function = file.syntax().and_then(|(tree, _)| {
                    let declaration = tree.node_at(range)?.parent()?;
                    let function = declaration.child_by_field_name("value").unwrap_or(declaration);
                    component::is_function(function).then(|| tree.text(function).starts_with("async"))
                });
                function == Some(true)
            }
            _ => false,
        }
    }
}

fn never() -> Says {
    Says { role: None, strength: Strength::Flow }
}
