//! Headers of their own that pages and edge functions tell each other: the server in between hands them on.

use super::client::in_browser;
use super::template::Uses;
use super::uses;
use audit::Survey;
use audit::query::Kind;
use regex::Regex;
use stack::Side;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// `{ "x-tenant": … }`, `headers.set("x-tenant", …)`, `headers["x-tenant"] = …`
static SENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)["'](x-[a-z0-9-]+)["'](?:\s*[:,]|\]\s*[:=])"#).expect("a valid pattern")
});
/// `headers.get("x-job")`
static READ: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(?i)headers\.get\(\s*["'](x-[a-z0-9-]+)["']"#).expect("a valid pattern"));
/// `req.headers.get("origin")` in an edge function: what browsers say by themselves.
static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)headers\.get\(\s*["'](origin|referer|user-agent|accept-language|x-forwarded-for)["']"#)
        .expect("a valid pattern")
});
/// What proxies and libraries say on their own, and what would tell an address that is not the visitor's.
const OTHERS: &[&str] = &["x-client-info", "x-requested-with", "x-real-ip", "x-default", "x-upsert"];

/// The names that pages send, and those that they read, each as the rest of a list.
pub(super) fn of(survey: &Survey<'_>) -> [(&'static str, String); 2] {
    let (mut sent, mut read) = (BTreeSet::new(), BTreeSet::new());
    for file in uses::code(survey).filter(|file| in_browser(survey.stack.side(file.id))) {
        if file.text.contains(".functions") || file.text.contains("functions/v1") {
            sent.extend(names(&SENT, &file.text));
            read.extend(names(&READ, &file.text));
        }
    }
    sent.extend(asked(survey));
    let rest = |names: BTreeSet<String>| names.iter().map(|name| format!(", \"{name}\"")).collect();
    [("__SENT__", rest(sent)), ("__READ__", rest(read))]
}

/// What edge functions read of a request that every browser says: the server says it in its place.
pub(super) fn asked(survey: &Survey<'_>) -> BTreeSet<String> {
    let edge = uses::code(survey).filter(|file| survey.stack.side(file.id) == Side::Edge);
    edge.flat_map(|file| ASKED.captures_iter(&file.text).map(|found| found[1].to_ascii_lowercase())).collect()
}

/// The part of the session's client that says it, and its list of names, where the server calls edge functions.
pub(super) fn passed_on(survey: &Survey<'_>, uses: &mut Uses) -> (&'static str, String) {
    let calls = survey.queries.iter().any(|query| query.kind == Kind::EdgeFunction);
    let asked = if calls { asked(survey) } else { BTreeSet::new() };
    if !asked.is_empty() {
        uses.add("passedOn");
    }
    if asked.contains("origin") {
        uses.add("origin");
    }
    let names = asked.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    ("__PASSED_ON__", names)
}

fn names<'t>(pattern: &'t Regex, text: &'t str) -> impl Iterator<Item = String> + 't {
    let found = pattern.captures_iter(text).map(|found| found[1].to_ascii_lowercase());
    found.filter(|name| !OTHERS.contains(&name.as_str()) && !name.starts_with("x-forwarded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_the_app_are_told_from_those_of_proxies() {
        let text = r#"{ "X-Tenant": t, "x-forwarded-for": ip, 'x-role': r }; h.set("x-trace", id); h["x-lang"] = l; "x-y"; h.get("x-job")"#;
        let sent: Vec<String> = names(&SENT, text).collect();
        assert_eq!(sent, ["x-tenant", "x-role", "x-trace", "x-lang"]);
        assert_eq!(names(&READ, "response.headers.get('X-Job')").collect::<Vec<_>>(), ["x-job"]);
    }
}
