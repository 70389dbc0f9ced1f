//! One table of variables and environments, with the commands that set them without showing a value.

mod variables;

use crate::repository_hygiene::commands::Commands;
use crate::repository_hygiene::notes::{self, Section};
use audit::{Confidence, Finding, Rule, Severity, Survey};
use edit::Span;
use plan::{About, Change, Codemod, Safety};
use project::Kind;
pub use variables::{Scope, Variable, variables};

const ID: &str = "environments";

const TABLE: Rule = Rule {
    id: "environments/no-table",
    title: "Nothing says which variable is set where",
    severity: Severity::Note,
    why: "A preview that runs on the production database, or a production without a variable, is found by its visitors.",
    aliases: &[],
};

/// The codemod.
pub struct Environments;

impl Codemod for Environments {
    fn about(&self) -> About {
        About {
            id: ID,
            title: "One table of variables and environments",
            rules: &[TABLE],
            readme: include_str!("README.md"),
            frameworks: FRAMEWORKS,
        }
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let Some(commands) = Commands::of(survey) else { return Vec::new() };
        let variables = variables(survey);
        if variables.is_empty() || told(survey, &variables) {
            return Vec::new();
        }
        vec![Finding {
            rule: TABLE.id,
            severity: TABLE.severity,
            confidence: Confidence::Certain,
            span: Span::new(commands.package.manifest, 0..0),
            message: match variables.len() {
                1 => "No file says where the app's variable is set.".to_owned(),
                count => format!("No file says where each of the app's {count} variables is set."),
            },
            why: TABLE.why.into(),
            todo: notes::kept_out(survey).map_or_else(
                || "List every variable with its scope and the place where each environment sets it.".into(),
                Into::into,
            ),
            related: Vec::new(),
            subject: String::new(),
        }]
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        if findings.is_empty() || notes::kept_out(survey).is_some() {
            return Vec::new();
        }
        let mut change = Change::new(ID, "List every variable with where it is set", Safety::Safe);
        change.fixes = (0..findings.len()).collect();
        change.requests = notes::section(survey, Section::Variables, &section(survey)).into_iter().collect();
        vec![change]
    }
}

/// Frameworks whose apps get changes.
const FRAMEWORKS: &[&str] = &["vite", "next", "tanstack-start", "express"];

/// Whether notes of the tree name every variable of the app, or have a table of them.
fn told(survey: &Survey<'_>, variables: &[Variable]) -> bool {
    let notes =
        survey.project.files.iter().filter(|file| file.kind == Kind::Markdown && file.skipped.is_none());
    notes.into_iter().any(|file| {
        (notes::file(survey).is_some_and(|notes| notes.id == file.id)
            && file.text.contains("\n## Variables\n"))
            || variables.iter().all(|variable| file.text.contains(&variable.name))
    })
}

/// How a host is told a value.
struct Setting {
    host: &'static str,
    /// Where it is set, for the table; `{}` is the environment.
    place: &'static str,
    /// A command per environment; `{name}`, `{environment}`. It asks for the value, or reads it from standard input.
    secret: &'static str,
    public: &'static str,
    /// The names of its environments for previews and for production.
    environments: [&'static str; 2],
}

const SETTINGS: &[Setting] = &[
    Setting {
        host: "vercel",
        place: "Vercel, {}",
        secret: "vercel env add {name} {environment} --sensitive",
        public: "vercel env add {name} {environment}",
        environments: ["preview", "production"],
    },
    Setting {
        host: "netlify",
        place: "Netlify, {}",
        secret: "read -rs VALUE && netlify env:set {name} \"$VALUE\" --context {environment} --secret; unset VALUE",
        public: "read -r VALUE && netlify env:set {name} \"$VALUE\" --context {environment}; unset VALUE",
        environments: ["deploy-preview", "production"],
    },
    Setting {
        host: "cloudflare",
        place: "Cloudflare, {}",
        secret: "wrangler secret put {name} --env {environment}",
        public: "wrangler secret put {name} --env {environment}",
        environments: ["preview", "production"],
    },
];

/// The section of the notes.
fn section(survey: &Survey<'_>) -> String {
    let variables = variables(survey);
    let hosts: Vec<&str> = survey.stack.hosts.iter().map(|host| host.id()).collect();
    let setting = SETTINGS.iter().find(|setting| hosts.contains(&setting.host));
    let mut text = String::from(
        "## Variables\n\n| variable | read by | local | preview | production |\n|---|---|---|---|---|\n",
    );
    for variable in variables.iter() {
        let read_by = match variable.scope {
            Scope::Public if variable.published => {
                "the build; visitors see it, and it is a secret: see the audit"
            }
            Scope::Public => "the build; visitors see it",
            Scope::Server => "the server",
            Scope::Edge => "edge functions",
        };
        let optional = if variable.optional { ", optional" } else { "" };
        let [local, preview, production] = match (variable.scope, setting) {
            (Scope::Edge, _) => {
                ["`supabase/functions/.env`", "project of the preview", "project of production"]
                    .map(str::to_owned)
            }
            (_, Some(setting)) => {
                let [preview, production] =
                    setting.environments.map(|name| setting.place.replace("{}", name));
                ["`.env.local`".to_owned(), preview, production]
            }
            (Scope::Public, None) => {
                ["`.env.local`", "build of the preview", "build of production"].map(str::to_owned)
            }
            (Scope::Server, None) => {
                ["`.env.local`", "host of the preview", "host of production"].map(str::to_owned)
            }
        };
        text +=
            &format!("| `{}` | {read_by}{optional} | {local} | {preview} | {production} |\n", variable.name);
    }
    let public = variables.iter().any(|variable| variable.scope == Scope::Public);
    if public {
        text += "\nWhat the build reads is part of the bundle: a new value needs a new build, and no secret belongs there.";
    }
    text += "\nA preview has a database and keys of its own: it must not reach what production holds.\n";
    if let Some(setting) = setting {
        text += "\nThe commands ask for each value, so that it stands in no history of a shell:\n\n```sh\n";
        for variable in variables.iter().filter(|variable| variable.scope != Scope::Edge) {
            for environment in setting.environments {
                let command = if variable.secret { setting.secret } else { setting.public };
                text += &command.replace("{name}", &variable.name).replace("{environment}", environment);
                text += "\n";
            }
        }
        text += "```\n";
    }
    let edge: Vec<&Variable> = variables.iter().filter(|variable| variable.scope == Scope::Edge).collect();
    if !edge.is_empty() {
        text += "\nEdge functions get theirs from standard input, a `NAME=value` a line:\n\n```sh\nsupabase secrets set --env-file /dev/stdin\n```\n";
    }
    text
}
