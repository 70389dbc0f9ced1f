//! The modules of server functions, what stands between them and the pages, and the library that they need.

use super::fix::Target;
use super::ground::Session;
use super::group::Function;
use super::library::{self, MADE_SESSION, TYPED_INPUT};
use crate::env_contract::contract::specifier;
use crate::sessions_to_server::relative;
use edit::{FileId, Piece, RelPath};
use plan::Request;
use stack::server::function::{Access, Body, Function as Spelled, Input};
use stack::server::{FunctionUses, SessionClient};
use std::collections::{BTreeMap, BTreeSet};
use syntax::module::Imported;

/// What the linter is told of a module whose queries ask for what no generated type knows.
const ANY_IS_MEANT: &str = "/* eslint-disable @typescript-eslint/no-explicit-any -- the types of the database do not know these rows */\n";

impl Target<'_> {
    /// Function modules, their index, and the library.
    pub(super) fn modules(&self, functions: &[Function]) -> Vec<Request> {
        let mut by_module: BTreeMap<&str, Vec<(usize, &Function)>> = BTreeMap::new();
        for (at, function) in functions.iter().enumerate() {
            by_module.entry(&function.module).or_default().push((at, function));
        }
        let mut requests = Vec::new();
        let mut library: BTreeSet<(&'static str, &'static str)> = BTreeSet::new();
        for (module, functions) in by_module {
            let uses = self.uses(functions.iter().map(|(_, function)| *function));
            library.extend(uses.library.iter().copied());
            let (beside, called): (Vec<_>, Vec<_>) =
                functions.iter().copied().partition(|(_, function)| function.beside);
            if uses.inputs {
                library.insert(("input", "checked"));
            }
            requests.extend(self.actions(module, &called));
            if !beside.is_empty() {
                requests.extend(self.reads(module, &beside));
                library.insert(("response", "toResponse"));
            }
            let Some(path) = self.path(&self.server.function_module(self.folder, module)) else { continue };
            let mut frame = self.server.function_frame(&uses);
            let spelled: Vec<_> =
                functions.into_iter().map(|(at, function)| (at, function, self.spelled(function))).collect();
            let says_any = |(_, _, pieces): &(usize, &Function, Vec<Piece>)| self.says_any(pieces);
            if spelled.iter().any(says_any) && crate::lint::minds_any(self.survey) {
                frame.0.insert_str(0, ANY_IS_MEANT);
            }
            for (at, function, pieces) in spelled {
                requests.push(Request::ModuleItem {
                    path: path.clone(),
                    frame: frame.clone(),
                    order: at as u32,
                    key: function.name.clone(),
                    pieces,
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
        let always = |module: &&library::Module| {
            module.exports.is_empty() || library.iter().any(|(name, _)| *name == module.name)
        };
        for module in library::modules(self.session().is_some()).iter().filter(always) {
            let Some(path) = self.path(&self.server.library(self.folder, module.name)) else { continue };
            let text = self.filled(module, functions);
            requests.push(Request::File { path, pieces: vec![Piece::text(text)], mode: 0o644 });
        }
        requests
    }

    /// Whether a function, as it is spelled, takes something for `any`.
    fn says_any(&self, pieces: &[Piece]) -> bool {
        let any = |text: &str| ["<any>", " as any", ": any"].iter().any(|mark| text.contains(mark));
        pieces.iter().any(|piece| match piece {
            Piece::Text(text) => any(text),
            Piece::Source(span) | Piece::Indented { span, .. } => {
                any(&self.survey.project.get(span.file).text[span.range()])
            }
        })
    }

    /// The text of a module of the library.
    fn filled(&self, module: &library::Module, functions: &[Function]) -> String {
        let drafts = || functions.iter().flat_map(|function| &function.drafts);
        let text = match module.name {
            "input" if drafts().any(|draft| draft.typed) => TYPED_INPUT,
            _ => module.text,
        };
        let text = text.replace("zod/v4", self.zod);
        // Where the framework serves, the session may have a folder of its own.
        let session = self.server.session_folder();
        let session = session.and_then(|folder| self.path(&format!("{folder}/session.server")));
        let here = self.path(&self.server.library(self.folder, module.name));
        let text = match (&here, session) {
            (Some(here), Some(session)) => text.replace("./session.js", &relative(here, &session)),
            _ => text,
        };
        let mut text = text;
        let (path, imported) = match self.session() {
            Some(Session::Named(SessionClient { path, imported, typed })) => {
                if *typed && module.name == "session" && !drafts().any(|draft| draft.typed) {
                    text = without_types(&text);
                }
                (path, imported)
            }
            Some(Session::Made(url, key)) if module.name == "session" => {
                let made = MADE_SESSION.replace("__URL__", url).replace("__KEY__", key);
                return crate::sessions_to_server::with_cookies(self.survey, &made);
            }
            _ => return text,
        };
        // Any file of the app tells how its modules are named.
        let Some(file) = drafts().next().map(|draft| draft.file).or_else(|| self.some_page()) else {
            return text;
        };
        let own = match imported {
            Imported::Named(name) if name != "createClient" => format!("{{ {name} as createClient }}"),
            Imported::Default => "createClient".to_owned(),
            _ => "{ createClient }".to_owned(),
        };
        let from = here.map(|here| self.specifier(file, &here, path)).unwrap_or_default();
        text.replace("{ createClient }", &own).replace("__CLIENT__", &from)
    }

    /// The module of the session alone: equal to the one that comes with the functions.
    pub(super) fn session_module(&self, functions: &[Function]) -> Option<Request> {
        let module = library::modules(true).iter().find(|module| module.name == "session")?;
        let path = self.path(&self.server.library(self.folder, module.name))?;
        let pieces = vec![Piece::text(self.filled(module, functions))];
        Some(Request::File { path, pieces, mode: 0o644 })
    }

    fn some_page(&self) -> Option<FileId> {
        self.survey.routes.iter().find_map(|route| route.page)
    }

    /// How a new module at `here` names the one at `to`; `from`: a file that is there already.
    fn specifier(&self, from: FileId, here: &RelPath, to: &RelPath) -> String {
        let aliased = specifier(self.survey, from, to);
        if aliased.starts_with("@/") {
            return aliased;
        }
        let path = relative(here, to);
        path.rsplit_once('.').map_or(path.clone(), |(stem, _)| stem.to_owned())
    }

    /// Where pages import the functions of a module from.
    pub(super) fn entrance(&self, module: &str) -> Option<RelPath> {
        let folder = self.folder;
        let Some(plain) = self.server.actions_module(folder, module) else {
            return self.path(&self.server.function_module(folder, module));
        };
        let free = |path: &RelPath| self.survey.project.file(path.as_str()).is_none();
        let others = (1..).map_while(|count: u32| {
            let count = if count == 1 { String::new() } else { format!("-{count}") };
            self.server.actions_module(folder, &format!("{module}-queries{count}"))
        });
        std::iter::once(plain).chain(others).filter_map(|path| self.path(&path)).find(free)
    }

    /// What stands between the functions of a module and the pages.
    fn actions(&self, module: &str, functions: &[(usize, &Function)]) -> Vec<Request> {
        if self.server.actions_module(self.folder, module).is_none() {
            return Vec::new();
        }
        let to = self.path(&self.server.function_module(self.folder, module));
        let (Some(path), Some(to)) = (self.entrance(module), to) else { return Vec::new() };
        let Some((_, first)) = functions.first() else { return Vec::new() };
        let frame = self.server.actions_frame(&self.specifier(first.drafts[0].file, &path, &to));
        let item = |(at, function): &(usize, &Function)| Request::ModuleItem {
            path: path.clone(),
            frame: frame.clone(),
            order: *at as u32,
            key: function.name.clone(),
            pieces: vec![Piece::text(self.server.action(&function.name, &function.drafts[0].input()))],
        };
        functions.iter().map(item).collect()
    }

    /// Where pages import the reads of a module from that they make beside others.
    pub(super) fn reads_module(&self, module: &str) -> Option<RelPath> {
        let reads = self.server.reads()?;
        self.path(&reads.module(reads.folder(self.survey.project, self.app)?, module))
    }

    /// What answers such reads at an address each, and what calls them there.
    fn reads(&self, module: &str, functions: &[(usize, &Function)]) -> Vec<Request> {
        let (Some(reads), Some(path)) = (self.server.reads(), self.reads_module(module)) else {
            return Vec::new();
        };
        let to = self.path(&self.server.function_module(self.folder, module));
        let response = self.path(&self.server.library(self.folder, "response"));
        let (Some(to), Some(response)) = (to, response) else { return Vec::new() };
        let Some((_, first)) = functions.first() else { return Vec::new() };
        let from = first.drafts[0].file;
        let frame = reads.frame(&self.specifier(from, &path, &to));
        let file = |path: RelPath, text: String| Request::File {
            path,
            pieces: vec![Piece::text(text)],
            mode: 0o644,
        };
        let mut requests = Vec::new();
        let read = RelPath::new(format!("{}/read.ts", path.folder()));
        requests.extend(read.map(|path| file(path, library::READ.to_owned())));
        for (at, function) in functions {
            let url = reads.url(module, &function.name);
            let Some(route) = reads.route(self.survey.project, self.app, &url) else { continue };
            let named = |to: &RelPath| self.specifier(from, &route, to);
            let input = function.drafts[0].input();
            let answer = reads.answer(&function.name, &input, &named(&to), &named(&response));
            requests.push(file(route, answer));
            requests.push(Request::ModuleItem {
                path: path.clone(),
                frame: frame.clone(),
                order: *at as u32,
                key: function.name.clone(),
                pieces: vec![Piece::text(reads.call(&function.name, &input, &url))],
            });
        }
        requests
    }

    fn uses<'f>(&self, functions: impl Iterator<Item = &'f Function>) -> FunctionUses {
        let mut uses = FunctionUses { zod: self.zod, ..FunctionUses::default() };
        for function in functions {
            let draft = &function.drafts[0];
            let input = draft.input();
            let schema = input.line();
            let body = draft.text(&self.survey.project.get(draft.file).text);
            uses.signed_in |= function.decision.access == Access::SignedIn;
            uses.anyone |= function.decision.access == Access::Anyone;
            uses.visitor |= function.decision.access == Access::Anyone && names_user(&body);
            uses.inputs |= input != Input::None;
            uses.schemas |= schema.contains("z.");
            let mut library = |wanted: bool, module: &'static str, name: &'static str| {
                if wanted && !uses.library.contains(&(module, name)) {
                    uses.library.push((module, name));
                }
            };
            library(body.contains("quoted(") || body.contains("(quoted)"), "filter", "quoted");
            library(holds_word(&schema, "json"), "json", "json");
            library(body.contains("untyped(db)"), "untyped", "untyped");
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
            body: Body { line, width, lines: &lines, block: draft.block, user: names_user(&text) },
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
}

/// The session's module where the app's own client knows the types of the tables and that of the pages does not: what was checked
/// against no types is not checked against them from here on.
fn without_types(session: &str) -> String {
    let import = "import type { SupabaseClient } from \"@supabase/supabase-js\";\nimport { createClient";
    session
        .replacen("import { createClient", import, 1)
        .replace("return createClient();", "return (await createClient()) as unknown as SupabaseClient;")
}

/// Whether the text of a function uses the signed-in user.
fn names_user(text: &str) -> bool {
    text.contains("user.id") || text.contains("user?.id")
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
