//! What is wrong, one finding per value and fate.

use super::places::{Stays, Value, Way, values};
use super::rename::{self, Fate};
use super::{COMMITTED, EXAMPLE, IN_BROWSER, IN_SOURCE, IN_TEXT, PASSWORD, PUBLIC, PUBLISHED, SIGNING, SWAP};
use audit::env::Fallback;
use audit::finding::Related;
use audit::secret::{Secret, kind_of};
use audit::session::{Mark, Session};
use audit::{Confidence, Finding, Rule, Severity, Survey};
use edit::{FileId, Span};
use stack::Side;
use std::collections::BTreeMap;

/// Every finding of the codemod.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut passwords: BTreeMap<FileId, Vec<(&Secret, Stays)>> = BTreeMap::new();
    let values = values(survey);
    let published = rename::published(survey);
    // A value behind a variable that publishes it is told with the variable.
    let behind = |value: &Value<'_>| {
        let name = |secret: &Secret| super::places::read_behind(survey, secret).map(|(name, _)| name);
        value.moves.is_empty()
            && value.stays.iter().all(|(secret, _)| {
                let name = name(secret);
                published.iter().any(|one| name == Some(one.name.name.as_str()))
            })
    };
    for value in &values {
        found.extend(moving(survey, value));
        if behind(value) {
            continue;
        }
        match value.stays.iter().min_by_key(|(_, stays)| weight(*stays)) {
            Some((first, Stays::Browser | Stays::People)) if first.kind == "password-literal" => {
                passwords.entry(first.span.file).or_default().extend(value.stays.iter().copied());
            }
            Some((first, stays)) => found.push(staying(survey, value, first, *stays)),
            None => {}
        }
    }
    found.extend(passwords.into_values().filter_map(|places| people(survey, places)));
    for one in &published {
        let secrets = values.iter().flat_map(|value| &value.stays).map(|(secret, _)| *secret);
        let stands =
            secrets.filter(|secret| one.name.reads.iter().any(|read| read.whole.covers(secret.span)));
        found.push(published_variable(one, stands.collect()));
    }
    found.extend(swaps(survey));
    found
}

/// The rule under which the places of a value that move are found.
pub(super) fn rule_of_moves(value: &Value<'_>) -> &'static Rule {
    let (first, way) = value.moves.first().map_or((value.first(), Way::Read), |(first, way)| (*first, *way));
    if first.public_by_design {
        &PUBLIC
    } else if value.moves.iter().all(|(_, way)| *way == Way::Example) {
        &EXAMPLE
    } else if first.kind == "signing-secret" {
        &SIGNING
    } else if first.kind == "password-literal" || way == Way::Compared {
        &PASSWORD
    } else {
        &IN_SOURCE
    }
}

fn moving(survey: &Survey<'_>, value: &Value<'_>) -> Option<Finding> {
    let (first, _) = value.moves.first()?;
    let rule = rule_of_moves(value);
    let what = described(first);
    let name = &first.env_name;
    let rotate = rotation(first);
    let (message, todo) = if first.public_by_design {
        let care = match first.kind.as_str() {
            "firebase-web-key" => " What protects it are security rules and a restriction to your domains.",
            "google-maps-key" => {
                " Restrict it to your domains in the Google Cloud console, or others spend your quota."
            }
            "supabase-anon-key" | "supabase-publishable-key" => {
                " What protects the data are the policies of the tables."
            }
            _ => "",
        };
        (
            format!("{what} stands in the source. It is public by design: configuration, not a leak.{care}"),
            format!(
                "Read it from the environment as `{}`, so that each deployment can have its own.",
                super::fix::public_name(survey, name)
            ),
        )
    } else if rule.id == EXAMPLE.id {
        (format!("{what} stands in an example env file."), format!("Leave `{name}` empty there. {rotate}"))
    } else if rule.id == SIGNING.id {
        let known = if first.placeholder { ", and everybody can guess it" } else { "" };
        (
            format!("{what} for `{name}` stands in the source{known}."),
            format!("Require `{name}` on the server, without a default. {rotate}"),
        )
    } else if rule.id == PASSWORD.id {
        (
            format!("A password is compared with a text in the source ({name})."),
            format!(
                "Read `{name}` from the server's environment until there are real accounts, and choose a new password."
            ),
        )
    } else {
        (
            format!("{what} stands in the source."),
            format!("Read it from the server's environment as `{name}`. {rotate}"),
        )
    };
    let others = value.moves[1..].iter().map(|(secret, _)| (*secret, "the same value"));
    let left = value.stays.iter().map(|(secret, _)| (*secret, "the same value, not rewritten here"));
    let mut found = finding(rule, first, message, todo, others.chain(left).collect());
    if rule.id == IN_SOURCE.id && first.confidence == Confidence::Possible {
        found.severity = found.severity.max(Severity::Warning);
    }
    Some(found)
}

/// The passwords that stand in one file and stay there: one cause, whatever their number.
fn people(survey: &Survey<'_>, mut places: Vec<(&Secret, Stays)>) -> Option<Finding> {
    places.sort_by_key(|(secret, stays)| (weight(*stays), secret.span.file, secret.span.start));
    let (first, stays) = *places.first()?;
    let file = survey.project.get(first.span.file);
    let pretended = |session: &Session| {
        session.span.file == first.span.file
            && session.side != Side::None
            && matches!(session.mark, Some(Mark::LiteralPassword | Mark::PasswordList))
    };
    // The sign-in that only compares is told of as such, passwords included.
    if survey.sessions.iter().any(pretended) {
        return None;
    }
    let own = places.iter().filter(|(secret, _)| secret.span.file == first.span.file).count();
    let some = |one: &str, many: &str| if own == 1 { one.to_owned() } else { format!("{own} {many}") };
    let seeds = ["seed", "demo", "sample", "fixture", "mock"];
    let seeded = file
        .path
        .as_str()
        .split(['/', '.', '-', '_'])
        .any(|part| seeds.iter().any(|word| part.to_lowercase().trim_end_matches('s') == *word));
    let compared = places.iter().any(|(secret, _)| super::places::compared(file, secret));
    let mut shown = places.iter().filter(|(_, stays)| *stays == Stays::Browser).map(|(secret, _)| *secret);
    let shown = stays == Stays::Browser
        && !compared
        && shown.all(|secret| super::places::of_demonstration(survey.project.get(secret.span.file), secret));
    let (message, todo) = if shown {
        (
            some("A login for demonstration stands", "logins for demonstration stand")
                + " in a file that the browser loads, password included.",
            "If visitors are meant to use it, see that its account changes nothing that others see. Otherwise take it out, and choose a new password.",
        )
    } else if stays == Stays::Browser && compared {
        (
            some("A password is checked", "passwords are checked")
                + " in the browser, where everybody can read it.",
            "Check passwords on the server, against a hash, and let it set the session. Until then the page behind it is open to everyone.",
        )
    } else if stays == Stays::Browser && !seeded {
        (
            some("A login stands", "logins stand") + " in a file that the browser loads, password included.",
            "Keep people in a user store with hashed passwords (the auth service of the backend does this), and choose new passwords.",
        )
    } else if seeded {
        (
            some("A password", "passwords")
                + " of accounts that are made for a start or a demonstration stands in the source.",
            "Take it from a variable, and make sure that no account with it is left in production.",
        )
    } else {
        (
            some("A login is", "logins are") + " written down in the source.",
            "Keep people in a user store with hashed passwords (the auth service of the backend does this), and choose new passwords.",
        )
    };
    let others = places.iter().skip(1).map(|(secret, _)| (*secret, "another, or the same again"));
    let mut found = finding(&PASSWORD, first, message, todo.to_owned(), others.collect());
    if (seeded || shown) && !compared {
        found.severity = Severity::Warning;
    }
    Some(found)
}

fn staying(survey: &Survey<'_>, value: &Value<'_>, first: &Secret, stays: Stays) -> Finding {
    let what = described(first);
    let name = &first.env_name;
    let rotate = rotation(first);
    let prefix = survey.stack.framework.public_prefix().unwrap_or("a public prefix");
    let (rule, message, todo) = match stays {
        Stays::People => (
            &PASSWORD,
            "A login is written down in the source.".to_owned(),
            "Keep people in a user store with hashed passwords (the auth service of the backend does this), and choose new passwords.".to_owned(),
        ),
        Stays::Browser => (
            &IN_BROWSER,
            format!("{what} is in the browser bundle."),
            format!(
                "Move the call that needs it to the server and read `{name}` there. A variable with `{prefix}` would publish it just the same. {rotate}"
            ),
        ),
        Stays::Committed => (
            &COMMITTED,
            format!("{what} is in an env file that git tracks."),
            format!("Take the file out of git (`git rm --cached`), keep `{name}` at the host. {rotate}"),
        ),
        Stays::Text => (
            &IN_TEXT,
            format!("{what} is written into {}.", text_named(survey, first)),
            format!("Take it out there by hand: nothing at this place can read a variable. {rotate}"),
        ),
        Stays::Unreached => (
            if first.kind == "signing-secret" { &SIGNING } else { &IN_SOURCE },
            format!("{what} stands in a file that nothing reaches."),
            format!("Delete the file, or read `{name}` from the server's environment when it is used again. {rotate}"),
        ),
        Stays::Config => (
            &IN_SOURCE,
            format!("{what} stands in a configuration file."),
            format!("Set `{name}` at the host and take it out of the file. {rotate}"),
        ),
        Stays::Odd => (
            &IN_SOURCE,
            format!("{what} stands in the source, at a place that cannot be rewritten by itself."),
            format!("Read `{name}` from the server's environment. {rotate}"),
        ),
        Stays::Unsupported => (
            &IN_SOURCE,
            format!("{what} stands in the source."),
            format!("Keep `{name}` on a server of yours. {rotate}"),
        ),
    };
    let others = value
        .stays
        .iter()
        .filter(|(secret, _)| secret.span != first.span)
        .map(|(secret, _)| (*secret, "the same value"));
    let mut found = finding(rule, first, message, todo, others.collect());
    if first.confidence == Confidence::Possible || is_seed(survey, first) {
        found.severity = Severity::Warning;
    }
    found
}

/// Whether a value stands in SQL that fills a database for trying things out: whoever runs it elsewhere opens an account there.
fn is_seed(survey: &Survey<'_>, secret: &Secret) -> bool {
    let file = survey.project.get(secret.span.file);
    let name = file.path.name().to_ascii_lowercase();
    let kind = secret.kind.as_str();
    file.kind == project::Kind::Sql
        && kind == "password-literal"
        && ["seed", "test", "demo"].iter().any(|word| name.contains(word))
}

/// The worst place speaks for the value.
fn weight(stays: Stays) -> usize {
    match stays {
        Stays::Browser => 0,
        Stays::People => 1,
        Stays::Odd | Stays::Unsupported => 2,
        Stays::Config => 3,
        Stays::Unreached => 4,
        Stays::Committed => 5,
        Stays::Text => 6,
    }
}

fn finding(
    rule: &'static Rule,
    first: &Secret,
    message: String,
    todo: String,
    others: Vec<(&Secret, &str)>,
) -> Finding {
    let related = others.into_iter().take(50);
    Finding {
        rule: rule.id,
        severity: rule.severity,
        confidence: first.confidence,
        span: first.span,
        message,
        why: rule.why.to_owned(),
        todo,
        related: related
            .map(|(secret, message)| Related { span: secret.span, message: message.to_owned() })
            .collect(),
        subject: first.env_name.clone(),
    }
}

/// `OpenAI API key sk-p…#1a2b3c4d`.
fn described(secret: &Secret) -> String {
    let title = &kind_of(&secret.kind).title;
    let mut letters = title.chars();
    let title: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let detail = secret.detail.as_deref().map(|detail| format!(", {detail}")).unwrap_or_default();
    if secret.public_by_design || secret.masked == "…" {
        return format!(
            "{title}{}",
            if detail.is_empty() { String::new() } else { format!(" ({})", &detail[2..]) }
        );
    }
    format!("{title} ({}{detail})", secret.masked)
}

fn rotation(secret: &Secret) -> String {
    match kind_of(&secret.kind).rotate.as_deref() {
        Some(place) if place.starts_with("http") => format!("Rotate it: {place}."),
        Some(place) if place.starts_with('`') => format!("Make a new one ({place})."),
        Some(place) => format!("Rotate it at {place}."),
        None => "Rotate it.".to_owned(),
    }
}

fn text_named(survey: &Survey<'_>, secret: &Secret) -> &'static str {
    use project::Kind;
    match survey.project.get(secret.span.file).kind {
        _ if secret.place == audit::secret::Place::Comment => "a comment",
        Kind::Markdown => "a document",
        Kind::Sql => "a database script",
        Kind::Html => "a page",
        Kind::Code(_) => "a script that is served as it stands",
        _ => "a text file",
    }
}

const READ_LATER: &str = "The bundler copies the value into the files that every visitor loads as soon as any code of the browser reads it.";

fn published_variable(published: &rename::Published<'_>, behind: Vec<&Secret>) -> Finding {
    let name = &published.name.name;
    let span = published.name.reads.first().map(|read| read.span).or(published
        .name
        .definitions
        .first()
        .map(|known| known.span));
    let span = span.unwrap_or(Span { file: edit::FileId(0), start: 0, end: 0 });
    let (message, todo, severity) = match &published.fate {
        Fate::Renamed { to, .. } => (
            format!("The name of `{name}` publishes a secret, though only the server reads it."),
            format!("Call it `{to}` in code, env files and at the host."),
            Severity::Warning,
        ),
        Fate::Browser => (
            format!("`{name}` is a secret by its name, and the browser bundle reads it."),
            format!(
                "Move the call that needs it to the server, read `{}` there, and rotate the value: every visitor had it.",
                audit::env::without_public_prefix(name)
            ),
            Severity::Hole,
        ),
        Fate::Left(why) => (
            format!("The name of `{name}` publishes a secret."),
            format!("Rename it by hand: {why}."),
            Severity::Hole,
        ),
        Fate::Unused => (
            format!("`{name}` would publish a secret as soon as code reads it."),
            "Remove it, or give it a name without the public prefix.".to_owned(),
            Severity::Warning,
        ),
    };
    let reads = published.name.reads.iter().map(|read| (read.span, "read here"));
    let definitions = published.name.definitions.iter().map(|known| (known.span, "defined here"));
    let values =
        behind.iter().map(|secret| (secret.span, "and a value stands behind it, which everybody can read"));
    let related = values.chain(reads).chain(definitions).filter(|(other, _)| *other != span).take(50);
    Finding {
        rule: PUBLISHED.id,
        severity,
        confidence: Confidence::Certain,
        span,
        message,
        why: match &published.fate {
            // No page gets it today.
            Fate::Renamed { .. } => READ_LATER.to_owned(),
            _ => PUBLISHED.why.to_owned(),
        },
        todo,
        related: related.map(|(span, message)| Related { span, message: message.to_owned() }).collect(),
        subject: name.clone(),
    }
}

/// `SERVICE_KEY || ANON_KEY`.
fn swaps(survey: &Survey<'_>) -> Vec<Finding> {
    let mighty =
        |name: &str| name.contains("SERVICE") || name.contains("SECRET_KEY") || name.contains("ADMIN");
    let open = |name: &str| name.contains("ANON") || name.contains("PUBLISHABLE");
    let mut found = Vec::new();
    for name in &survey.env {
        for read in &name.reads {
            let Fallback::OtherEnv(other) = &read.fallback else { continue };
            let differ = mighty(&name.name) && open(other) || open(&name.name) && mighty(other);
            if !differ {
                continue;
            }
            found.push(Finding {
                rule: SWAP.id,
                severity: SWAP.severity,
                confidence: Confidence::Certain,
                span: read.whole,
                message: format!(
                    "`{}` or `{other}`, whichever is set: the code has the power of one or of the other.",
                    name.name
                ),
                why: SWAP.why.to_owned(),
                todo: "Name the one key that this code needs, and let it fail without.".to_owned(),
                related: Vec::new(),
                subject: format!("{} {other}", name.name),
            });
        }
    }
    found
}
