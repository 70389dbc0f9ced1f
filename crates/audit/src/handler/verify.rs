//! Whether what a caller sends is looked at by somebody who can judge it.

use crate::identity::asks_for_session;
use edit::Span;
use project::Project;

/// Whether a function, or one that it calls, verifies a session, as far as that can be told: it is only said to look whether
/// something was sent where it reads a header or a cookie itself and hands what it reads to nobody who could judge it.
pub(super) fn verifies(project: &Project, function: Span) -> bool {
    const MARKS: &[&str] = &[
        "verify",
        "Verify",
        "auth(",
        "NextAuth(",
        "getSession",
        "currentUser",
        "CurrentUser",
        "getAuth(",
        "validateSession",
        "sessions",
        "session.",
        "getServerUser",
        // What was sent is looked up, or compared, by its hash.
        "createHash(",
        "crypto.subtle.",
        "timingSafeEqual(",
        "bcrypt.compare",
        "_hash",
        "Hash",
        "api_keys",
        "apiKeys",
        "AccessToken(",
        "access_tokens",
        "introspect",
        // Compared letter by letter.
        "charCodeAt(",
        // Handed on to a service that judges it.
        "uthorization: bearer",
        "uthorization: auth",
        "setCredentials(",
    ];
    const SENT: &[&str] = &[
        "cookies.get",
        "cookies().get",
        "cookies()).get",
        "cookieStore.get",
        "headers.get",
        "headers().get",
        "getHeader(",
        "getCookie(",
        "headers.authorization",
        "headers[",
        ".header(",
        "req.cookies",
        "request.cookies",
    ];
    let functions = super::reach::functions(project, function, 4);
    let text = |span: &Span| project.get(span.file).text.get(span.range()).unwrap_or_default();
    let has =
        |marks: &[&str]| functions.iter().any(|span| marks.iter().any(|mark| text(span).contains(mark)));
    let handed_on = || functions.iter().any(|span| hands_on(text(span)) || sends_on(text(span), SENT));
    let sent = functions.iter().any(|span| SENT.iter().any(|mark| takes(text(span), mark)));
    !sent || has(MARKS) || handed_on() || functions.iter().any(|span| asks_for_session(text(span)))
}

/// Whether a text reads what `mark` reads, and that may be something that a caller proves themselves with: where a request
/// comes from, and in which form, proves nothing and is asked for other reasons.
fn takes(text: &str, mark: &str) -> bool {
    const OF_THE_WAY: &[&str] = &[
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
        "user-agent",
        "accept-language",
        "content-type",
        "content-length",
        "origin",
        "referer",
        "host",
    ];
    text.match_indices(mark).any(|(at, _)| {
        let rest = text[at + mark.len()..].trim_start_matches(['(', ' ', '\n']);
        let named = rest.strip_prefix(['"', '\'']).and_then(|rest| rest.split(['"', '\'']).next());
        !named.is_some_and(|name| OF_THE_WAY.contains(&name.to_ascii_lowercase().as_str()))
    })
}

/// Whether a header that is read is sent on under its own name: whoever gets it judges it.
fn hands_on(text: &str) -> bool {
    let mut read = text.split("headers.get(").skip(1).filter_map(|rest| {
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next().filter(|name| !name.is_empty())
    });
    text.contains("fetch(")
        && read.any(|name| text.contains(&format!("\"{name}\":")) || text.contains(&format!("'{name}':")))
}

/// Whether what a constant holds of the request goes on as the caller's own credentials: `Authorization: `Bearer ${token}``.
fn sends_on(text: &str, sent: &[&str]) -> bool {
    let flat = || text.split_whitespace().collect::<String>().to_ascii_lowercase();
    let mut read = sent.iter().flat_map(|mark| text.match_indices(mark)).filter_map(|(at, mark)| {
        let declared = text[..at].rsplit_once("const ")?.1;
        let (name, rest) = declared.split_once('=')?;
        let name = name.trim();
        let plain = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        (plain(name) && !rest.contains(';') && takes(&text[at..], mark)).then(|| name.to_ascii_lowercase())
    });
    text.contains("fetch(") && {
        let flat = flat();
        read.any(|name| {
            let goes = |value: &str| {
                ["authorization:", "authorization':", "authorization\":", "cookie:", "cookie':", "cookie\":"]
                    .iter()
                    .any(|header| flat.contains(&format!("{header}{value}")))
            };
            goes(&format!("`bearer${{{name}}}`")) || goes(&format!("{name},")) || goes(&format!("{name}}}"))
        })
    }
}
