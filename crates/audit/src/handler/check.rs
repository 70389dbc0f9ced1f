//! Whether a handler refuses who must not call it: the session, a secret, a signature - and whether the answer is used.

use super::named::{demands, demands_role, is_mighty, judges_sender, makes_client};
use crate::component;
use crate::identity::{Reader, Strength, asks_for_session, auth_package};
use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::Node;
use syntax::view;

/// What a function checks.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks {
    /// It refuses without a session.
    pub(super) session: Option<Span>,
    /// It refuses without a role.
    pub(super) role: Option<Span>,
    /// It refuses without a shared secret or a signature.
    pub(super) secret: Option<Span>,
    /// The secret is compared with a variable that may be unset.
    pub(super) loose_secret: Option<Span>,
    /// The condition by which the secret is asked for only where a variable is set.
    pub(super) unset_secret: Option<Span>,
    /// It only looks whether something was sent: nobody verifies it.
    pub(super) unverified: Option<Span>,
    /// It asks who is there.
    pub(super) asks: Option<Span>,
    /// A function that it calls throws without a session, and nothing here catches that.
    thrown: bool,
    /// Its check of the secret or the signature throws, and nothing here catches that.
    thrown_secret: bool,
}

impl Checks {
    /// What another function that always runs before adds.
    pub(super) fn join(&mut self, other: Checks) {
        self.session = self.session.or(other.session);
        self.role = self.role.or(other.role);
        self.secret = self.secret.or(other.secret);
        self.loose_secret = self.loose_secret.or(other.loose_secret);
        self.unset_secret = self.unset_secret.or(other.unset_secret);
        self.unverified = self.unverified.or(other.unverified);
        self.asks = self.asks.or(other.asks);
    }
}

/// How many demands may stand upon each other.
const DEEPEST: u8 = 5;

/// The checks of the code at `function`, and of the functions that it calls first.
pub(super) fn of(project: &Project, function: Span) -> Checks {
    of_within(project, function, 0)
}

fn of_within(project: &Project, function: Span, depth: u8) -> Checks {
    let mut checks = Checks::default();
    let file = project.get(function.file);
    let Some(reader) = Reader::of(project, file) else { return checks };
    let Some(node) = reader.tree.node_at(function.range()) else { return checks };
    let judge = Judge { project, file, reader };
    view::walk(node, &mut |inner| {
        match inner.kind() {
            "if_statement" if judge.is_for_get(inner) => return false,
            "if_statement" => judge.branch(inner, &mut checks, depth),
            "call_expression" => judge.call(inner, &mut checks, depth),
            _ => {}
        }
        true
    });
    // `const requireAdmin = createMiddleware().server(…)`: a middleware that says that it demands a role, and refuses.
    let declared = node.child_by_field_name("name").filter(|_| node.kind() == "variable_declarator");
    if let Some(name) = declared
        && demands_role(judge.reader.tree.text(name))
        && throws(project, function)
    {
        checks.role.get_or_insert(file.span(name.byte_range()));
    }
    if let (Some(session), None) = (checks.session, checks.secret)
        && !super::verify::verifies(project, function)
    {
        // Something was sent along; nobody looked whether it is true.
        checks.unverified = Some(session);
        checks.session = None;
        checks.role = None;
    }
    checks
}

pub(super) struct Judge<'p> {
    pub(super) project: &'p Project,
    pub(super) file: &'p File,
    pub(super) reader: Reader<'p>,
}

impl<'p> Judge<'p> {
    fn branch(&self, statement: Node<'p>, checks: &mut Checks, depth: u8) {
        let (Some(condition), Some(consequence)) =
            (statement.child_by_field_name("condition"), statement.child_by_field_name("consequence"))
        else {
            return;
        };
        let span = self.file.span(condition.byte_range());
        let leaves = self.leaves(consequence);
        let refused_else =
            statement.child_by_field_name("alternative").is_some_and(|branch| self.leaves(branch));
        if leaves && self.compares_secret(condition) {
            checks.secret.get_or_insert(span);
            if self.may_be_unset(condition) {
                checks.loose_secret.get_or_insert(span);
            }
            checks.unset_secret = checks.unset_secret.or_else(|| self.left_out(condition));
            return;
        }
        let shown = || self.is_answer_of_secret(condition, depth) || self.is_unproven(condition);
        if leaves && (shown() || self.is_proven(condition)) {
            checks.secret.get_or_insert(span);
            return;
        }
        if leaves && (self.asks_role_of_row(condition) || self.asks_role_by_name(condition)) {
            checks.role.get_or_insert(span);
        }
        if leaves && self.asks_session_by_name(condition) {
            checks.session.get_or_insert(span);
        }
        // What stands in the address is no session.
        if self.is_of_address(condition) {
            return;
        }
        let says = if leaves { self.reader.missing(condition) } else { None };
        let says = says.or_else(|| if refused_else { self.reader.given(condition) } else { None });
        if let Some(says) = says {
            let strong = says.strength == Strength::Flow || self.refuses_plainly(consequence);
            if strong {
                checks.session.get_or_insert(span);
                if says.role.is_some() {
                    checks.role.get_or_insert(span);
                }
            }
            return;
        }
        // `const { user, error } = await requireUser(); if (error) return error;`
        if leaves && self.is_answer_of_check(condition, depth) {
            checks.session.get_or_insert(span);
        }
    }

    /// Whether a condition asks for a name that was read from the query of the address.
    fn is_of_address(&self, condition: Node<'p>) -> bool {
        let mut found = false;
        view::walk(condition, &mut |node| {
            found |= node.kind() == "identifier"
                && self.reader.scopes.binding_at(node.byte_range()).is_some_and(|id| {
                    let declared = self.reader.scopes.binding(id).range.clone();
                    self.reader
                        .tree
                        .source()
                        .get(declared)
                        .is_some_and(|text| text.contains("searchParams.get("))
                });
            !found
        });
        found
    }

    /// Whether a branch ends the handler.
    pub(super) fn leaves(&self, branch: Node<'p>) -> bool {
        let branch =
            if branch.kind() == "else_clause" { view::code_children(branch).next() } else { Some(branch) };
        let Some(branch) = branch else { return false };
        let last = if branch.kind() == "statement_block" {
            view::code_children(branch).last()
        } else {
            Some(branch)
        };
        let Some(last) = last else { return false };
        matches!(last.kind(), "return_statement" | "throw_statement")
            || ["redirect(", "notFound(", "unauthorized(", "forbidden(", "sendStatus(", ".status(40"]
                .iter()
                .any(|mark| self.reader.tree.text(last).contains(mark))
    }

    /// Whether a branch says that the caller may not: by status, by throwing, by its words.
    pub(super) fn refuses_plainly(&self, branch: Node<'p>) -> bool {
        let text = self.reader.tree.text(branch);
        let lower = text.to_ascii_lowercase();
        [
            "401",
            "403",
            "unauthor",
            "forbidden",
            "not signed",
            "not logged",
            "unauthenticated",
            "redirect(",
            "not authenticated",
        ]
        .iter()
        .any(|mark| lower.contains(mark))
    }

    /// A name that a call of a checking function gave: its error, its response.
    fn is_answer_of_check(&self, condition: Node<'p>, depth: u8) -> bool {
        let mut found = false;
        view::walk(condition, &mut |node| {
            if node.kind() == "identifier"
                && let Some(id) = self.reader.scopes.binding_at(node.byte_range())
                && let Some(declared) = self.reader.tree.node_at(self.reader.scopes.binding(id).range.clone())
                && declared.kind() == "variable_declarator"
                && let Some(value) = declared.child_by_field_name("value")
            {
                let text = self.reader.tree.text(value);
                let called = view::unwrapped(value);
                let called = if called.kind() == "await_expression" {
                    view::code_children(called).next()
                } else {
                    Some(called)
                };
                let name = called.and_then(view::callee).map_or("", |callee| self.reader.tree.text(callee));
                let checks = || {
                    let function = component::of(self.project, self.file, called.and_then(view::callee)?)?;
                    let inner = (depth < 2).then(|| of_within(self.project, function, depth + 1))?;
                    inner.session
                };
                let plain = !name.contains('.');
                found |= plain && crate::identity::names_visitor(name) && !is_mighty(name)
                    || asks_for_session(text)
                    || plain && checks().is_some();
            }
            !found
        });
        found
    }

    fn call(&self, call: Node<'p>, checks: &mut Checks, depth: u8) {
        let Some(callee) = view::callee(call) else { return };
        let name = self.reader.tree.text(callee);
        let last = name.rsplit('.').next().unwrap_or(name);
        let span = self.file.span(call.byte_range());
        if asks_for_session(name) && last != "bind" {
            checks.asks.get_or_insert(span);
        }
        if name.ends_with(".protect") && name.contains("auth") {
            checks.session.get_or_insert(span);
            return;
        }
        let signed = matches!(last, "constructEvent" | "constructEventAsync" | "timingSafeEqual")
            || judges_sender(last)
            || last == "unmarshal" && name.contains("webhooks")
            || (last == "verify"
                && (["webhook", "wh", "svix", "subtle", "receiver"]
                    .iter()
                    .any(|mark| name.to_ascii_lowercase().contains(mark))
                    || self.takes_signature(call)));
        if signed && !self.is_skipped_without(call) {
            checks.secret.get_or_insert(span);
            checks.thrown_secret |= self.refuses_by_throwing(callee) && !self.catches(call);
            let open = || self.left_out(call).or_else(|| self.answers_without(call));
            checks.unset_secret = checks.unset_secret.or_else(open);
            return;
        }
        // Whoever names a checkout that was paid has the right to what it paid for.
        let paid = ["payment_status", "fulfill"];
        if name.ends_with("sessions.retrieve")
            && paid.iter().any(|mark| self.reader.tree.source().contains(mark))
        {
            checks.secret.get_or_insert(span);
            return;
        }
        let member = callee.kind() == "member_expression";
        // One demand may stand upon another: `assertAdmin` on `requireRole` on `requireSession`.
        let followed = depth < 2 || depth < DEEPEST && demands(last);
        if !followed || !(member || callee.kind() == "identifier") {
            return;
        }
        match Graph::origin(self.project, self.file.id, callee.byte_range()) {
            Origin::Package(package, name) if !member && auth_package(&package) => {
                checks.asks.get_or_insert(span);
                if name.starts_with("require") || name.starts_with("with") {
                    checks.session.get_or_insert(span);
                }
            }
            Origin::Local(..) => {
                let Some(function) = component::of(self.project, self.file, callee) else { return };
                if self.file.span(call.byte_range()).file == function.file && function.covers(span) {
                    return;
                }
                let inner = of_within(self.project, function, depth + 1);
                // What makes a client asks for itself, and says nothing of who is there.
                checks.asks = checks.asks.or(inner.asks.filter(|_| !makes_client(last)).map(|_| span));
                // A helper that says in its name that it demands, asks who is there, and throws: how it decides is its own affair.
                if inner.asks.is_some() && demands(last) && throws(self.project, function) {
                    checks.thrown |= !self.catches(call);
                    checks.session = checks.session.or(Some(span));
                }
                // `const who = await authenticate(request); if (who instanceof Response) return who;`
                if demands(last) && self.hands_back_answer(call) {
                    let pass = if inner.session.is_some() { &mut checks.session } else { &mut checks.secret };
                    pass.get_or_insert(span);
                }
                // The same of a role: `await assertAdmin(context)`.
                let thrown = inner.thrown || throws(self.project, function);
                if demands_role(last) && thrown && !self.catches(call) {
                    checks.role.get_or_insert(span);
                }
                // `const refused = demand(request); if (refused) return refused;`, `return takeEvent(request);`; nobody passes a throw.
                let told = self.hands_back(call) || self.is_returned(call) || inner.thrown_secret;
                // `return forward(request)` is all that it does.
                if self.is_all(call) {
                    checks.session = checks.session.or(inner.session.map(|_| span));
                    checks.role = checks.role.or(inner.role.map(|_| span));
                    checks.unverified = checks.unverified.or(inner.unverified.map(|_| span));
                }
                if inner.secret.is_some() && told {
                    checks.secret.get_or_insert(span);
                    checks.loose_secret = checks.loose_secret.or(inner.loose_secret.map(|_| span));
                    checks.unset_secret = checks.unset_secret.or(inner.unset_secret);
                }
                // What a helper returns is for the caller to look at; what it throws, nobody passes.
                if thrown {
                    checks.thrown |= inner.session.is_some() && !self.catches(call);
                    checks.session = checks.session.or(inner.session.map(|_| span));
                    checks.role = checks.role.or(inner.role.map(|_| span));
                    checks.secret = checks.secret.or(inner.secret.map(|_| span));
                    checks.unset_secret = checks.unset_secret.or(inner.unset_secret);
                }
            }
            _ => {}
        }
    }

    /// Whether whoever leaves the signature out is believed without one:
    /// `if (secret && signature) event = constructEvent(…); else event = JSON.parse(body)`.
    fn is_skipped_without(&self, call: Node<'p>) -> bool {
        let mut at = call;
        while let Some(around) = at.parent().filter(|around| !component::is_function(*around)) {
            let field = |name: &str| around.child_by_field_name(name);
            if around.kind() == "if_statement"
                && field("consequence").is_some_and(|then| then == at)
                && let (Some(condition), Some(other)) = (field("condition"), field("alternative"))
            {
                let asked = self.reader.tree.text(condition).to_ascii_lowercase();
                let otherwise = self.reader.tree.text(other);
                return asked.contains("sig")
                    && !self.leaves(other)
                    && ["JSON.parse(", ".json()"].iter().any(|read| otherwise.contains(read));
            }
            at = around;
        }
        false
    }

    /// Whether a check of a signature throws where it fails: as the libraries' own do, and helpers that say so.
    fn refuses_by_throwing(&self, callee: Node<'p>) -> bool {
        let name = self.reader.tree.text(callee);
        let last = name.rsplit('.').next().unwrap_or(name);
        matches!(last, "constructEvent" | "constructEventAsync" | "unmarshal")
            || component::of(self.project, self.file, callee)
                .is_some_and(|helper| throws(self.project, helper))
    }

    /// Whether the answer of a call is the answer of the function around it.
    fn is_returned(&self, call: Node<'p>) -> bool {
        let around = view::wrapped(call).parent();
        let awaited = around.filter(|around| around.kind() == "await_expression");
        let inner = awaited.map_or_else(|| view::wrapped(call), view::wrapped);
        let around = awaited.map_or(around, |awaited| view::wrapped(awaited).parent());
        around.is_some_and(|around| {
            // `async (request) => takeEvent(request)`
            let whole =
                around.kind() == "arrow_function" && around.child_by_field_name("body") == Some(inner);
            whole || around.kind() == "return_statement"
        })
    }

    /// Whether the function around a call does nothing else than to return the answer of the call.
    fn is_all(&self, call: Node<'p>) -> bool {
        let body = view::enclosing_function(call).and_then(|function| function.child_by_field_name("body"));
        let alone =
            |body: Node<'p>| body.kind() != "statement_block" || view::code_children(body).count() == 1;
        self.is_returned(call) && body.is_some_and(alone)
    }

    /// Whether the function around a call returns the answer of the call where there is one.
    fn hands_back(&self, call: Node<'p>) -> bool {
        self.held(call).is_some_and(|(name, text)| text.contains(&format!("if({name})return{name}")))
    }

    /// Whether the function around a call returns the answer of the call where that is one to the caller.
    fn hands_back_answer(&self, call: Node<'p>) -> bool {
        let Some((name, text)) = self.held(call) else { return false };
        ["NextResponse", "Response"]
            .iter()
            .any(|kind| text.contains(&format!("if({name}instanceof{kind})return{name}")))
    }

    /// The name of the constant that holds the answer of a call, and the function around it without its blanks and braces.
    fn held(&self, call: Node<'p>) -> Option<(&'p str, String)> {
        let held = view::wrapped(call).parent().map(|parent| match parent.kind() {
            "await_expression" => view::wrapped(parent).parent().unwrap_or(parent),
            _ => parent,
        });
        let name = held
            .filter(|held| held.kind() == "variable_declarator")
            .and_then(|held| held.child_by_field_name("name"))?;
        let text = self.reader.tree.text(view::enclosing_function(call)?);
        let text = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '{').collect();
        Some((self.reader.tree.text(name), text))
    }

    /// Whether the code around a call catches what it throws, and goes on.
    fn catches(&self, call: Node<'p>) -> bool {
        let mut inner = call;
        while let Some(around) = inner.parent().filter(|around| !component::is_function(*around)) {
            let tried = around.kind() == "try_statement" && around.child_by_field_name("body") == Some(inner);
            let caught = || around.child_by_field_name("handler")?.child_by_field_name("body");
            if tried && caught().is_some_and(|caught| !self.leaves(caught)) {
                return true;
            }
            inner = around;
        }
        false
    }
}

/// Whether a function throws, or sends on: whoever calls it need not look at its answer.
fn throws(project: &Project, function: Span) -> bool {
    let file = project.get(function.file);
    let text = file.text.get(function.range()).unwrap_or_default();
    let has = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    if has(&["redirect(", "notFound(", "unauthorized()", "forbidden()", "next("]) {
        return true;
    }
    let whole = file.syntax().and_then(|(tree, _)| Some((tree, tree.node_at(function.range())?)));
    let Some((tree, node)) = whole.filter(|_| has(&["throw "])) else { return false };
    let mut found = false;
    view::walk(node, &mut |inner| {
        found |= inner.kind() == "throw_statement" && !is_swallowed(tree, inner);
        !found
    });
    found
}

/// Whether what is thrown is caught around it, and nothing of it thrown on.
fn is_swallowed(tree: &syntax::Tree, thrown: Node<'_>) -> bool {
    let mut inner = thrown;
    while let Some(around) = inner.parent().filter(|around| !component::is_function(*around)) {
        let tried = around.kind() == "try_statement" && around.child_by_field_name("body") == Some(inner);
        let caught = around.child_by_field_name("handler").filter(|_| tried);
        if caught.is_some_and(|caught| !tree.text(caught).contains("throw ")) {
            return true;
        }
        inner = around;
    }
    false
}
