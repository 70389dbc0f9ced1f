//! The start: with all variables the server comes up; without one of those that it needs it does not, and says which.

use crate::environment::Variable;
use crate::http::Request;
use crate::process::Variables;
use crate::report::{Report, asked};
use crate::server::{Boot, Refused, Server};
use audit::Survey;
use regex::Regex;
use stack::Side;
use std::collections::BTreeSet;

/// At most so many variables are left out one by one: each costs a start.
const MOST: usize = 12;

/// Starts the server with all variables.
pub(crate) fn boot(boot: &Boot<'_>, given: &Variables, report: &mut Report) -> Option<Server> {
    match boot.boot(given) {
        Ok(server) => {
            report.judge(&asked::BOOT, Vec::new(), boot.start.needs);
            Some(server)
        }
        Err(said) => {
            report.judge(&asked::BOOT, said, "");
            None
        }
    }
}

/// Starts the server without the variables that its code checks, one after the other.
pub(crate) fn environment(
    boot: &Boot<'_>,
    survey: &Survey<'_>,
    variables: &[Variable],
    given: &Variables,
    health: &[&str],
    report: &mut Report,
) {
    let asked = &asked::ENVIRONMENT;
    if !boot.start.own_server {
        return report.skip(asked, "the app has no server of its own: it reads nothing when it starts");
    }
    // What the build has put into the server's files is not read any more, and what the platform gives need not be there.
    let checks = declared(survey);
    let ours = |variable: &&Variable| {
        let name = variable.name.as_str();
        let asked = checks.contains(name) || !only_a_package_reads(survey, name);
        !variable.public && !audit::env::given(name) && asked
    };
    let hidden: Vec<&Variable> = variables.iter().filter(ours).collect();
    let names: Vec<&str> = hidden.iter().map(|variable| variable.name.as_str()).collect();
    if names.is_empty() {
        return report.skip(asked, "the server's own code reads no variable that is not public");
    }
    let bare: Variables = given
        .iter()
        .filter(|(name, _)| !names.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut required: BTreeSet<String> =
        checks.iter().filter(|name| names.contains(&name.as_str())).cloned().collect();
    let (mut complaints, mut notes) = (Vec::new(), Vec::new());
    match boot.attempt(&bare, "boot-bare") {
        Ok(Refused::Ended(said)) => {
            required.extend(names.iter().filter(|name| said.contains(**name)).map(|name| (*name).to_owned()));
            if required.is_empty() {
                complaints.push("without its variables the server ends, and names none of them".to_owned());
            }
        }
        Ok(Refused::Serves(server)) => {
            ask_health(&server, health);
            let said = server.said();
            if required.is_empty() {
                return report.judge(
                    asked,
                    vec![format!("the server starts without {}, and nothing checks them", names.join(", "))],
                    "",
                );
            }
            if is_checked_where_read(survey) {
                return report
                    .skip(asked, "each variable is checked where it is read, and the start reads none");
            }
            let silent: Vec<&String> = required.iter().filter(|name| !said.contains(name.as_str())).collect();
            if silent.is_empty() {
                notes.push("the first request is refused, not the start".to_owned());
            } else {
                let silent: Vec<&str> = silent.into_iter().map(String::as_str).collect();
                complaints.push(format!("the server starts without {}", silent.join(", ")));
            }
        }
        Err(error) => complaints.push(format!("{error:#}")),
    }
    if complaints.is_empty() && notes.is_empty() {
        let others = names.iter().map(|name| (*name).to_owned()).filter(|name| !required.contains(name));
        let asked: Vec<String> = required.iter().cloned().chain(others).take(MOST).collect();
        for name in asked {
            let mut one_less = given.clone();
            one_less.remove(&name);
            match boot.attempt(&one_less, "boot-one-less") {
                Ok(Refused::Ended(said)) if said.contains(name.as_str()) => {
                    required.insert(name);
                }
                Ok(Refused::Ended(_)) => {
                    complaints.push(format!("without {name} the server ends, and does not say why"));
                }
                Ok(Refused::Serves(server))
                    if ask_health(&server, health) && server.said().contains(name.as_str()) =>
                {
                    required.insert(name);
                }
                Ok(Refused::Serves(_)) if required.contains(&name) => {
                    complaints.push(format!("the server starts without {name}"));
                }
                // It can do without.
                Ok(Refused::Serves(_)) => {}
                Err(error) => complaints.push(format!("{error:#}")),
            }
        }
    }
    let mut seen: Vec<String> = required.into_iter().collect();
    seen.extend(notes);
    report.judge(asked, complaints, seen.join(", "));
}

/// Whether no code of the tree reads the variable: a package does when it is used, which the start cannot know of.
fn only_a_package_reads(survey: &Survey<'_>, name: &str) -> bool {
    let mut known = survey.env.iter().filter(|known| known.name == name);
    known.any(|known| known.implicit.is_some() && known.reads.is_empty())
}

/// Whether the modules of the environment that the migration writes look at a variable only when it is asked for.
fn is_checked_where_read(survey: &Survey<'_>) -> bool {
    let says = |text: &str| text.contains("// A variable is checked where it is read.");
    survey.project.files.iter().any(|file| says(&file.text))
}

/// Asks the server whether it is well: one that reads its variables with the first request says then what it lacks. Whether it is not.
fn ask_health(server: &Server, health: &[&str]) -> bool {
    health.iter().any(|path| server.send(&Request::get(*path)).is_ok_and(|answer| answer.status >= 500))
}

/// Variables that a schema of the server's code requires: keys of an object of schemas, without a default and not optional.
fn declared(survey: &Survey<'_>) -> BTreeSet<String> {
    let Ok(key) = Regex::new(r"(?m)^\s+([A-Z][A-Z0-9_]{2,}): (?:\[)?z\b") else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    for file in &survey.project.files {
        let on_server = matches!(survey.stack.side(file.id), Side::Server | Side::Both);
        let checks = file.text.contains("z.object(") || file.text.contains(".object({");
        if !on_server || !checks || !(file.text.contains("process.env") || file.text.contains("loadEnv")) {
            continue;
        }
        let keys: Vec<_> = key.captures_iter(&file.text).collect();
        for (at, captures) in keys.iter().enumerate() {
            let Some(name) = captures.get(1) else { continue };
            let end =
                keys.get(at + 1).and_then(|next| next.get(0)).map_or(file.text.len(), |next| next.start());
            let schema = &file.text[name.end()..end];
            let schema = schema.split("})").next().unwrap_or(schema);
            if !schema.contains(".optional()")
                && !schema.contains(".default(")
                && !schema.contains(".nullish()")
            {
                found.insert(name.as_str().to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use edit::RelPath;
    use project::Project;
    use std::path::Path;

    fn check(code: &str, alone: bool) {
        let package = r#"{"dependencies":{"next":"15.2.4","@vercel/blob":"1.0.0"}}"#;
        let files = [("package.json", package), ("app/api/files/route.ts", code)];
        let files =
            files.iter().map(|(path, text)| (RelPath::new(*path).unwrap(), (*text).to_owned())).collect();
        let project = Project::from_texts(Path::new("/export"), files);
        let stack = stack::Stack::detect(&project);
        let survey = Survey::of(&project, &stack);
        assert_eq!(only_a_package_reads(&survey, "BLOB_READ_WRITE_TOKEN"), alone, "{code}");
    }

    #[test]
    fn what_a_package_reads_when_it_is_used_is_none_of_the_start() {
        let used = "import { put } from '@vercel/blob';\nexport const POST = () => put('a', 'b', { access: 'public' });";
        check(used, true);
        check(&format!("{used}\nconst token = process.env.BLOB_READ_WRITE_TOKEN;"), false);
    }
}
