//! No secret value in any output: one place that knows every spelling of every secret of a survey.

use aho_corasick::{AhoCorasick, Input, MatchKind};
use audit::Survey;
use edit::Span;
use std::collections::BTreeMap;
use std::ops::Range;

/// Shorter values are ordinary words too often (a password `admin`): they count only where a text quotes or assigns them.
const WORD: usize = 8;

/// Lines of a longer value that count by themselves: a diff puts a sign between them.
const LINE: usize = 12;

/// A text to hide.
#[derive(Clone, Debug)]
struct Needle {
    /// What is shown in its place.
    mask: String,
    /// Bytes of the original that it is a spelling of, and their text.
    source: Option<(Span, String)>,
    /// A word that others use, too.
    short: bool,
}

/// A secret in a text.
#[derive(Clone, Debug)]
pub(crate) struct Hit<'r> {
    /// Its bytes in the text.
    pub(crate) range: Range<usize>,
    /// What is shown in its place.
    pub(crate) mask: &'r str,
    /// Bytes of an original file that it is a spelling of, and their text.
    pub(crate) source: Option<&'r (Span, String)>,
}

/// Hides secret values: as they stand in the source, decoded, and escaped for JSON, HTML, URLs, env files and GitHub's log lines.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    needles: Vec<Needle>,
    automaton: Option<AhoCorasick>,
}

impl Redactor {
    /// Hides every secret of the survey. Keys that are public by design are no secrets, and neither are placeholders.
    pub fn of(survey: &Survey<'_>) -> Self {
        let secrets = survey.secrets.iter().filter(|secret| !secret.public_by_design && !secret.placeholder);
        let mut needles = Needles::default();
        for secret in secrets {
            let file = survey.project.files.get(secret.span.file.0 as usize);
            let source = file.and_then(|file| file.text.get(secret.span.range())).unwrap_or_default();
            let place = Some((secret.span, source));
            needles.add(source, place, &secret.masked);
            needles.add(&secret.value, place, &secret.masked);
        }
        needles.redactor()
    }

    /// Hides these values, each behind its mask.
    pub fn new<'v>(values: impl IntoIterator<Item = (&'v str, &'v str)>) -> Self {
        let mut needles = Needles::default();
        for (value, mask) in values {
            needles.add(value, None, mask);
        }
        needles.redactor()
    }

    /// `text` with every secret masked. One that holds another is masked as a whole.
    pub fn redact(&self, text: &str) -> String {
        let (mut redacted, mut at) = (String::with_capacity(text.len()), 0);
        for hit in self.hits(text) {
            redacted += &text[at..hit.range.start];
            redacted += hit.mask;
            at = hit.range.end;
        }
        redacted + &text[at..]
    }

    /// Whether a secret stands in `text`.
    pub fn holds(&self, text: &str) -> bool {
        self.hits(text).next().is_some()
    }

    /// Every secret in `text`, in order, apart.
    pub(crate) fn hits<'r>(&'r self, text: &'r str) -> impl Iterator<Item = Hit<'r>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let automaton = self.automaton.as_ref()?;
            loop {
                let found = automaton.find(Input::new(text).span(at..text.len()))?;
                let needle = &self.needles[found.pattern().as_usize()];
                if needle.short && !quoted(text, found.range()) {
                    let next = text[found.start()..].chars().next().map_or(1, char::len_utf8);
                    at = found.start() + next;
                    continue;
                }
                at = found.end();
                return Some(Hit {
                    range: found.range(),
                    mask: &needle.mask,
                    source: needle.source.as_ref(),
                });
            }
        })
    }
}

/// Whether a short word stands where a value stands: in quotes, or behind `=` or `:`.
fn quoted(text: &str, range: Range<usize>) -> bool {
    let (before, behind) = (&text[..range.start], &text[range.end..]);
    let quote = |char: char| matches!(char, '"' | '\'' | '`');
    let opened = before.ends_with(quote);
    let assigned = before.trim_end_matches(' ').ends_with(['=', ':']);
    let closed = behind.starts_with(quote) || behind.starts_with('\\') || behind.starts_with("&quot;");
    let ended = behind.is_empty()
        || behind.starts_with(|char: char| char.is_whitespace() || matches!(char, ',' | ';' | '@'));
    (opened && closed) || (assigned && ended)
}

/// Spellings, each once; the first to come gives the mask.
#[derive(Default)]
struct Needles(BTreeMap<String, Needle>);

impl Needles {
    fn add(&mut self, value: &str, source: Option<(Span, &str)>, mask: &str) {
        let value = value.trim();
        if value.chars().count() < 3 {
            return;
        }
        self.spellings(value, source, mask);
        // The lines of a value that has several: a key in PEM.
        for line in value.lines().map(str::trim) {
            if line.len() < value.len() && line.len() >= LINE && !line.starts_with("-----") {
                let place = source.and_then(|(span, text)| {
                    let start = text.find(line)?;
                    let bytes = span.start as usize + start;
                    Some((Span::new(span.file, bytes..bytes + line.len()), line))
                });
                self.spellings(line, place, mask);
            }
        }
    }

    fn spellings(&mut self, value: &str, source: Option<(Span, &str)>, mask: &str) {
        let short = value.chars().count() < WORD;
        let json = serde_json::Value::from(value).to_string();
        let json = json[1..json.len() - 1].to_owned();
        let env = syntax::document::env::quoted(value).unwrap_or_default();
        let env = env
            .strip_prefix(['"', '\'', '`'])
            .map_or(env.as_str(), |rest| &rest[..rest.len().saturating_sub(1)]);
        let spellings = [
            value.to_owned(),
            value.replace('/', "\\/"),
            json.replace('/', "\\/"),
            json,
            env.to_owned(),
            html(value, "&#39;"),
            html(value, "&#x27;"),
            html(value, "'"),
            value.replace('|', "\\|"),
            value.replace('$', "\\$"),
            value.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A"),
            percent(value, ""),
            percent(value, "!'()*"),
            percent(value, "/:@?&=+$,;#!'()*"),
        ];
        for spelling in spellings.into_iter().filter(|spelling| spelling.len() >= value.len()) {
            let source = source.map(|(span, text)| (span, text.to_owned()));
            let needle = || Needle { mask: mask.to_owned(), source, short };
            self.0.entry(spelling).or_insert_with(needle);
        }
    }

    fn redactor(self) -> Redactor {
        let (spellings, needles): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        let automaton = (!spellings.is_empty())
            .then(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&spellings).ok())
            .flatten();
        Redactor { needles, automaton }
    }
}

fn html(value: &str, apostrophe: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', apostrophe)
}

/// As in a URL: all but unreserved characters and those in `kept` as `%XX`.
fn percent(value: &str, kept: &str) -> String {
    let mut encoded = String::new();
    for byte in value.bytes() {
        let char = char::from(byte);
        if char.is_ascii_alphanumeric() || "-_.~".contains(char) || (byte.is_ascii() && kept.contains(char)) {
            encoded.push(char);
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::Redactor;

    #[track_caller]
    fn check(values: &[(&str, &str)], text: &str, redacted: &str) {
        assert_eq!(Redactor::new(values.iter().copied()).redact(text), redacted);
    }

    #[test]
    fn a_value_that_holds_another_is_masked_as_a_whole() {
        check(
            &[("hunter2hunter2", "h"), ("pg://u:hunter2hunter2@h/d", "p")],
            "x pg://u:hunter2hunter2@h/d hunter2hunter2",
            "x p h",
        );
    }

    #[test]
    fn every_spelling_is_masked() {
        let value = [("a\"b&c/d e'f%g", "…")];
        check(&value, r#"{"k": "a\"b&c/d e'f%g"}"#, r#"{"k": "…"}"#);
        check(&value, "<p>a&quot;b&amp;c/d e&#39;f%g</p>", "<p>…</p>");
        check(&value, "?k=a%22b%26c%2Fd%20e'f%25g&x", "?k=…&x");
        check(&value, "?k=a%22b%26c%2Fd%20e%27f%25g&x", "?k=…&x");
        check(&value, "::error::a\"b&c/d e'f%25g", "::error::…");
    }

    #[test]
    fn the_lines_of_a_long_value_are_masked_where_a_diff_parts_them() {
        let value = [("-----BEGIN KEY-----\nfakefakefakefake\n-----END KEY-----", "…")];
        check(
            &value,
            "+-----BEGIN KEY-----\n+fakefakefakefake\n+-----END KEY-----",
            "+-----BEGIN KEY-----\n+…\n+-----END KEY-----",
        );
    }

    #[test]
    fn a_short_word_is_masked_only_where_it_is_a_value() {
        let value = [("admin", "…")];
        check(
            &value,
            "src/admin/page.tsx: if (password === \"admin\") admin();",
            "src/admin/page.tsx: if (password === \"…\") admin();",
        );
        check(&value, "PASSWORD=admin\nadministrator", "PASSWORD=…\nadministrator");
    }

    #[test]
    fn nothing_to_hide_changes_nothing() {
        check(&[], "text", "text");
    }
}
