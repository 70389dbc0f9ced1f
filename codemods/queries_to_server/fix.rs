//! The one change: function modules ([`super::modules`]), every call site, and the clients that nobody asks any more.

use super::call_site::Call;
use super::draft::Draft;
use super::find;
use super::ground::{self, Ground, Session};
use super::group::{self, Function};
use super::parallel;
use super::receiver;
use super::web_storage;
use super::{BROWSER, ID};
use crate::build_hardening::Object;
use crate::env_contract::contract::specifier;
use crate::server;
use audit::{Finding, Survey};
use edit::{Edit, FileId, RelPath, Span};
use plan::{Change, Disposition, Request, Safety, Settled};
use project::package::App;
use stack::server::{Server, in_app};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syntax::module::Imported;

/// What is asked of the app.
pub(super) struct Target<'s> {
    pub(super) survey: &'s Survey<'s>,
    pub(super) server: &'static dyn Server,
    pub(super) app: &'s App,
    pub(super) folder: &'static str,
    pub(super) zod: &'static str,
    ground: Ground,
}

pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
    let outcome = group::outcome(survey);
    let Some(target) = Target::of(survey).filter(|_| !outcome.functions.is_empty()) else {
        return Vec::new();
    };
    let moving = find::moving(survey, &outcome);
    let count: usize = moving.values().map(Vec::len).sum();
    let title = if count == 1 {
        "Move 1 query to the server".to_owned()
    } else {
        format!("Move {count} queries to the server")
    };
    let mut change = Change::new(ID, title, Safety::Review);
    change.key = Some(server::QUERIES.to_owned());
    let makes = matches!(target.session(), Some(Session::Made(..)));
    if target.session().is_none() || (makes && crate::sessions_to_server::hides(survey)) {
        change.needs = vec![server::SESSIONS.to_owned()];
    }
    for function in &outcome.functions {
        for draft in &function.drafts {
            let query = &survey.queries[draft.query];
            change.edits.push(target.call_site(function, draft));
            change.settles.push(Settled {
                span: query.span,
                disposition: Disposition::Moved,
                function: Some(function.name.clone()),
            });
        }
    }
    for stays in &outcome.stays {
        let lets = target.session().is_none() || crate::sessions_to_server::hides(survey);
        let proxied = stays.through.is_some() && lets;
        let disposition = if proxied { Disposition::Proxied } else { Disposition::Declined };
        let span = survey.queries[stays.query].span;
        change.settles.push(Settled { span, disposition, function: None });
    }
    let mut imported: BTreeSet<(FileId, String)> = BTreeSet::new();
    for (function, draft) in outcome
        .functions
        .iter()
        .flat_map(|function| function.drafts.iter().map(move |draft| (function, draft)))
    {
        if imported.insert((draft.file, target.local(draft.file, function))) {
            change.requests.extend(target.import(draft.file, function));
        }
    }
    if target.session().is_some() {
        change.requests.extend(crate::build_hardening::raised(survey));
        web_storage::put(survey, &mut change);
    }
    let mut removed: BTreeMap<FileId, Vec<Range<usize>>> = BTreeMap::new();
    for draft in outcome.functions.iter().flat_map(|function| &function.drafts) {
        removed.entry(draft.file).or_default().extend(draft.removed.iter().cloned());
    }
    for (file, dropped) in &outcome.dropped {
        removed.entry(*file).or_default().extend(dropped.statements.iter().cloned());
        let listed = dropped.listed.iter().map(|range| Edit::delete(Span::new(*file, range.clone())));
        change.edits.extend(listed);
    }
    change.edits.extend(removed.into_iter().flat_map(|(file, ranges)| removals(survey, file, ranges)));
    for draft in outcome.functions.iter().flat_map(|function| &function.drafts) {
        if let Some(name) = draft.cast_with {
            change.requests.push(Request::Import {
                file: draft.file,
                from: "@supabase/supabase-js".to_owned(),
                name: Imported::Named(name.to_owned()),
                local: name.to_owned(),
                type_only: true,
            });
        }
    }
    change.edits.extend(target.larger_calls(&outcome.functions));
    change.edits.extend(parallel::excepted(survey, &outcome.functions));
    change.requests.extend(target.modules(&outcome.functions));
    change.requests.extend(target.zod());
    change.requests.extend(target.dependencies());
    let fixed =
        |finding: &Finding| [BROWSER.id, super::INJECTION.id, super::STORAGE.id].contains(&finding.rule);
    let stays: Vec<Span> = outcome.stays.iter().map(|stays| survey.queries[stays.query].span).collect();
    change.fixes = (0..findings.len())
        .filter(|at| fixed(&findings[*at]) && !stays.iter().any(|span| span.covers(findings[*at].span)))
        .collect();
    vec![change]
}

/// Whether pages send files as text.
pub(crate) fn sends_files_as_text(survey: &Survey<'_>) -> bool {
    const WORDS: &[&str] = &["readAsDataURL(", "toDataURL(", "btoa("];
    crate::sessions_to_server::code(survey).any(|file| WORDS.iter().any(|word| file.text.contains(word)))
}

impl Target<'_> {
    /// Room for what pages send: a document, or a file as text, may be larger than the framework lets a call be.
    fn larger_calls(&self, functions: &[Function]) -> Option<Edit> {
        let [outer, key, entry] = self.server.larger_calls()?;
        let much = |function: &Function| function.drafts.iter().any(Draft::sends_much);
        if !functions.iter().any(much) && !sends_files_as_text(self.survey) {
            return None;
        }
        let file = self.survey.stack.framework.config_file(self.survey.project, self.app)?;
        let object = Object::exported(file)?;
        match (object.value(outer), object.below(outer)) {
            (None, _) => Some(object.add(&format!("{outer}: {{ {} }},", entry.trim_end_matches(',')))),
            (Some(_), Some(inner)) if inner.value(key).is_none() => Some(inner.add(entry)),
            _ => None,
        }
    }
}

/// Whether any query moves to the app's own server.
pub(crate) fn any(survey: &Survey<'_>) -> bool {
    let outcome = group::outcome(survey);
    !outcome.functions.is_empty() && Target::of(survey).is_some_and(|target| target.session().is_some())
}

/// What asks for the session on the app's own server.
pub(crate) struct SessionPlace {
    /// The module that gives the user of a request: there, or brought by [`session_requests`].
    pub(crate) path: RelPath,
    /// The app's own function that it asks for a client, where that is one and the module is new.
    pub(crate) client: Option<stack::server::SessionClient>,
}

/// Where the module stands that gives the user of a request, for whoever else needs it; else what stands against it.
pub(crate) fn session_place(survey: &Survey<'_>) -> Result<SessionPlace, String> {
    let none = || "Nothing of the app tells how it signs visitors in.".to_owned();
    if let Some(path) = there(survey) {
        return Ok(SessionPlace { path, client: None });
    }
    ground::of(survey).map_err(|why| why.unwrap_or_else(none))?;
    let target = Target::of(survey).ok_or_else(none)?;
    let client = match target.session().ok_or_else(none)? {
        Session::Named(client) => Some(client.clone()),
        Session::Made(..) => None,
    };
    let path = target.path(&target.server.library(target.folder, "session")).ok_or_else(none)?;
    Ok(SessionPlace { path, client })
}

/// Whether a new module of the session asks a file of the app's own for the visitor's client.
pub(crate) fn asks(survey: &Survey<'_>, file: FileId) -> bool {
    let own = session_place(survey).ok().and_then(|place| place.client);
    own.is_some_and(|client| client.path == survey.project.get(file).path)
        && (!group::outcome(survey).functions.is_empty() || crate::guards_to_server::any(survey))
}

/// What brings that module, with all that it needs; nothing where it is there.
pub(crate) fn session_requests(survey: &Survey<'_>) -> Vec<Request> {
    let Some(target) = Target::of(survey).filter(|_| there(survey).is_none()) else { return Vec::new() };
    let outcome = group::outcome(survey);
    let module = target.session_module(&outcome.functions);
    module.into_iter().chain(target.dependencies()).collect()
}

/// How zod is imported on the server, and what brings it where the app has none.
pub(crate) fn zod(survey: &Survey<'_>) -> Option<(&'static str, Option<Request>)> {
    let target = Target::of(survey)?;
    Some((target.zod, target.zod()))
}

/// Our module of the session, in an app that has it.
fn there(survey: &Survey<'_>) -> Option<RelPath> {
    let mut ours = survey.project.files.iter().filter(|file| {
        let text = &file.text;
        file.path.name() == "session.ts"
            && text.starts_with("import \"server-only\";")
            && text.contains("export async function createDb()")
            && text.contains("export async function getSessionUser()")
    });
    ours.next().map(|file| file.path.clone())
}

/// The variables that hold the address and the key of the project, as expressions.
pub(crate) fn keys(survey: &Survey<'_>) -> Option<(String, String)> {
    ground::keys(survey)
}

impl<'s> Target<'s> {
    fn of(survey: &'s Survey<'_>) -> Option<Self> {
        let app = survey.project.apps.first()?;
        let server = stack::server::of(survey.stack.framework)?;
        let folder = server.folder(survey.project, app)?;
        let ground = ground::of(survey).ok()?;
        let version =
            survey.project.packages.get(app.package).and_then(|package| package.dependencies.get("zod"));
        let zod = if version
            .is_some_and(|range| range.trim_start_matches(['^', '~', '=', 'v']).starts_with("4."))
        {
            "zod"
        } else {
            "zod/v4"
        };
        Some(Self { survey, server, app, folder, zod, ground })
    }

    pub(super) fn path(&self, below: &str) -> Option<RelPath> {
        in_app(self.app, below)
    }

    /// What makes a client with the session, where no other change brings it.
    pub(super) fn session(&self) -> Option<&Session> {
        match &self.ground {
            Ground::Own(session) => Some(session),
            Ground::Brought => None,
        }
    }

    /// What a call of a function names in a file: the module that calls go through, or the function itself. Another name where its own
    /// is taken.
    fn local(&self, file: FileId, function: &Function) -> String {
        let taken = |name: &str| {
            let syntax = self.survey.project.get(file).syntax();
            syntax.is_some_and(|(_, scopes)| scopes.bindings.iter().any(|binding| binding.name == name))
        };
        match self.server.caller() {
            Some((_, name)) if taken(name) => "serverApi".to_owned(),
            Some((_, name)) => name.to_owned(),
            None => {
                let other = format!("{}OnServer", function.name);
                if taken(&function.name) { other } else { function.name.clone() }
            }
        }
    }

    fn import(&self, file: FileId, function: &Function) -> Option<Request> {
        let (path, name) = match self.server.caller() {
            Some((_, name)) => (crate::sessions_to_server::caller(self.survey)?, name),
            None if function.beside => (self.reads_module(&function.module)?, function.name.as_str()),
            None => (self.entrance(&function.module)?, function.name.as_str()),
        };
        Some(Request::Import {
            file,
            from: specifier(self.survey, file, &path),
            name: Imported::Named(name.to_owned()),
            local: self.local(file, function),
            type_only: false,
        })
    }

    /// What the server needs that the app has not.
    fn dependencies(&self) -> Vec<Request> {
        if self.session().is_none() {
            return Vec::new();
        }
        let wiring = self.server.wiring(self.survey.project, self.app, self.folder).unwrap_or_default();
        let has = |name: &str| self.survey.project.packages[self.app.package].dependencies.contains_key(name);
        let Some(path) = self.path("package.json") else { return Vec::new() };
        let missing = wiring.dependencies.into_iter().filter(|(name, _)| !has(name));
        let made = matches!(self.session(), Some(Session::Made(..)));
        missing
            .map(|(name, range)| Request::Json {
                path: path.clone(),
                key: vec!["dependencies".to_owned(), name.to_owned()],
                value: range.into(),
            })
            .chain(web_storage::dependency(self.survey).filter(|_| made))
            .collect()
    }

    fn call_site(&self, function: &Function, draft: &Draft) -> Edit {
        let source = &self.survey.project.get(draft.file).text;
        let local = self.local(draft.file, function);
        let around = self.server.call(&local, &function.name, &function.drafts[0].input());
        let call = Call { draft, source, around };
        Edit { span: Span::new(draft.file, draft.call.clone()), replacement: call.pieces() }
    }

    /// zod, where the app has none or an older one.
    fn zod(&self) -> Option<Request> {
        let package = self.survey.project.packages.get(self.app.package)?;
        let range = package.dependencies.get("zod");
        // A tag such as `latest` is what the lockfile says, or newer than both.
        let tag = range.is_some_and(|range| !range.contains(|letter: char| letter.is_ascii_digit()));
        let resolved = package.resolved.get("zod").filter(|_| tag);
        let enough = (tag && resolved.is_none())
            || resolved.or(range).is_some_and(|range| {
                let numbers: Vec<u32> = range
                    .trim_start_matches(['^', '~', '=', 'v', '>'])
                    .split('.')
                    .map_while(|part| part.parse().ok())
                    .collect();
                matches!(numbers.as_slice(), [major, ..] if *major >= 4)
                    || matches!(numbers.as_slice(), [3, minor, ..] if *minor >= 25)
            });
        if enough {
            return None;
        }
        let key = vec!["dependencies".to_owned(), "zod".to_owned()];
        Some(Request::Json { path: self.path("package.json")?, key, value: "^3.25.76".into() })
    }
}

/// Statements that only made queries, or clients, go with their lines.
fn removals(survey: &Survey<'_>, file: FileId, mut ranges: Vec<Range<usize>>) -> Vec<Edit> {
    let source = &survey.project.get(file).text;
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut together: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match together.last_mut() {
            Some(last) if range.start < last.end || source[last.end..range.start].trim().is_empty() => {
                last.end = last.end.max(range.end);
            }
            _ => together.push(range),
        }
    }
    together.iter().map(|range| Edit::delete(Span::new(file, receiver::with_lines(source, range)))).collect()
}
