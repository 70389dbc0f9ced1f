//! From a shape to a verdict: what a token says of itself, and for Google keys, which API they are given to.

use super::judge::{claims, invented, placeholder};
use super::rules::{Kind, kind_of};
use crate::Confidence;
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What a value with a known shape is.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) kind: &'static str,
    pub(super) public: bool,
    pub(super) confidence: Confidence,
    pub(super) detail: Option<String>,
}

impl Verdict {
    fn of(kind: &'static Kind, confidence: Confidence) -> Self {
        Self { kind: &kind.id, public: kind.public, confidence, detail: None }
    }
}

/// The verdict on the value at `range` of `text`; `None` if it is no key after all: a placeholder, a local database, an asset.
/// `named` is what it is called there.
pub(super) fn of(
    kind: &'static Kind,
    text: &str,
    range: &Range<usize>,
    named: Option<&str>,
) -> Option<Verdict> {
    let value = text.get(range.clone())?;
    let certain = Verdict::of(kind, Confidence::Certain);
    match kind.id.as_str() {
        "jwt" => token(value),
        "database-url" => database(value).then_some(certain),
        "google-api-key" => Some(google(text, range, named)),
        "supabase-url" => {
            let rest = text.get(range.end..).unwrap_or("");
            let api = ["/functions/v1", "/rest/v1", "/auth/v1"].iter().any(|api| rest.starts_with(api));
            let detail = value
                .strip_prefix("https://")
                .and_then(|host| host.split('.').next())
                .map(|project| format!("project {project}"));
            (api || rest.starts_with(['"', '\'', '`'])
                || rest.starts_with("/\"")
                || rest.trim_start().is_empty()
                || rest.starts_with(['\n', '\r']))
            .then_some(Verdict { detail, ..certain })
        }
        "private-key" => {
            // A template that puts head and foot around a key from elsewhere holds none.
            let made = value.contains("...") || value.contains("${") || !holds_key(value);
            (!made && !value.to_lowercase().contains("your")).then_some(certain)
        }
        _ if invented(value) => None,
        "stripe-secret-key" if named.is_some_and(|name| name.to_lowercase().contains("clerk")) => {
            Some(Verdict { detail: Some("a Clerk key".to_owned()), ..certain })
        }
        _ => Some(certain),
    }
}

/// Whether a key stands between head and foot: code that takes them off has both words and nothing between, and so has a test.
fn holds_key(pem: &str) -> bool {
    let body = pem.replace("\\n", "").replace("\\r", "");
    let mut run = 0;
    body.chars().filter(|letter| !letter.is_whitespace() && !"'\"`+,;".contains(*letter)).any(|letter| {
        run = if letter.is_ascii_alphanumeric() || letter == '/' || letter == '=' { run + 1 } else { 0 };
        run >= 48
    })
}

/// Decodes a JSON Web Token: the role decides.
fn token(value: &str) -> Option<Verdict> {
    let claims = claims(value)?;
    let of = |id, confidence| Verdict::of(kind_of(id), confidence);
    let project = claims.project.as_deref().map(|project| format!("project {project}"));
    let issuer = claims
        .issuer
        .as_deref()
        .filter(|issuer| issuer.len() < 80)
        .map(|issuer| format!("issued by {issuer}"));
    let detail = [project, issuer].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let verdict = match (claims.role.as_deref(), claims.issuer.as_deref()) {
        (_, Some("supabase-demo")) => of("supabase-local-key", Confidence::Certain),
        (Some("anon"), _) => of("supabase-anon-key", Confidence::Certain),
        (Some("service_role"), _) => of("supabase-service-role-key", Confidence::Certain),
        _ if claims.brief => return None,
        // The sample of every tutorial.
        _ if claims.subject.as_deref() == Some("1234567890") => return None,
        _ => of("jwt", Confidence::Likely),
    };
    Some(Verdict { detail: Some(detail).filter(|detail| !detail.is_empty()), ..verdict })
}

/// Whether a database address opens something: a real host, a real password.
fn database(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let Some((login, host)) = rest.rsplit_once('@') else { return false };
    let password = login.split_once(':').map_or("", |(_, password)| password);
    let host = host.split(['/', ':', '?']).next().unwrap_or("");
    let local = !host.contains('.')
        || host.starts_with("127.")
        || host == "0.0.0.0"
        || host.ends_with(".internal")
        || host.ends_with(".local");
    let invented = placeholder(password)
        || placeholder(host)
        || ["pass", "pwd", "pw", "user", "username", "dbpassword", "yourpassword", "mypassword"]
            .contains(&password.to_lowercase().as_str())
        || password.contains(['[', ']', '{', '}', '$', '*'])
        || host.contains(['[', '{', '$']);
    !local && !invented
}

static PAID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)generativelanguage\.googleapis|GoogleGenerativeAI|@google/genai|@google/generative-ai|google\.generativeai|texttospeech\.googleapis|speech\.googleapis|vision\.googleapis|translation\.googleapis|aiplatform|gemini|genai|youtube/v3|customsearch",
    )
    .expect("the pattern compiles")
});
static FIREBASE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"authDomain|messagingSenderId|mobilesdk_app_id|storageBucket|firebaseapp\.com|identitytoolkit",
    )
    .expect("the pattern compiles")
});
static MAPS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)maps\.googleapis|google\.maps|react-google-maps|useJsApiLoader|useLoadScript|google-map-react|/maps/embed|maps/api").expect("the pattern compiles")
});

/// A Google key: public in a Firebase web configuration and in a map, a secret when it pays for an API. What stands nearest decides:
/// its own name, its own string, the lines around it, the file.
fn google(text: &str, range: &Range<usize>, named: Option<&str>) -> Verdict {
    let of = |id, confidence| Verdict::of(kind_of(id), confidence);
    let name = named.unwrap_or_default().to_lowercase();
    if name.contains("firebase") {
        return of("firebase-web-key", Confidence::Certain);
    }
    if name.contains("gemini")
        || name.contains("genai")
        || name.contains("generative")
        || name.contains("palm")
        || name.contains("vision")
        || name.contains("translate")
    {
        return of("gemini-api-key", Confidence::Certain);
    }
    if name.contains("map") || name.contains("places") {
        return of("google-maps-key", Confidence::Likely);
    }
    let around = |reach: usize| {
        let mut start = range.start.saturating_sub(reach);
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = (range.end + reach).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        &text[start..end]
    };
    let line_start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[line_start..range.end];
    for (reach, confidence) in
        [(line, Confidence::Certain), (around(500), Confidence::Certain), (text, Confidence::Likely)]
    {
        if FIREBASE.is_match(reach) {
            return of("firebase-web-key", confidence);
        }
        if PAID.is_match(reach) {
            return of("gemini-api-key", confidence);
        }
        if MAPS.is_match(reach) {
            return of("google-maps-key", confidence);
        }
    }
    of("google-api-key", Confidence::Possible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_and_invented_databases_are_no_secrets() {
        for address in [
            "postgres://postgres:postgres@localhost:5432/app",
            "postgresql://user:password@db.example.com/app",
            "mongodb://root:secret1@mongo:27017",
            "mysql://user:pass@host.tld/db",
            "postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co:5432/postgres",
            "postgres://${USER}:${PASS}@db.host.tld/x",
        ] {
            assert!(!database(address), "{address}");
        }
        assert!(database("postgresql://owner:npg7Fixture2Q@ep-quiet-1.eu.neon.tech/app"));
    }

    #[test]
    fn a_google_key_is_judged_by_its_use() {
        let key = format!("AIza{}", "Fixture0Only1Never2Real3Fixture4Key");
        let verdict = |text: String| {
            let start = text.find("AIza").unwrap();
            google(&text, &(start..start + 39), None).kind
        };
        assert_eq!(
            verdict(format!("const c = {{ apiKey: \"{key}\", authDomain: \"x.firebaseapp.com\" }}")),
            "firebase-web-key"
        );
        assert_eq!(
            verdict(format!("fetch(`https://generativelanguage.googleapis.com/v1?key={key}`)")),
            "gemini-api-key"
        );
        assert_eq!(
            verdict(format!("src=\"https://maps.googleapis.com/maps/api/js?key={key}\"")),
            "google-maps-key"
        );
        assert_eq!(verdict(format!("const KEY = \"{key}\"")), "google-api-key");
    }
}
