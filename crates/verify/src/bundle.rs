//! The files that the browser gets, read as an attacker would: for keys, tokens, secrets, and the names of what the server reads.

use crate::environment::Variable;
use crate::report::{Report, asked};
use crate::scratch;
use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// At most so many complaints of a kind.
const MOST: usize = 8;

/// Shapes of what no browser may get, with what they are.
const SHAPES: &[(&str, &str)] = &[
    (r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", "a signed token (JWT)"),
    (r"sb_secret_[A-Za-z0-9_-]{8,}", "a secret key of Supabase"),
    // As a value: a page may well speak of it.
    (r#"["'`]service_role["'`]"#, "the name of the role that passes every policy"),
    (r"\bsk_(live|test)_[A-Za-z0-9]{16,}", "a secret key of Stripe"),
    (r"\bwhsec_[A-Za-z0-9]{16,}", "a webhook secret"),
    (r"\bsk-(proj-|ant-)?[A-Za-z0-9_-]{24,}", "a key of a model provider"),
    (r"\bgsk_[A-Za-z0-9]{24,}", "a key of a model provider"),
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "a private key"),
    (r"\bgh[pousr]_[A-Za-z0-9]{30,}", "a token of GitHub"),
    (r"\bAKIA[0-9A-Z]{16}\b", "an access key of AWS"),
    (r"postgres(ql)?://[^\s:@/]+:[^\s:@/]+@", "the password of a database"),
];

/// A policy that asks for the role: SQL that a page shows to whoever sets the app up.
const POLICY: &str = r"(auth\.role\(\)|->>\s*'role'\)?)(::text)?\s*=\s*'service_role'";

/// Reads the files below `folders` of the app and judges them.
pub(crate) fn probe(
    app: &Path,
    folders: &[&str],
    variables: &[Variable],
    server_names: &[String],
    report: &mut Report,
) {
    let there: Vec<&str> = folders.iter().copied().filter(|folder| app.join(folder).is_dir()).collect();
    if there.is_empty() {
        for asked in [&asked::KEYS, &asked::NAMES, &asked::SOURCE_MAPS] {
            report.skip(asked, format!("the build left nothing in {}", folders.join(", ")));
        }
        return;
    }
    let public: Vec<&str> = variables
        .iter()
        .filter(|variable| variable.public && variable.value.len() > 20)
        .map(|variable| variable.value.as_str())
        .collect();
    let shapes: Vec<(Regex, &str)> =
        SHAPES.iter().filter_map(|(shape, what)| Some((Regex::new(shape).ok()?, *what))).collect();
    let policy = Regex::new(POLICY).ok();
    let (mut keys, mut names, mut maps, mut files) = (Vec::new(), BTreeSet::new(), Vec::new(), 0);
    for folder in there {
        for file in scratch::walked(&app.join(folder)) {
            let Ok(bytes) = fs::read(app.join(folder).join(&file)) else { continue };
            files += 1;
            let shown = format!("{folder}/{file}");
            if file.ends_with(".map") {
                maps.push(format!("{shown} is a source map: it holds the source, comments and all"));
            }
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            // What is public by its name is public; only what else is there counts.
            for value in &public {
                text = text.replace(value, "");
            }
            if let Some(policy) = &policy {
                text = policy.replace_all(&text, "").into_owned();
            }
            for variable in variables.iter().filter(|variable| variable.canary) {
                if text.contains(&variable.value) {
                    keys.push(format!("{shown} holds the value of {}", variable.name));
                }
            }
            let hidden = variables.iter().filter(|variable| !variable.public && !variable.canary);
            for variable in hidden.filter(|variable| variable.value.len() > 40) {
                if text.contains(&variable.value) {
                    keys.push(format!("{shown} holds the value of {}", variable.name));
                }
            }
            for (shape, what) in &shapes {
                if shape.is_match(&text) {
                    keys.push(format!("{shown} holds {what}"));
                }
            }
            let named = server_names.iter().filter(|name| holds_word(&text, name));
            names.extend(named.map(|name| format!("{shown} names {name}")));
        }
    }
    keys.truncate(MOST);
    maps.truncate(MOST);
    let seen = format!("{files} files");
    report.judge(&asked::KEYS, keys, seen.clone());
    report.judge(&asked::NAMES, names.into_iter().take(MOST).collect(), seen);
    report.judge(&asked::SOURCE_MAPS, maps, "");
}

/// Whether `text` holds `word`, and not as a part of a longer one.
fn holds_word(text: &str, word: &str) -> bool {
    let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(joins)
            && !text[at + word.len()..].chars().next().is_some_and(joins)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist/assets");
        fs::create_dir_all(&dist).unwrap();
        fs::write(dist.join("index.js"), text).unwrap();
        let secret = Variable {
            name: "MAIL_KEY".into(),
            value: "canary-mail-key".into(),
            public: false,
            canary: true,
        };
        let public = Variable {
            name: "VITE_KEY".into(),
            value: "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl".into(),
            public: true,
            canary: false,
        };
        let mut report = Report::default();
        probe(folder.path(), &["dist"], &[secret, public], &["MAIL_KEY".to_owned()], &mut report);
        let failed = report.probes.iter().filter(|probe| probe.outcome == crate::Outcome::Fail);
        assert_eq!(failed.map(|probe| probe.id).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_value_of_the_server_in_a_file_of_the_browser_is_found() {
        check("fetch('/mail', { headers: { key: 'canary-mail-key' } })", &["browser-keys"]);
    }

    #[test]
    fn a_name_of_the_server_is_found_only_as_a_whole_word() {
        check("process.env.MAIL_KEY", &["browser-names"]);
        check("process.env.OLD_MAIL_KEYS", &[]);
    }

    #[test]
    fn a_role_is_found_as_a_value_and_may_be_spoken_of() {
        check("const role = 'service_role'", &["browser-keys"]);
        check("show(`using (auth.jwt()->>'role' = 'service_role')`)", &[]);
        check("h('p', null, 'Keep the service_role key on the server.')", &[]);
    }

    #[test]
    fn a_token_is_found_unless_its_name_makes_it_public() {
        check("'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl'", &[]);
        check("'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYWRtaW4ifQ.c2lnbmF0dXJl'", &["browser-keys"]);
    }
}
