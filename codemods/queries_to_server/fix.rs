//! The one change: function modules, their index, the library that they need, and every call site.

use super::call_site::Call;
use super::draft::Draft;
use super::find;
use super::group::{self, Function};
use super::{BROWSER, ID};
use crate::env_contract::contract::specifier;
use crate::server;
use crate::sessions_to_server::relative;
use audit::{Finding, Survey};
use edit::{Edit, FileId, Piece, RelPath, Span};
use plan::{Change, Disposition, Request, Safety, Settled};
use project::package::App;
use stack::server::function::{Body, Function as Spelled};
use stack::server::{FunctionUses, Server, in_app};
use std::collections::{BTreeMap, BTreeSet};
use syntax::module::Imported;

const LIBRARY: &[(&str, &str, &str)] = &[
    ("filter", "quoted", include_str!("templates/vite/lib/filter.ts")), // templates/
    ("json", "json", include_str!("templates/vite/lib/json.ts")),       // templates/
    ("untyped", "untyped", include_str!("templates/vite/lib/untyped.ts")), // templates/
];

/// What is asked of the app.
struct Target<'s> {
    survey: &'s Survey<'s>,
    server: &'static dyn Server,
    app: &'s App,
    folder: &'static str,
    zod: &'static str,
}

pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
    let outcome = group::outcome(survey);
    let Some(target) = Target::of(survey).filter(|_| !outcome.functions.is_empty()) else {
        return Vec::new();
    };
    if !crate::sessions_to_server::lands(survey) {
        return Vec::new();
    }
    let moving = find::moving(survey, &outcome);
    let count: usize = moving.values().map(Vec::len).sum();
    let title = if count == 1 {
        "Move 1 query to the server".to_owned()
    } else {
        format!("Move {count} queries to the server")
    };
    let mut change = Change::new(ID, title, Safety::Review);
    change.key = Some(server::QUERIES.to_owned());
    change.needs = vec![server::SESSIONS.to_owned()];
    for function in &outcome.functions {
        for draft in &function.drafts {
            let query = &survey.queries[draft.query];
            change.edits.push(target.call_site(function, draft));
            change.edits.extend(target.removals(draft));
            change.settles.push(Settled {
                span: query.span,
                disposition: Disposition::Moved,
                function: Some(function.name.clone()),
            });
        }
    }
    for stays in &outcome.stays {
        let disposition = if stays.through.is_some() { Disposition::Proxied } else { Disposition::Declined };
        let span = survey.queries[stays.query].span;
        change.settles.push(Settled { span, disposition, function: None });
    }
    for file in moving.keys() {
        change.requests.extend(target.import(*file));
    }
    for function in &outcome.functions {
        let files: BTreeSet<FileId> = function.drafts.iter().map(|draft| draft.file).collect();
        change.requests.extend(files.into_iter().filter_map(|file| target.named(function, file)));
    }
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
    change.requests.extend(target.modules(&outcome.functions));
    change.requests.extend(target.zod());
    let fixed = |finding: &Finding| finding.rule == BROWSER.id || finding.rule == super::INJECTION.id;
    let stays: Vec<Span> = outcome.stays.iter().map(|stays| survey.queries[stays.query].span).collect();
    change.fixes = (0..findings.len())
        .filter(|at| fixed(&findings[*at]) && !stays.iter().any(|span| span.covers(findings[*at].span)))
        .collect();
    vec![change]
}

impl<'s> Target<'s> {
    fn of(survey: &'s Survey<'_>) -> Option<Self> {
        let app = survey.project.apps.first()?;
        let server = stack::server::of(survey.stack.framework)?;
        let folder = server.folder(survey.project, app)?;
        let version =
            survey.project.packages.get(app.package).and_then(|package| package.dependencies.get("zod"));
        let zod = if version
            .is_some_and(|range| range.trim_start_matches(['^', '~', '=', 'v']).starts_with("4."))
        {
            "zod"
        } else {
            "zod/v4"
        };
        Some(Self { survey, server, app, folder, zod })
    }

    fn path(&self, below: &str) -> Option<RelPath> {
        in_app(self.app, below)
    }

    /// The module that calls go through, and the name that it exports.
    fn caller(&self) -> Option<(RelPath, &'static str)> {
        let (_, name) = self.server.caller()?;
        Some((crate::sessions_to_server::caller(self.survey)?, name))
    }

    /// What calls start with in a file: the module, or the function where each is imported by itself.
    fn local(&self, file: FileId, function: &Function) -> String {
        match self.server.caller() {
            Some((_, name)) => self.free(file, name, "serverApi"),
            None => self.free(file, &function.name, &format!("{}OnServer", function.name)),
        }
    }

    /// `name`, or the other where the file has something of that name.
    fn free(&self, file: FileId, name: &str, other: &str) -> String {
        let known = self.survey.project.get(file).syntax();
        let taken =
            known.is_some_and(|(_, scopes)| scopes.bindings.iter().any(|binding| binding.name == name));
        if taken { other.to_owned() } else { name.to_owned() }
    }

    /// The import of a function by its name, where there is no module that all calls go through.
    fn named(&self, function: &Function, file: FileId) -> Option<Request> {
        if self.server.caller().is_some() {
            return None;
        }
        let path = self.path(&self.server.function_module(self.folder, &function.module))?;
        Some(Request::Import {
            file,
            from: specifier(self.survey, file, &path),
            name: Imported::Named(function.name.clone()),
            local: self.local(file, function),
            type_only: false,
        })
    }

    fn import(&self, file: FileId) -> Option<Request> {
        let (path, name) = self.caller()?;
        Some(Request::Import {
            file,
            from: specifier(self.survey, file, &path),
            name: Imported::Named(name.to_owned()),
            local: self.free(file, name, "serverApi"),
            type_only: false,
        })
    }

    fn call_site(&self, function: &Function, draft: &Draft) -> Edit {
        let source = &self.survey.project.get(draft.file).text;
        let local = self.local(draft.file, function);
        let around = self.server.call(&local, &function.name, &function.drafts[0].input());
        let call = Call { draft, source, around };
        Edit { span: Span::new(draft.file, draft.call.clone()), replacement: call.pieces() }
    }

    /// Statements that only made the query go, with their lines.
    fn removals(&self, draft: &Draft) -> Vec<Edit> {
        let source = &self.survey.project.get(draft.file).text;
        let whole = |range: &std::ops::Range<usize>| {
            let start = source[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
            let end = source[range.end..].find('\n').map_or(source.len(), |newline| range.end + newline + 1);
            let alone =
                source[start..range.start].trim().is_empty() && source[range.end..end].trim().is_empty();
            if !alone {
                return range.clone();
            }
            // The blank line behind it goes too, where one stands in front of it.
            let blank = |text: &str| text.trim().is_empty();
            let next = source[end..].find('\n').map(|newline| end + newline + 1);
            let before = source[..start].trim_end_matches('\n').len() + 1 < start
                || source[..start].trim_end().ends_with('{');
            match next.filter(|next| before && blank(&source[end..*next])) {
                Some(next) => start..next,
                None => start..end,
            }
        };
        let mut together: Vec<std::ops::Range<usize>> = Vec::new();
        for range in &draft.removed {
            match together.last_mut() {
                Some(last) if source[last.end..range.start].trim().is_empty() => last.end = range.end,
                _ => together.push(range.clone()),
            }
        }
        together.iter().map(|range| Edit::delete(Span::new(draft.file, whole(range)))).collect()
    }

    /// Function modules, their index, and the library.
    fn modules(&self, functions: &[Function]) -> Vec<Request> {
        let mut by_module: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
        for function in functions {
            by_module.entry(&function.module).or_default().push(function);
        }
        let mut requests = Vec::new();
        let mut library: BTreeSet<(&'static str, &'static str)> = BTreeSet::new();
        for (module, functions) in by_module {
            let uses = self.uses(&functions);
            library.extend(uses.library.iter().copied());
            let Some(path) = self.path(&self.server.function_module(self.folder, module)) else { continue };
            let frame = self.server.function_frame(&uses);
            for function in functions {
                requests.push(Request::ModuleItem {
                    path: path.clone(),
                    frame: frame.clone(),
                    order: function.drafts[0].call.start as u32,
                    key: function.name.clone(),
                    pieces: self.spelled(function),
                });
            }
            if let Some((index, line)) = self.server.function_index(self.folder, module)
                && let Some(path) = self.path(&index)
            {
                requests.push(Request::ModuleItem {
                    path,
                    frame: (String::new(), String::new()),
                    order: 0,
                    key: module.to_owned(),
                    pieces: vec![Piece::text(line)],
                });
            }
        }
        for (module, _) in library {
            let text = LIBRARY.iter().find(|(name, _, _)| *name == module).map(|(_, _, text)| *text);
            let path = self.path(&self.server.library(self.folder, module));
            if let (Some(text), Some(path)) = (text, path) {
                let text = text.replace("zod/v4", self.zod);
                // Where the framework serves, the session has a folder of its own.
                let session = self.server.session_folder();
                let session = session.and_then(|folder| self.path(&format!("{folder}/session.server")));
                let text = match session {
                    Some(session) => text.replace("./session.js", &relative(&path, &session)),
                    None => text,
                };
                requests.push(Request::File { path, pieces: vec![Piece::text(text)], mode: 0o644 });
            }
        }
        requests
    }

    fn uses(&self, functions: &[&Function]) -> FunctionUses {
        use stack::server::function::Access;
        let mut uses = FunctionUses { zod: self.zod, ..FunctionUses::default() };
        for function in functions {
            let draft = &function.drafts[0];
            let schema = draft.input().line();
            let body = draft.text(&self.survey.project.get(draft.file).text);
            uses.signed_in |= function.decision.access == Access::SignedIn;
            uses.anyone |= function.decision.access == Access::Anyone;
            uses.schemas |= schema.contains("z.");
            let mut library = |wanted: bool, one: &'static (&str, &str, &str)| {
                if wanted && !uses.library.contains(&(one.0, one.1)) {
                    uses.library.push((one.0, one.1));
                }
            };
            library(body.contains("quoted(") || body.contains("(quoted)"), &LIBRARY[0]);
            library(holds_word(&schema, "json"), &LIBRARY[1]);
            library(body.contains("untyped(db)"), &LIBRARY[2]);
        }
        uses.library.sort_unstable();
        uses
    }

    fn spelled(&self, function: &Function) -> Vec<Piece> {
        let draft = &function.drafts[0];
        let source = &self.survey.project.get(draft.file).text;
        let doc = self.doc(function);
        let input = draft.input();
        let (width, line) = draft.line(source).map_or((0, None), |(width, line)| (width, Some(line)));
        let lines = |indent: usize| draft.lines(source, indent);
        let text = draft.text(source);
        self.server.function(&Spelled {
            name: &function.name,
            doc: &doc,
            access: function.decision.access,
            input: &input,
            body: Body {
                line,
                width,
                lines: &lines,
                block: draft.block,
                user: text.contains("user.id") || text.contains("user?.id"),
            },
            validator: self.server.validator(self.survey.project, self.app),
        })
    }

    /// Where the function is called from, and what it does not take.
    fn doc(&self, function: &Function) -> Vec<String> {
        let mut by_file: BTreeMap<&RelPath, Vec<&str>> = BTreeMap::new();
        for draft in &function.drafts {
            let query = &self.survey.queries[draft.query];
            let names = by_file.entry(&self.survey.project.get(draft.file).path).or_default();
            if let Some(within) = query.within.as_deref().filter(|within| !names.contains(within)) {
                names.push(within);
            }
        }
        let below = |path: &RelPath| {
            let folder = &self.app.folder;
            let path = path.as_str();
            path.strip_prefix(&format!("{folder}/")).filter(|_| !folder.is_empty()).unwrap_or(path).to_owned()
        };
        let mut doc: Vec<String> = by_file
            .into_iter()
            .map(|(path, names)| {
                if names.is_empty() { below(path) } else { format!("{}: {}", below(path), names.join(", ")) }
            })
            .collect();
        let mut withheld: Vec<&str> =
            function.drafts.iter().flat_map(|draft| &draft.withheld).map(String::as_str).collect();
        withheld.sort_unstable();
        withheld.dedup();
        if !withheld.is_empty() {
            doc.push(format!(
                "Not accepted from the browser: {} (a privilege: set it where the right to do so is checked).",
                withheld.join(", ")
            ));
        }
        doc.extend(function.drafts[0].remarks.iter().cloned());
        doc
    }

    /// zod, where the app has none or an older one.
    fn zod(&self) -> Option<Request> {
        let package = self.survey.project.packages.get(self.app.package)?;
        let range = package.dependencies.get("zod");
        let enough = range.is_some_and(|range| {
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

/// Whether `word` stands in `text` as a whole word.
fn holds_word(text: &str, word: &str) -> bool {
    let letter = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'"')
    };
    let bytes = text.as_bytes();
    text.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !letter(before) && !letter(bytes.get(at + word.len())) && bytes.get(at + word.len()) != Some(&b':')
    })
}
