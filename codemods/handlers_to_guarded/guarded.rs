//! The handlers that refuse visitors without a session from now on: those that only pages for signed-in visitors call, where the app
//! has one way to ask who is there. For each other open handler, what stands against it.

use super::asker::{self, Asker, Source};
use super::callers::{self, Called};
use super::{ID, NO_ROLE, OPEN, find, finding};
use crate::sessions_to_server::relative;
use audit::handler::{Auth, Handler, Kind, What};
use audit::{Confidence, Finding, Related, Severity, Survey};
use edit::{Edit, FileId, Piece, RelPath, Span};
use plan::{Change, Disposition, NewFile, Request, Safety, Settled};
use project::graph::Graph;
use stack::server::in_app;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use syntax::Node;
use syntax::module::Imported;
use syntax::view::code_children;

/// The module of the checks, per framework.
struct Template {
    framework: &'static str,
    text: &'static str,
}

static TEMPLATES: &[Template] =
    &[Template { framework: "next", text: include_str!("templates/next/signed-in.ts") }];

const ROUTE: &str = "denyUnlessSignedIn";
const ACTION: &str = "assertSignedIn";

/// What becomes of the open handlers.
#[derive(Default)]
pub(super) struct Guarded {
    /// Those that are guarded, with where the check goes.
    pub(super) handlers: BTreeMap<Span, usize>,
    /// What stands against the others, for people.
    pub(super) why: BTreeMap<Span, String>,
    asker: Option<(Asker, &'static str, RelPath)>,
}

/// Decides once for a survey.
pub(super) fn of(survey: &Survey<'_>) -> Arc<Guarded> {
    survey.memo.of(|| decide(survey).unwrap_or_default())
}

fn decide(survey: &Survey<'_>) -> Option<Guarded> {
    let framework = survey.stack.framework.id();
    let template = TEMPLATES.iter().find(|template| template.framework == framework)?;
    let app = survey.project.apps.first()?;
    let mut guarded = Guarded::default();
    let open: Vec<&Handler> =
        survey.handlers.iter().filter(|handler| find::is_open(survey, handler)).collect();
    if open.is_empty() {
        return None;
    }
    // Pages below `app` come before those below `src/app`.
    let holds = |folder: &str| {
        let folder = in_app(app, folder).map(|folder| format!("{folder}/"));
        folder.is_some_and(|folder| {
            survey.project.files.iter().any(|file| file.path.as_str().starts_with(&folder))
        })
    };
    let below_src = holds("src/app") && !holds("app");
    let path = in_app(app, if below_src { "src/lib/signed-in.ts" } else { "lib/signed-in.ts" })?;
    let typed = in_app(app, "tsconfig.json").is_some_and(|path| survey.project.file(path.as_str()).is_some());
    if !typed || survey.project.file(path.as_str()).is_some() {
        return None;
    }
    let asker = match asker::of(survey) {
        Ok(asker) => asker,
        Err(why) => {
            let why = format!("{why} {}", find::REFUSE);
            guarded.why.extend(open.iter().map(|handler| (handler.span, why.trim().to_owned())));
            return Some(guarded);
        }
    };
    for handler in open {
        match place(survey, handler) {
            Ok(place) => guarded.handlers.insert(handler.span, place).map(|_| ()),
            Err(why) => guarded.why.insert(handler.span, why).map(|_| ()),
        };
    }
    guarded.asker = Some((asker, template.text, path));
    Some(guarded)
}

/// Where the check goes: before the first statement. Else what stands against it.
fn place(survey: &Survey<'_>, handler: &Handler) -> Result<usize, String> {
    if handler.taken.iter().any(|taken| taken.what == What::Identity) {
        return Err(
            "It acts for the id that it is sent. Refuse with 401 without a session, and take the id from that.".to_owned()
        );
    }
    match callers::of(survey, handler) {
        Called::Otherwise(why) => return Err(why),
        Called::SignedIn { .. } => {}
    }
    let file = survey.project.get(handler.span.file);
    let place = || {
        let (tree, _) = file.syntax()?;
        let function = tree.node_at(handler.span.range())?;
        let body = function.child_by_field_name("body").filter(|body| body.kind() == "statement_block")?;
        let asynchronous = tree.text(function).starts_with("async");
        let wants = if handler.kind == Kind::RouteHandler { ROUTE } else { ACTION };
        let taken = ["denied", wants].iter().any(|name| asker::names(tree, body, name));
        let first = code_children(body).find(|statement| !is_directive(*statement))?;
        (asynchronous && !taken && tree.sound(function)).then_some(first.start_byte())
    };
    place().ok_or_else(|| {
        "Refuse with 401 without a session: a check cannot be put before its code as it is written."
            .to_owned()
    })
}

fn is_directive(statement: Node<'_>) -> bool {
    statement.kind() == "expression_statement"
        && statement.named_child(0).is_some_and(|inner| inner.kind() == "string")
}

/// The handlers that ask for a session, or will, where their pages ask for a role.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let guarded = of(survey);
    let asks = |handler: &&Handler| {
        let text = survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default();
        let by_us = [ROUTE, ACTION].iter().any(|name| text.contains(&format!("await {name}()")));
        guarded.handlers.contains_key(&handler.span) || by_us && handler.auth == Auth::Enforced
    };
    let role = |handler: &&Handler| {
        !handler.role && matches!(callers::of(survey, handler), Called::SignedIn { role: true })
    };
    let mut files: BTreeMap<FileId, Vec<&Handler>> = BTreeMap::new();
    for handler in survey.handlers.iter().filter(asks).filter(role) {
        files.entry(handler.span.file).or_default().push(handler);
    }
    let mut found: Vec<Finding> = files.into_values().map(|handlers| lacks_role(&handlers)).collect();
    let told: Vec<Span> = found.iter().map(|one| one.span).collect();
    found.extend(unlike_its_neighbours(survey).into_iter().filter(|one| !told.contains(&one.span)));
    found
}

/// Handlers for administrators that ask for a session only, where others beside them ask for a role.
fn unlike_its_neighbours(survey: &Survey<'_>) -> Vec<Finding> {
    let asks = |handler: &&Handler| {
        let parts = handler.url.as_deref().map(|url| url.split('/').any(|part| part == "admin"));
        handler.auth == Auth::Enforced && handler.kind == Kind::RouteHandler && parts == Some(true)
    };
    let (with, without): (Vec<_>, Vec<_>) =
        survey.handlers.iter().filter(asks).partition(|handler| handler.role);
    let does = |handler: &&&Handler| handler.writes || handler.pays || handler.admin;
    if with.len() * 2 < without.len() || with.len() < 2 {
        return Vec::new();
    }
    let finding = |handler: &&Handler| {
        let mut found = finding(
            &NO_ROLE,
            handler.span,
            format!(
                "{} asks for a session only, and {} handlers for administrators beside it ask for a role.",
                find::told(handler),
                with.len()
            ),
            "Ask for the role in it as well, from the database, before anything is read or written.",
            &handler.name,
        );
        found.confidence = Confidence::Likely;
        found
    };
    without.iter().filter(does).map(finding).collect()
}

/// The handlers of one file, told once.
fn lacks_role(handlers: &[&Handler]) -> Finding {
    let past = |handler: &&&Handler| handler.admin && handler.writes;
    let first = handlers.iter().find(past).unwrap_or(&handlers[0]);
    let (verb, more) = match handlers.len() {
        1 => ("is for pages that ask for a role, and asks", String::new()),
        2 => ("and 1 more handler of this file are for pages that ask for a role, and ask", String::new()),
        count => (
            "of this file are for pages that ask for a role, and ask",
            format!(" and {} more handlers", count - 1),
        ),
    };
    let mut found = finding(
        &NO_ROLE,
        first.span,
        format!("{}{more} {verb} for a session only{}.", find::told(first), planned(first)),
        "Ask for the role in it as well, from the database, before anything is read or written.",
        &first.name,
    );
    found.severity = if past(&first) { Severity::Hole } else { Severity::Warning };
    found.confidence = Confidence::Likely;
    found.related = handlers
        .iter()
        .filter(|handler| handler.span != first.span)
        .map(|handler| Related { span: handler.span, message: find::told(handler) })
        .collect();
    found
}

/// What asks nothing today asks for a session once this change is made, and no more.
fn planned(handler: &Handler) -> &'static str {
    if handler.auth == Auth::Enforced { "" } else { " with the change that is planned, and nothing today" }
}

/// The one change.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let guarded = of(survey);
    let (asker, template, path) = guarded.asker.as_ref()?;
    let resolved =
        |finding: &Finding| finding.rule == OPEN.id && guarded.handlers.contains_key(&finding.span);
    let fixes: Vec<usize> = (0..findings.len()).filter(|at| resolved(&findings[*at])).collect();
    // Whoever does not want a finding resolved has suppressed it: its file stays.
    let files: BTreeSet<FileId> = fixes.iter().map(|at| findings[*at].span.file).collect();
    let handlers: Vec<&Handler> = survey
        .handlers
        .iter()
        .filter(|handler| guarded.handlers.contains_key(&handler.span) && files.contains(&handler.span.file))
        .collect();
    if handlers.is_empty() {
        return None;
    }
    let title = match handlers.len() {
        1 => "Refuse visitors without a session in 1 handler".to_owned(),
        count => format!("Refuse visitors without a session in {count} handlers"),
    };
    let mut change = Change::new(ID, title, Safety::Review);
    change.fixes = fixes;
    for handler in &handlers {
        let name = if handler.kind == Kind::RouteHandler { ROUTE } else { ACTION };
        let at = guarded.handlers[&handler.span];
        change.edits.push(edit(survey, handler, name, at));
        let request = Request::Import {
            file: handler.span.file,
            from: Graph::specifier(survey.project, handler.span.file, path),
            name: Imported::Named(name.to_owned()),
            local: name.to_owned(),
            type_only: false,
        };
        if !change.requests.contains(&request) {
            change.requests.push(request);
        }
        change.settles.push(Settled { span: handler.span, disposition: Disposition::Moved, function: None });
    }
    let has = |kind: Kind| handlers.iter().any(|handler| handler.kind == kind);
    let from = handlers[0].span.file;
    let text =
        module(survey, asker, template, path, from, (has(Kind::RouteHandler), has(Kind::ServerAction)));
    change.creates.push(NewFile { path: path.clone(), pieces: vec![Piece::text(text)], mode: 0o644 });
    Some(change)
}

/// The check, before the first statement, in the style of the file.
fn edit(survey: &Survey<'_>, handler: &Handler, name: &str, at: usize) -> Edit {
    let file = survey.project.get(handler.span.file);
    let line = file.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let indent: String = file.text[line..at].chars().take_while(|letter| letter.is_whitespace()).collect();
    let end = if file.text.contains(";\n") || file.text.contains(";\r\n") { ";" } else { "" };
    let text = if handler.kind == Kind::RouteHandler {
        format!("const denied = await {name}(){end}\n{indent}if (denied) return denied{end}\n\n{indent}")
    } else {
        format!("await {name}(){end}\n{indent}")
    };
    Edit::replace(file.span(at..at), text)
}

/// The module of the checks: only those that are used.
fn module(
    survey: &Survey<'_>,
    asker: &Asker,
    template: &str,
    path: &RelPath,
    from: FileId,
    (routes, actions): (bool, bool),
) -> String {
    let imports: Vec<String> = asker
        .imports
        .iter()
        .map(|(source, name)| match source {
            Source::Package(package) => format!("import {{ {name} }} from \"{package}\";"),
            Source::Module(target, default) => {
                let alias = Graph::specifier(survey.project, from, target);
                let specifier = if alias.starts_with("@/") {
                    alias
                } else {
                    let path = relative(path, target);
                    path.trim_end_matches(".tsx").trim_end_matches(".ts").trim_end_matches(".js").to_owned()
                };
                let name = if *default { name.clone() } else { format!("{{ {name} }}") };
                format!("import {name} from \"{specifier}\";")
            }
        })
        .collect();
    let mut parts: Vec<&str> = template.split("\n/** First in ").collect();
    if !actions {
        parts.retain(|part| !part.starts_with("a server action"));
    }
    if !routes {
        parts.retain(|part| !part.starts_with("a route handler"));
    }
    parts
        .join("\n/** First in ")
        .replace("__IMPORTS__", &imports.join("\n"))
        .replace("__ASK__", &asker.ask.join("\n  "))
        .replace("__GIVEN__", &asker.given)
}

/// Whether a handler is open, and this is its business: a handler of the framework that answers whoever asks.
pub(super) fn is_kind(handler: &Handler) -> bool {
    handler.auth == Auth::None
        && handler.method != "*"
        && matches!(handler.kind, Kind::RouteHandler | Kind::ServerAction)
}
