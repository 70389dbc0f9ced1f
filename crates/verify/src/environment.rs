//! The generated environment: a value for every variable that the app names, none of them the user's. What only the server may know
//! is a canary: a value that is looked for in every file that the browser gets.

use crate::process::Variables;
use audit::Survey;
use audit::env::{DefinedIn, EnvName};
use stack::Side;

/// A variable of the generated environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Built into the browser's files: everybody can read it.
    pub(crate) public: bool,
    /// Found nowhere else: a file that holds it holds a secret.
    pub(crate) canary: bool,
}

/// What values are made of.
pub(crate) struct Ground<'a> {
    /// Where the app is reached.
    pub(crate) origin: &'a str,
    /// The backend's address and keys; empty where it has none.
    pub(crate) backend: &'a [(&'static str, String)],
}

/// Set by platforms and tools, not by whoever deploys, beside those that the survey knows of.
const PLATFORM: &[&str] = &["HOSTNAME", "DEPLOY_URL", "CF_PAGES", "ANALYZE"];

/// A value for each variable of the tree.
pub(crate) fn generated(survey: &Survey<'_>, ground: &Ground<'_>) -> Vec<Variable> {
    let wanted = survey.env.iter().filter(|known| is_wanted(survey, known));
    wanted.map(|known| variable(known, example(survey, known), ground)).collect()
}

/// The variables as a process gets them.
pub(crate) fn given(variables: &[Variable]) -> Variables {
    variables.iter().map(|variable| (variable.name.clone(), variable.value.clone())).collect()
}

/// Read by the app itself, or promised by its example; not only by an edge function or a platform.
fn is_wanted(survey: &Survey<'_>, known: &EnvName) -> bool {
    if audit::env::given(&known.name) || PLATFORM.contains(&known.name.as_str()) {
        return false;
    }
    let in_app = known.reads.iter().any(|read| !matches!(read.side, Side::Edge | Side::None));
    let is_env = |at: edit::Span| survey.project.get(at.file).path.name().starts_with(".env");
    let promised = known
        .definitions
        .iter()
        .any(|definition| definition.within == DefinedIn::EnvFile && is_env(definition.span));
    in_app || promised || known.implicit.is_some()
}

/// The value that an example file gives, if it is one that means something.
fn example(survey: &Survey<'_>, known: &EnvName) -> Option<String> {
    let given = known.definitions.iter().filter(|definition| definition.example);
    let text = |at: edit::Span| survey.project.get(at.file).text.get(at.start as usize..at.end as usize);
    let value = given.filter_map(|definition| text(definition.value)).find(|value| !value.is_empty())?;
    let means = value.parse::<f64>().is_ok() || matches!(value, "true" | "false");
    means.then(|| value.to_owned())
}

fn variable(known: &EnvName, example: Option<String>, ground: &Ground<'_>) -> Variable {
    let name = known.name.as_str();
    let upper = name.to_uppercase();
    let has = |part: &str| upper.contains(part);
    let backend =
        |key: &str| ground.backend.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
    let of_backend = if !has("SUPABASE") {
        None
    } else if upper.ends_with("URL") {
        backend("url")
    } else if has("SERVICE") || (has("SECRET") && !has("JWT")) {
        backend("secret")
    } else if has("ANON") || has("PUBLISHABLE") || has("PUBLIC_KEY") || upper.ends_with("SUPABASE_KEY") {
        backend("publishable")
    } else {
        None
    };
    let is_secret_key = of_backend.is_some() && of_backend == backend("secret");
    let ends = |endings: &[&str]| endings.iter().any(|ending| upper.ends_with(ending));
    let origin =
        ["ORIGIN", "SITE_URL", "APP_URL", "PUBLIC_URL", "BASE_URL", "NEXTAUTH_URL", "BETTER_AUTH_URL"];
    let (value, canary) = if let Some(value) = of_backend {
        (value, is_secret_key)
    } else if let Some(value) = example {
        (value, false)
    } else if ends(&origin) {
        (ground.origin.to_owned(), false)
    } else if has("DATABASE_URL") || has("POSTGRES") && ends(&["URL"]) {
        ("postgres://verify:canary-of-the-database@127.0.0.1:9/verify".to_owned(), true)
    } else if ends(&["_URL", "_URI", "_ENDPOINT"]) {
        ("http://127.0.0.1:9".to_owned(), false)
    } else if ends(&["_EMAIL", "_FROM", "_TO"]) {
        ("verify@example.test".to_owned(), false)
    } else if ends(&["_PORT", "_LIMIT", "_TIMEOUT", "_SECONDS", "_MS"]) {
        ("1000".to_owned(), false)
    } else {
        (format!("canary-{}-a41f0c7be2d95386", name.to_lowercase().replace('_', "-")), true)
    };
    Variable { name: name.to_owned(), value, public: known.public, canary: canary && !known.public }
}

#[cfg(test)]
mod tests {
    use super::*;
    use edit::RelPath;
    use project::Project;
    use std::path::Path;

    // A host's own variable says where the server runs: with a value made up it would trust that host's headers.
    #[test]
    fn what_a_host_sets_is_not_made_up() {
        let code = "export const where = () => [process.env.FLY_APP_NAME, process.env.MAIL_KEY];";
        let files =
            [("package.json", r#"{"dependencies":{"next":"15.2.4"}}"#), ("app/api/where/route.ts", code)];
        let files =
            files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
        let project = Project::from_texts(Path::new("/export"), files);
        let stack = stack::Stack::detect(&project);
        let survey = Survey::of(&project, &stack);
        let made = generated(&survey, &Ground { origin: "http://127.0.0.1:1", backend: &[] });
        assert_eq!(made.iter().map(|variable| variable.name.as_str()).collect::<Vec<_>>(), ["MAIL_KEY"]);
    }
}
