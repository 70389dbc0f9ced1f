//! Functions of the app's own server that answer anyone and that only pages behind the sign-in call: they ask for the session first.

use crate::env_contract::contract;
use crate::server::SESSIONS;
use audit::guard::{Enforced, Flaw, Guard, Kind as GuardKind, Proof};
use audit::handler::{Auth, Handler, Kind, What};
use audit::{Finding, Survey};
use edit::{Edit, FileId, RelPath};
use plan::{Change, Request, Safety};
use project::File;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::module::{ImportKind, Imported};
use syntax::scope::BindingId;
use syntax::view::walk;

/// The middleware that refuses without a session, in the module of the session's folder.
const CHECK: &str = "requireSupabaseAuth";
const MODULE: &str = "auth-middleware.ts";

/// The one change, where the app keeps its sessions on its own server.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let module = module(survey).filter(|_| crate::server::lands(survey))?;
    let title = "Let only signed-in visitors call functions that only pages behind the sign-in call";
    let mut change = Change::new(super::ID, title, Safety::Review);
    change.needs.push(SESSIONS.to_owned());
    for (at, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.rule == super::OPEN.id) {
        // A finding tells of all open handlers of a file: it is resolved with the last of them.
        let spans: BTreeSet<_> =
            finding.related.iter().map(|related| related.span).chain([finding.span]).collect();
        let handlers: Vec<&Handler> =
            survey.handlers.iter().filter(|handler| spans.contains(&handler.span)).collect();
        let edits: Option<Vec<Edit>> = handlers.iter().map(|handler| checked(survey, handler)).collect();
        let Some(edits) = edits.filter(|edits| !edits.is_empty()) else { continue };
        change.edits.extend(edits);
        change.fixes.push(at);
        change.requests.extend(handlers.iter().map(|handler| Request::Import {
            file: handler.span.file,
            from: contract::specifier(survey, handler.span.file, &module),
            name: Imported::Named(CHECK.to_owned()),
            local: CHECK.to_owned(),
            type_only: false,
        }));
    }
    change.edits.dedup();
    (!change.fixes.is_empty()).then_some(change)
}

/// The module of the check.
fn module(survey: &Survey<'_>) -> Option<RelPath> {
    let app = survey.project.apps.first()?;
    let folder = survey.stack.server.filter(|server| server.is_within())?.session_folder()?;
    stack::server::in_app(app, &format!("{folder}/{MODULE}"))
}

/// The check in front of a function; `None` where it is not certain that nobody else calls it.
fn checked(survey: &Survey<'_>, handler: &Handler) -> Option<Edit> {
    // With a session the next question would be whose row it is: that is for people.
    let asks_more = handler.taken.iter().any(|taken| matches!(taken.what, What::Identity | What::Role));
    let simple = handler.kind == Kind::ServerFunction && handler.auth == Auth::None && !asks_more;
    if !simple || !only_behind_sign_in(survey, handler) {
        return None;
    }
    let file = survey.project.get(handler.span.file);
    let (tree, _) = file.syntax()?;
    let named = tree.node_at(handler.span.range())?;
    let maker = made_by(file, named)?;
    let statement = syntax::view::enclosing_statement(maker);
    if !tree.sound(statement) || tree.text(statement).contains(".middleware(") {
        return None;
    }
    // On a line of its own, where the chain is written so.
    let rest = &file.text[maker.end_byte()..];
    let blank = &rest[..rest.len() - rest.trim_start().len()];
    let line = if blank.contains('\n') { blank } else { "" };
    let end = maker.end_byte();
    Some(Edit::replace(file.span(end..end), format!("{line}.middleware([{CHECK}])")))
}

/// The call that begins the chain which makes the function.
fn made_by<'t>(file: &'t File, named: Node<'t>) -> Option<Node<'t>> {
    let (tree, _) = file.syntax()?;
    let statement = syntax::view::enclosing_statement(named);
    let mut makers = Vec::new();
    walk(statement, &mut |node| {
        let callee = node.child_by_field_name("function").filter(|_| node.kind() == "call_expression");
        if callee.is_some_and(|callee| tree.text(callee) == "createServerFn") {
            makers.push(node);
        }
        true
    });
    match makers.as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Whether some code calls the function, and all of it belongs to pages behind a guard that asks for the backend's session.
fn only_behind_sign_in(survey: &Survey<'_>, handler: &Handler) -> bool {
    let project = survey.project;
    let file = project.get(handler.span.file);
    let Some((_, scopes)) = file.syntax() else { return false };
    let own = scopes.bindings.iter().position(|binding| binding.top_level && binding.name == handler.name);
    let Some(own) = own.map(|at| BindingId(at as u32)) else { return false };
    if scopes.references_of(own).next().is_some() {
        return false;
    }
    let mut callers = BTreeSet::new();
    for importer in project.graph.importers[file.id.0 as usize].iter().map(|id| project.get(*id)) {
        if survey.stack.side_reasons[importer.id.0 as usize] == "a test" {
            continue;
        }
        let links = project.graph.links[importer.id.0 as usize].iter().filter(|link| link.target == file.id);
        for import in links.map(|link| &importer.module.imports[link.import]) {
            if import.type_only {
                continue;
            }
            let plain = import.kind == ImportKind::Static
                && import.names.iter().all(|name| matches!(&name.imported, Imported::Named(_)));
            if !plain {
                return false;
            }
            let names = |name: &Imported| matches!(name, Imported::Named(name) if *name == handler.name);
            if import.names.iter().any(|name| names(&name.imported)) {
                callers.insert(importer.id);
            }
        }
    }
    !callers.is_empty() && callers.iter().all(|caller| behind_sign_in(survey, *caller, &mut BTreeSet::new()))
}

/// Whether everything that brings a module to visitors is a page behind such a guard, or the guard itself.
fn behind_sign_in(survey: &Survey<'_>, file: FileId, seen: &mut BTreeSet<FileId>) -> bool {
    if !seen.insert(file) {
        return true;
    }
    let is_page = |file: FileId| survey.routes.iter().any(|route| route.page == Some(file));
    if is_page(file) {
        return survey
            .routes
            .iter()
            .filter(|route| route.page == Some(file))
            .all(|route| route.guards.iter().filter_map(|at| survey.guards.get(*at)).any(asks_for_session));
    }
    // What stands around the pages of a guard is drawn for those whom it lets in.
    let guards = |guard: &Guard| {
        asks_for_session(guard) && guard.kind == GuardKind::BeforeLoad && guard.span.file == file
    };
    if survey.guards.iter().any(guards) {
        return true;
    }
    let links = |from: FileId| survey.project.graph.links[from.0 as usize].iter();
    // The table of all pages brings none of them to anybody by itself.
    let mut above = survey.project.graph.importers[file.0 as usize]
        .iter()
        .copied()
        .filter(|importer| survey.stack.side_reasons[importer.0 as usize] != "a test")
        .filter(|importer| links(*importer).filter(|link| is_page(link.target)).count() < 2)
        .peekable();
    above.peek().is_some() && above.all(|importer| behind_sign_in(survey, importer, seen))
}

/// Whether a guard sends on whoever has no session of the backend. One that waits for the browser runs on the server from now on.
fn asks_for_session(guard: &Guard) -> bool {
    guard.proof == Proof::Backend
        && guard.redirect.is_some()
        && !matches!(guard.enforced, Enforced::Nowhere)
        && guard.flaws.iter().all(|flaw| matches!(flaw, Flaw::SkipsServer(_)))
}
