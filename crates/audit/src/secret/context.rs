//! Secrets in code: shapes at their place in the tree, and values that only their context gives away.

use super::harmless;
use super::place::{self, Position};
use super::{Found, Place, judge, kind_of, password, rules, verdict};
use crate::Confidence;
use crate::env::{secret_by_name, words};
use project::File;
use regex::Regex;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;
use syntax::Node;
use syntax::{Tree, view};

/// A text in which none of these stands before a quoted value holds nothing that only context gives away; it is not parsed for it.
static SUSPICIOUS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i-u)passw|passwd|pwd|passcode|senha|contrase|parola|\bpass\b|\bpin\b|\bword\b|secret|token|api[_-]?key|credential|bearer|access[_-]?key|authorization|jwt|signing|hmac|_key\b|\bkey\b",
    )
    .expect("the pattern compiles")
});
/// How far from its word a value stands, in bytes.
const NEAR: usize = 120;
static PARAMETER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[?&](?i:key|api_?key|api-key|appid|app_key|access_?token|token|client_?secret|secret|auth)=([A-Za-z0-9_.\-]{16,})")
        .expect("the pattern compiles")
});
static SIGNING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"jsonwebtoken|(?-u:\b)jose(?-u:\b)|createHmac|createCipheriv|crypto-js|express-session|cookie-session|cookie-parser|iron-session|better-auth|next-auth|express-jwt|fastify/jwt")
        .expect("the pattern compiles")
});
static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:Bearer|Basic|Token|Key|Api-Key|KakaoAK|Client-ID) +(\S{8,})$")
        .expect("the pattern compiles")
});

/// Every secret and public key in a code file.
pub(super) fn of_code(file: &File) -> Vec<Found> {
    let shapes = rules::shapes(&file.text);
    let suspicious = SUSPICIOUS.find_iter(&file.text).any(|word| quotes_after(&file.text, word.end()))
        || PARAMETER.is_match(&file.text);
    if shapes.is_empty() && !suspicious {
        return Vec::new();
    }
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut search = Search {
        file,
        tree,
        served: served(file),
        // Logins of tests open nothing.
        tested: stack::is_surely_test(file),
        signing: SIGNING.is_match(&file.text),
        found: Vec::new(),
    };
    for (kind, range) in shapes {
        search.shape(kind, range);
    }
    if suspicious {
        search.parameters();
        view::walk(tree.root(), &mut |node| {
            match node.kind() {
                "string" | "template_string" if !search.tested => search.string(node),
                "object" if !search.tested => search.login(node),
                _ => {}
            }
            true
        });
    }
    search.found
}

/// Whether a quote opens three bytes or more of one value near `at`, on its line.
fn quotes_after(text: &str, at: usize) -> bool {
    let bytes = &text.as_bytes()[at..];
    let line = bytes.iter().take(NEAR + 1).position(|byte| *byte == b'\n').unwrap_or(NEAR + 1);
    let quote = |byte: u8| matches!(byte, b'"' | b'\'' | b'`');
    bytes.windows(4).take(line).any(|near| {
        quote(near[0]) && near[1..].iter().all(|byte| !quote(*byte) && !byte.is_ascii_whitespace())
    })
}

/// Files that are served as they are, such as a service worker: no bundler replaces anything in them.
fn served(file: &File) -> bool {
    // Below the folders of an app's code, `public` is a part of an address.
    let mut parts =
        file.path.folder().split('/').take_while(|part| !matches!(*part, "app" | "src" | "pages"));
    parts.any(|part| part == "public")
}

struct Search<'t> {
    file: &'t File,
    tree: &'t Tree,
    served: bool,
    tested: bool,
    /// The file signs or encrypts something.
    signing: bool,
    found: Vec<Found>,
}

impl<'t> Search<'t> {
    fn known(&self, range: &Range<usize>) -> bool {
        self.found.iter().any(|found| found.range.start < range.end && range.start < found.range.end)
    }

    fn push(
        &mut self,
        range: Range<usize>,
        position: Position<'t>,
        kind: &'static str,
        confidence: Confidence,
    ) {
        if self.known(&range) || harmless::of_made_up_account(self.tree, kind, &range) {
            return;
        }
        let public = kind_of(kind).public;
        let place = if self.served { Place::Text } else { position.place };
        let (literal, named, owner) = (position.literal, position.named, position.owner);
        self.found.push(Found {
            range,
            literal,
            kind,
            public,
            place,
            named,
            owner,
            confidence,
            detail: None,
        });
    }

    fn shape(&mut self, kind: &'static rules::Kind, range: Range<usize>) {
        let position = place::of_range(self.tree, &range);
        let Some(verdict) = verdict::of(kind, &self.file.text, &range, position.named.as_deref()) else {
            return;
        };
        // The project's address is configuration where code uses it, not in comments, images and preconnect links.
        let used = matches!(position.place, Place::Literal | Place::Fallback | Place::DefaultParameter)
            || position.place == Place::InsideString && self.api_address(&range);
        if verdict.kind == "supabase-url" && !used || position.no_value {
            return;
        }
        self.push(range, position, verdict.kind, verdict.confidence);
        if let Some(found) = self.found.last_mut() {
            found.detail = verdict.detail;
        }
    }

    fn api_address(&self, range: &Range<usize>) -> bool {
        let rest = self.file.text.get(range.end..).unwrap_or("");
        ["/functions/v1", "/rest/v1", "/auth/v1"].iter().any(|api| rest.starts_with(api))
    }

    /// `?key=…` in an address.
    fn parameters(&mut self) {
        let text = &self.file.text;
        for captures in PARAMETER.captures_iter(text) {
            let Some(value) = captures.get(1) else { continue };
            let before = &text[..value.start()];
            let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
            // Download links of storage services carry a token by design.
            if line.contains("alt=media") || line.contains("/storage/v1/") || !judge::random(value.as_str()) {
                continue;
            }
            let mut position = place::of_range(self.tree, &value.range());
            let host = line
                .rsplit("://")
                .next()
                .and_then(|address| address.split(['/', '?']).next())
                .filter(|_| line.contains("://"));
            position.owner = host.map(service_of).or(position.owner);
            position.named = Some("API_KEY".to_owned());
            self.push(value.range(), position, "api-key", Confidence::Likely);
        }
    }

    /// A string that a name, a comparison or a call gives away.
    fn string(&mut self, node: Node<'t>) {
        let range = node.byte_range();
        if range.len() < 5 || range.len() > 700 {
            return;
        }
        let inner = range.start + 1..range.end - 1;
        let Some(text) = self.file.text.get(inner.clone()) else { return };
        if text.contains("${") || self.known(&inner) {
            return;
        }
        if let Some(value) = SCHEME.captures(text).and_then(|captures| captures.get(1)) {
            if judge::random(value.as_str()) {
                let value = inner.start + value.start()..inner.start + value.end();
                let position = place::of_string(self.tree, node, &value);
                self.push(value, position, "access-token", Confidence::Likely);
            }
            return;
        }
        let chance = judge::random(text);
        let parent = node.parent().map_or("", |parent| parent.kind());
        let compared = parent == "binary_expression";
        let short = text.chars().count() <= 72 && !text.contains([' ', '\n']);
        let said = compared || self.signing || parent != "arguments";
        if !(chance || judge::uuid(text) || short && said && parent != "jsx_attribute") {
            return;
        }
        let position = place::of_string(self.tree, node, &inner);
        if position.no_value || harmless::around(self.tree, node) {
            return;
        }
        if short && self.signs_with(text, &position) && !harmless::hashes_secret(self.tree, node) {
            self.push(inner, position, "signing-secret", Confidence::Likely);
            return;
        }
        let fallback = matches!(position.place, Place::Fallback | Place::DefaultParameter);
        let behind = self.variable_before(node).filter(|_| fallback);
        let Some(named) = position.named.clone().or(behind.clone()) else { return };
        if parent == "jsx_attribute" && named == "key" {
            return;
        }
        if short
            && !harmless::joined(self.tree, node)
            && password::in_code(self.tree, &named, text, &position)
        {
            self.push(inner, position, "password-literal", Confidence::Likely);
            return;
        }
        if position.compared_with.is_some() {
            // A token that is compared is as secret as a password that is.
            if (chance || judge::made_up(text)) && secret_by_name(&named) {
                self.push(inner, position, kind_by_name(&named), Confidence::Likely);
            }
            return;
        }
        let variable = behind.unwrap_or(named);
        if harmless::told_to_others(&variable) {
            return;
        }
        let signs = signs(&variable) || fallback && self.signing && ends_in_secret(&variable);
        if signs && short && (fallback || chance || signing_literal(&variable, text)) {
            self.push(inner, position, "signing-secret", Confidence::Likely);
        } else if secret_by_name(&variable) && (chance || judge::uuid(text) && says_key(&variable)) {
            self.push(inner, position, kind_by_name(&variable), Confidence::Likely);
        } else if fallback && secret_by_name(&variable) && short && judge::set_up(&variable, text) {
            // What stands behind a secret's name is used by whoever forgets to set it.
            let kind = kind_by_name(&variable);
            let kind = if kind == "password-literal" { "generic-secret" } else { kind };
            self.push(inner, position, kind, Confidence::Possible);
        } else if chance && bare_key(&variable) && text.len() >= 20 {
            self.push(inner, position, "api-key", Confidence::Possible);
        }
    }

    /// Whether a text is handed over to sign or encrypt with: `jwt.sign(claims, "…")`, `session({ secret: "…" })`.
    fn signs_with(&self, text: &str, position: &Position<'t>) -> bool {
        const CALLS: &[&str] = &[
            "sign",
            "verify",
            "jwtVerify",
            "jwtDecrypt",
            "createHmac",
            "createCipheriv",
            "createDecipheriv",
            "cookieParser",
            "encrypt",
            "decrypt",
            "HmacSHA256",
            "setSecret",
            "seal",
            "unseal",
        ];
        const HOLDERS: &[&str] = &[
            "session",
            "expressSession",
            "cookieSession",
            "betterAuth",
            "NextAuth",
            "authOptions",
            "jwt",
            "expressJwt",
            "sessionOptions",
            "authConfig",
        ];
        let owner = position.owner.as_deref().unwrap_or_default();
        let call = position.named.is_none() && CALLS.contains(&owner);
        let option =
            matches!(position.named.as_deref(), Some("secret" | "secretOrKey")) && HOLDERS.contains(&owner);
        self.signing && !harmless::names_an_algorithm(text) && text.len() >= 3 && (call || option)
    }

    /// The variable on the left of `env.NAME || "…"`.
    fn variable_before(&self, string: Node<'t>) -> Option<String> {
        let mut at = string;
        while let Some(parent) = at.parent() {
            match parent.kind() {
                "binary_expression" => {
                    let left = parent.child_by_field_name("left").filter(|left| *left != at)?;
                    let text = self.tree.text(left);
                    return text.contains("env").then(|| place::last_name(text));
                }
                "parenthesized_expression" | "as_expression" => at = parent,
                _ => return None,
            }
        }
        None
    }

    /// `{ email: "a@b.example", password: "…" }`: a login written down.
    fn login(&mut self, object: Node<'t>) {
        let pairs = view::pairs(self.tree, object);
        if !(2..=40).contains(&pairs.len()) {
            return;
        }
        let value = |node: Node<'t>| view::string_value(self.tree, view::unwrapped(node));
        let identified =
            pairs.iter().any(|(key, _, node)| password::identifies(key, value(*node).as_deref()));
        if !identified {
            return;
        }
        // A connection is no person: `{ host: "db.example.net", user: "app", password: "…" }`.
        let host = pairs.iter().find(|(key, _, _)| matches!(key.as_ref(), "host" | "server" | "hostname"));
        let database = pairs.iter().any(|(key, _, _)| matches!(key.as_ref(), "database" | "dbname" | "port"));
        if let Some((_, _, host)) = host.filter(|_| database) {
            let host = value(*host).unwrap_or_default();
            if host.contains('.') && !host.starts_with("127.") && host != "0.0.0.0" {
                self.connection(&pairs);
            }
            return;
        }
        // With an address beside it, even the word `password` is one.
        let addressed = pairs
            .iter()
            .any(|(_, _, node)| value(*node).is_some_and(|text| text.contains('@') && text.contains('.')));
        for (key, _, node) in &pairs {
            let node = view::unwrapped(*node);
            let Some(text) = value(node).filter(|_| matches!(node.kind(), "string" | "template_string"))
            else {
                continue;
            };
            let inner = node.start_byte() + 1..node.end_byte() - 1;
            let credible = password::credible_beside(&text, addressed) && password::fits(key, &text);
            if password::named(key) && credible && !self.known(&inner) {
                let position = place::of_string(self.tree, node, &inner);
                self.push(inner, position, "password-literal", Confidence::Likely);
            }
        }
    }
}

impl<'t> Search<'t> {
    /// The password of a connection to a machine of its own.
    fn connection(&mut self, pairs: &[(Cow<'t, str>, Node<'t>, Node<'t>)]) {
        for (key, _, node) in pairs {
            let node = view::unwrapped(*node);
            let Some(text) = view::string_value(self.tree, node).filter(|_| node.kind() == "string") else {
                continue;
            };
            let inner = node.start_byte() + 1..node.end_byte() - 1;
            if password::named(key) && password::credible(&text) && !self.known(&inner) {
                let position = place::of_string(self.tree, node, &inner);
                self.push(inner, position, "database-password", Confidence::Likely);
            }
        }
    }
}

/// `api.openweathermap.org` as `openweathermap`.
fn service_of(host: &str) -> String {
    let parts: Vec<&str> = host.split('.').collect();
    let at = parts.len().saturating_sub(2);
    parts.get(at).copied().unwrap_or("service").to_owned()
}

/// The kind that a name speaks of.
pub(super) fn kind_by_name(name: &str) -> &'static str {
    let words = words(name);
    let has = |word: &str| words.iter().any(|own| own == word);
    let kind = if password::named(name) || has("PASSWORD") || has("PASS") {
        "password-literal"
    } else if signs(name) {
        "signing-secret"
    } else if has("URL") || has("URI") || has("DSN") {
        "database-url"
    } else if has("TOKEN") || has("BEARER") || has("AUTHORIZATION") {
        "access-token"
    } else if has("KEY") || has("APIKEY") {
        "api-key"
    } else {
        "generic-secret"
    };
    &kind_of(kind).id
}

/// Whether a name is that of a secret by which the app itself signs or encrypts.
pub(super) fn signs(name: &str) -> bool {
    const WHAT: &[&str] = &[
        "JWT",
        "SESSION",
        "COOKIE",
        "AUTH",
        "NEXTAUTH",
        "SIGNING",
        "SIGNATURE",
        "ENCRYPTION",
        "ENCRYPT",
        "HMAC",
        "CSRF",
        "TOKEN",
        "REFRESH",
        "ACCESS",
        "CRYPTO",
        "IRON",
    ];
    let words = words(name);
    let Some(last) = words.last() else { return false };
    let secret = matches!(last.as_str(), "SECRET" | "SECRETS")
        || last == "KEY"
            && !words
                .iter()
                .any(|word| word == "API" || word == "ACCESS" || word == "STORAGE" || word == "ROLE");
    let client = words.iter().any(|word| {
        matches!(
            word.as_str(),
            "CLIENT" | "CONSUMER" | "APP" | "WEBHOOK" | "STORAGE" | "CACHE" | "QUERY" | "PUBLIC" | "NAME"
        )
    });
    secret && !client && words.iter().any(|word| WHAT.contains(&word.as_str()))
}

/// `JWT_SECRET = "supersecret"` signs whatever its entropy; `TOKEN_KEY = "auth_token"` is a storage key.
fn signing_literal(name: &str, text: &str) -> bool {
    let words = words(name);
    words.last().is_some_and(|last| last == "SECRET")
        && text.len() >= 4
        && text != name
        && !words.iter().any(|word| word == "LABEL")
}

/// `BADGE_SECRET` of a file that signs something.
fn ends_in_secret(name: &str) -> bool {
    let words = words(name);
    let other =
        words.iter().any(|word| matches!(word.as_str(), "CLIENT" | "CONSUMER" | "WEBHOOK" | "STRIPE"));
    words.last().is_some_and(|last| last == "SECRET") && !other
}

fn says_key(name: &str) -> bool {
    let words = words(name);
    words.iter().any(|word| matches!(word.as_str(), "KEY" | "APIKEY" | "SECRET" | "TOKEN"))
}

fn bare_key(name: &str) -> bool {
    let words = words(name);
    let upper = name.chars().all(|character| !character.is_lowercase());
    upper
        && words.last().is_some_and(|last| last == "KEY")
        && !words.iter().any(|word| {
            matches!(
                word.as_str(),
                "STORAGE"
                    | "CACHE"
                    | "QUERY"
                    | "PUBLIC"
                    | "SITE"
                    | "ANON"
                    | "PUBLISHABLE"
                    | "VAPID"
                    | "MEASUREMENT"
            )
        })
}
