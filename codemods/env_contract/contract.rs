//! The env modules of an app: which one a file imports, how a variable is spelled through it, and how a module gets its entry.
//! Codemods that bring a new variable into code use [`access`] too, so that every read goes through the one checked place.

use crate::strictness;
use audit::Survey;
use edit::{FileId, Piece, RelPath};
use plan::Request;
use project::graph::Graph;
use stack::Side;
use syntax::module::Imported;

/// Who may see the values of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Built into the browser bundle.
    Public,
    /// Only the server.
    Server,
}

/// What the app needs of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// The app cannot do without.
    Required,
    /// As [`Need::Required`], and it is an address with a scheme.
    RequiredUrl,
    /// The app asks whether it is there: the empty text stands for a missing one.
    Empty,
    /// The app asks whether it is there: `undefined` stands for a missing one.
    Optional,
    /// A value of the code stands in for a missing one.
    Default(String),
    /// As [`Need::Default`], in development only; required elsewhere.
    Development(String),
}

/// One env module: a template with a hole for the entries.
struct Template {
    framework: &'static str,
    audience: Audience,
    typed: bool,
    /// Where its importers run.
    sides: &'static [Side],
    /// Below the folder of the app's sources.
    path: &'static str,
    /// The name that it exports.
    export: &'static str,
    /// The text, with one line that holds `__ITEMS__`.
    text: &'static str,
    /// An entry; `{name}` and `{type}` are filled in.
    item: &'static str,
    /// What is true in development.
    development: &'static str,
}

const LISTED: &str = "  {name}: {type},\n";

static TEMPLATES: &[Template] = &[
    Template {
        framework: "vite",
        audience: Audience::Public,
        typed: true,
        sides: &[Side::Browser, Side::Both],
        path: "env.ts",
        export: "env",
        text: include_str!("templates/vite/env.ts"),
        item: "  {name}: [{type}, import.meta.env.{name}],\n",
        development: "import.meta.env.DEV",
    },
    Template {
        framework: "vite",
        audience: Audience::Public,
        typed: false,
        sides: &[Side::Browser, Side::Both],
        path: "env.js",
        export: "env",
        text: include_str!("templates/vite/env.js"),
        item: "  {name}: [{type}, import.meta.env.{name}],\n",
        development: "import.meta.env.DEV",
    },
    Template {
        framework: "next",
        audience: Audience::Server,
        typed: true,
        sides: &[Side::Server],
        path: "lib/env.ts",
        export: "env",
        text: include_str!("templates/next/env.ts"),
        item: LISTED,
        development: "process.env.NODE_ENV === \"development\"",
    },
    Template {
        framework: "next",
        audience: Audience::Public,
        typed: true,
        sides: &[Side::Browser, Side::Both, Side::Server],
        path: "lib/env.client.ts",
        export: "clientEnv",
        text: include_str!("templates/next/env.client.ts"),
        item: "  {name}: [{type}, process.env.{name}],\n",
        development: "process.env.NODE_ENV === \"development\"",
    },
    Template {
        framework: "tanstack-start",
        audience: Audience::Public,
        typed: true,
        sides: &[Side::Browser, Side::Both],
        path: "lib/env.ts",
        export: "env",
        text: include_str!("templates/tanstack-start/env.ts"),
        item: "  {name}: [{type}, import.meta.env.{name}],\n",
        development: "import.meta.env.DEV",
    },
    Template {
        framework: "tanstack-start",
        audience: Audience::Server,
        typed: true,
        sides: &[Side::Server],
        path: "lib/env.server.ts",
        export: "env",
        text: include_str!("templates/tanstack-start/env.server.ts"),
        item: LISTED,
        development: "process.env.NODE_ENV === \"development\"",
    },
];

/// The ids of the frameworks that have templates.
pub const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start"]; // templates/

/// The env module that a file may import.
pub struct Contract {
    template: &'static Template,
    /// Where it stands, or will.
    pub path: RelPath,
    /// Whether somebody else's file stands there, so that the name is taken.
    pub taken: bool,
    /// Whether it is there already, written by an earlier pass.
    pub written: bool,
    folder: String,
}

/// A variable read through its module.
pub struct Access {
    /// The expression that reads it.
    pub expression: String,
    /// The import, the entry, and the library that checks it.
    pub requests: Vec<Request>,
}

impl Contract {
    /// The module for a variable of this audience as `file` would import it. `None` where there is no template (edge functions,
    /// configuration, scripts, frameworks without one) or where the audience's values must not be read.
    pub fn of(survey: &Survey<'_>, file: FileId, audience: Audience) -> Option<Self> {
        let side = crate::server::side(survey, file);
        let path = &survey.project.get(file).path;
        let app = survey.project.apps.iter().filter(|app| is_below(path, &app.folder));
        let app = app.max_by_key(|app| app.folder.len())?;
        if is_behind_guard(survey, file) {
            return None;
        }
        let below = |rest: &str| {
            if app.folder.is_empty() { rest.to_owned() } else { format!("{}/{rest}", app.folder) }
        };
        let source = if survey.project.files.iter().any(|file| file.path.as_str().starts_with(&below("src/")))
        {
            below("src/")
        } else {
            below("")
        };
        if !path.as_str().starts_with(&source) {
            return None;
        }
        let typed = survey.project.file(&below("tsconfig.json")).is_some();
        let framework = survey.stack.framework.id();
        let template = TEMPLATES.iter().find(|template| {
            template.framework == framework
                && template.audience == audience
                && template.typed == typed
                && template.sides.contains(&side)
        })?;
        let path = RelPath::new(format!("{source}{}", template.path))?;
        let there = survey.project.file(path.as_str());
        let written = there.is_some_and(|file| {
            file.text.contains("See .env.example.") && exports(&file.text, template.export)
        });
        Some(Self { template, path, taken: there.is_some() && !written, written, folder: app.folder.clone() })
    }

    /// The name by which it exports the variables.
    pub fn export(&self) -> &'static str {
        self.template.export
    }

    /// The entry of `name`, and what the module needs to work.
    pub fn entry(&self, survey: &Survey<'_>, name: &str, need: &Need) -> Vec<Request> {
        let Some((before, after)) = around_hole(self.template.text) else { return Vec::new() };
        let mut item = self.template.item.replace("{type}", &self.check(need)).replace("{name}", name);
        if self.is_quoted(survey) {
            item =
                item.replace(&format!("import.meta.env.{name}]"), &format!("import.meta.env[\"{name}\"]]"));
        }
        if item.len() > 110
            && let Some((head, rest)) = item.split_once('[')
            && let Some((check, value)) = rest.trim_end_matches("],\n").rsplit_once(", ")
        {
            item = format!("{head}[\n    {check},\n    {value},\n  ],\n");
        }
        let mut requests = vec![Request::ModuleItem {
            path: self.path.clone(),
            frame: (before.to_owned(), after.to_owned()),
            order: 0,
            key: name.to_owned(),
            pieces: vec![Piece::text(item)],
        }];
        let manifest = if self.folder.is_empty() {
            "package.json".to_owned()
        } else {
            format!("{}/package.json", self.folder)
        };
        let package = survey.project.packages.iter().find(|package| package.folder == self.folder);
        if let (Some(package), Some(path)) = (package, RelPath::new(manifest))
            && !package.dependencies.contains_key("zod")
        {
            let key = vec!["dependencies".to_owned(), "zod".to_owned()];
            requests.push(Request::Json { path, key, value: "^3.25.76".into() });
        }
        requests
    }

    /// Whether the app's type check takes no name behind a dot that is not declared.
    fn is_quoted(&self, survey: &Survey<'_>) -> bool {
        let app = survey.project.apps.iter().find(|app| app.folder == self.folder);
        app.is_some_and(|app| strictness::asks(survey, app, "noPropertyAccessFromIndexSignature"))
    }

    /// How `file` reads `name` through the module.
    pub fn access(&self, survey: &Survey<'_>, file: FileId, name: &str, need: &Need) -> Access {
        let export = self.template.export;
        let taken = survey
            .project
            .get(file)
            .syntax()
            .is_some_and(|(_, scopes)| scopes.bindings.iter().any(|binding| binding.name == export));
        let local = if taken {
            format!("app{}{}", export[..1].to_uppercase(), &export[1..])
        } else {
            export.to_owned()
        };
        let mut requests = self.entry(survey, name, need);
        requests.push(Request::Import {
            file,
            from: specifier(survey, file, &self.path),
            name: Imported::Named(export.to_owned()),
            local: local.clone(),
            type_only: false,
        });
        Access { expression: format!("{local}.{name}"), requests }
    }

    fn check(&self, need: &Need) -> String {
        let text = |value: &str| serde_json::Value::from(value).to_string();
        match need {
            Need::Required => "z.string().min(1)".into(),
            Need::RequiredUrl => "z.string().url()".into(),
            Need::Empty => "z.string().default(\"\")".into(),
            Need::Optional => "z.string().optional()".into(),
            Need::Default(value) => format!("z.string().default({})", text(value)),
            Need::Development(value) => {
                let development = self.template.development;
                format!("{development} ? z.string().default({}) : z.string().min(1)", text(value))
            }
        }
    }
}

/// How `file` reads the variable `name` that a codemod brings into it: through the env module of its side where there is one,
/// else by the accessor of the side itself. The variable is required.
pub fn access(survey: &Survey<'_>, file: FileId, name: &str) -> Access {
    let framework = survey.stack.framework;
    let public = framework.public_prefix().is_some_and(|prefix| name.starts_with(prefix));
    let audience = if public { Audience::Public } else { Audience::Server };
    match Contract::of(survey, file, audience) {
        Some(contract) if !contract.taken && !contract.written => {
            contract.access(survey, file, name, &required(survey, name))
        }
        _ => {
            let typed = matches!(survey.project.get(file).path.extension(), "ts" | "tsx" | "mts" | "cts");
            let mut expression = framework.env(survey.stack.side(file), name).expression;
            if typed && !expression.starts_with("import.meta") {
                expression.push('!');
            }
            Access { expression, requests: Vec::new() }
        }
    }
}

/// What is needed of a variable by whoever brings a read into code: there is no way without it.
pub fn required(survey: &Survey<'_>, name: &str) -> Need {
    match super::find::need_of(survey, name) {
        Need::Optional => super::find::plain(name),
        need => need,
    }
}

fn is_below(path: &RelPath, folder: &str) -> bool {
    folder.is_empty() || path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether the file is the guard file of the app or loaded by it: that is bundled apart and must stay small.
fn is_behind_guard(survey: &Survey<'_>, file: FileId) -> bool {
    let is_guard = |name: &str| matches!(name, "middleware.ts" | "middleware.js" | "proxy.ts" | "proxy.js");
    let stands = |folder: &str| {
        let folder = folder.strip_suffix("src").map_or(folder, |above| above.trim_end_matches('/'));
        survey.project.apps.iter().any(|app| app.folder == folder)
    };
    let files = survey.project.files.iter();
    let guards = files.filter(|file| is_guard(file.path.name()) && stands(file.path.folder()));
    let guards: Vec<FileId> = guards.map(|file| file.id).collect();
    !guards.is_empty() && survey.project.graph.reachable(survey.project, &guards).contains(&file)
}

fn exports(text: &str, name: &str) -> bool {
    text.contains(&format!("export const {name} "))
}

/// The text before and after the line that holds the hole.
fn around_hole(text: &'static str) -> Option<(&'static str, &'static str)> {
    let hole = text.find("__ITEMS__")?;
    let start = text[..hole].rfind('\n')? + 1;
    let end = hole + text[hole..].find('\n')? + 1;
    Some((&text[..start], &text[end..]))
}

/// How `from` names the module at `to`.
pub fn specifier(survey: &Survey<'_>, from: FileId, to: &RelPath) -> String {
    Graph::specifier(survey.project, from, to)
}
