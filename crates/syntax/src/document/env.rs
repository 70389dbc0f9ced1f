//! `.env` files as dotenv reads them: `export `, quotes, values over several lines, comments. Variables inside values (`$NAME`)
//! stay as they stand: expanding them is the business of the tool that loads the file.

use std::ops::Range;

/// One `NAME=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The value, unquoted and unescaped.
    pub value: String,
    /// The name's bytes.
    pub name_range: Range<usize>,
    /// The value's bytes, without quotes.
    pub value_range: Range<usize>,
    /// The whole line, its line end included.
    pub line: Range<usize>,
}

/// All entries in order.
pub fn entries(text: &str) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        match entry(text, at) {
            Some(entry) => {
                at = entry.line.end;
                found.push(entry);
            }
            None => at = past_line(text, at),
        }
    }
    found
}

/// `value` as it must stand behind `NAME=` so that dotenv, Vite, Next and `node --env-file` all read it back; `None` if no
/// spelling does. No spelling does for a value with `$`: Vite and Next expand it even in single quotes, and the `\$` that stops
/// them is two characters to the others. See [`quoted_for_expansion`].
pub fn quoted(value: &str) -> Option<String> {
    if value.contains(['$', '\r', '\0']) {
        return None;
    }
    let bare = |character: char| character.is_ascii_alphanumeric() || "_-./:@%+=,~^!?".contains(character);
    if !value.is_empty() && value.chars().all(bare) {
        return Some(value.to_owned());
    }
    // Only double quotes have escapes, and of those only `\n` is known to all. A quote cannot be escaped in any of them.
    if !value.contains(['"', '\\']) {
        return Some(format!("\"{}\"", value.replace('\n', "\\n")));
    }
    // `\'` does not end a value in single quotes.
    let quote = ['\'', '`'].into_iter().find(|quote| !value.contains(*quote));
    if let Some(quote) = quote.filter(|_| !value.ends_with('\\')) {
        return Some(format!("{quote}{value}{quote}"));
    }
    let plain =
        trimmed(value) == value && !value.starts_with(['"', '\'', '`']) && !value.contains(['#', '\n']);
    plain.then(|| value.to_owned())
}

/// As [`quoted`], for readers that expand variables (Vite, Next; not plain dotenv, not `node --env-file`): each `$` is escaped.
pub fn quoted_for_expansion(value: &str) -> Option<String> {
    if value.contains("\\$") {
        return None;
    }
    // A stand-in for `$`: it needs quotes, and nothing else does so on its account.
    let mark = '\u{1}';
    if value.contains(mark) {
        return None;
    }
    if !value.contains('$') {
        return quoted(value);
    }
    Some(quoted(&value.replace('$', "\u{1}"))?.replace(mark, "\\$"))
}

/// The entry on the line that begins at `start`.
fn entry(text: &str, start: usize) -> Option<Entry> {
    let mut at = past_spaces(text, start);
    let word = |at: usize| {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
        at + text.as_bytes()[at..].iter().take_while(|byte| is_name(byte)).count()
    };
    let mut name_end = word(at);
    if &text[at..name_end] == "export" {
        let next = past_spaces(text, name_end);
        let next_end = word(next);
        if next > name_end && next_end > next {
            (at, name_end) = (next, next_end);
        }
    }
    if name_end == at {
        return None;
    }
    let name_range = at..name_end;
    let sign = past_spaces(text, name_end);
    let rest = &text[sign..];
    // `NAME: value` is read too, if a space follows and none precedes.
    let colon = sign == name_end && rest.starts_with(':') && rest[1..].starts_with([' ', '\t']);
    if !rest.starts_with('=') && !colon {
        return None;
    }
    let value_start = past_spaces(text, sign + 1);
    let (value_range, end) = quoted_value(text, value_start).unwrap_or_else(|| bare_value(text, value_start));
    let mut value = text[value_range.clone()].replace("\r\n", "\n").replace('\r', "\n");
    if text[..value_range.start].ends_with('"') && value_range.start > value_start {
        value = value.replace("\\n", "\n").replace("\\r", "\r");
    }
    Some(Entry {
        name: text[name_range.clone()].to_owned(),
        value,
        name_range,
        value_range,
        line: start..past_line(text, end),
    })
}

/// A value in quotes that begins at `start`: its bytes and the place behind the closing quote. The closing quote is the first that
/// no backslash escapes, if nothing but a comment follows on its line; else the last escaped one of which that is true.
fn quoted_value(text: &str, start: usize) -> Option<(Range<usize>, usize)> {
    let quote = text[start..].chars().next().filter(|first| matches!(first, '"' | '\'' | '`'))? as u8;
    let (mut candidates, mut escaped) = (Vec::new(), false);
    for (offset, &byte) in text.as_bytes().iter().enumerate().skip(start + 1) {
        if byte == quote {
            candidates.push(offset);
            if !escaped {
                break;
            }
        }
        escaped = byte == b'\\';
    }
    let ends_line = |place: &usize| {
        let next = past_spaces(text, place + 1);
        next == text.len() || text[next..].starts_with(['#', '\n', '\r'])
    };
    let close = candidates.into_iter().rev().find(ends_line)?;
    Some((start + 1..close, close + 1))
}

/// A value without quotes, up to a comment or the end of the line; also one whose quotes do not pair up.
fn bare_value(text: &str, start: usize) -> (Range<usize>, usize) {
    let length = text[start..].find(['#', '\r', '\n']).unwrap_or(text.len() - start);
    let value = trimmed(&text[start..start + length]);
    let mut range = start..start + value.len();
    let first = value.chars().next();
    // `"a" "b"`: only the outer quotes are taken off.
    if value.len() > 1 && matches!(first, Some('"' | '\'' | '`')) && value.chars().next_back() == first {
        range = range.start + 1..range.end - 1;
    }
    (range, start + length)
}

/// Without white space at the end; as JavaScript sees it, a byte order mark is white space.
fn trimmed(text: &str) -> &str {
    let text = text.trim_end_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if text.starts_with(|character: char| character.is_whitespace() || character == '\u{feff}') {
        return "";
    }
    text
}

fn past_spaces(text: &str, at: usize) -> usize {
    at + text.as_bytes()[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

/// The beginning of the next line; `\r` alone ends a line too.
fn past_line(text: &str, at: usize) -> usize {
    let Some(offset) = text[at..].find(['\r', '\n']) else { return text.len() };
    let end = at + offset;
    end + if text[end..].starts_with("\r\n") { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = entries(text);
        let pairs: Vec<_> = found.iter().map(|entry| (entry.name.as_str(), entry.value.as_str())).collect();
        assert_eq!(pairs, expected, "{text:?}");
        for entry in &found {
            assert_eq!(&text[entry.name_range.clone()], entry.name);
            assert!(entry.line.start <= entry.name_range.start && entry.value_range.end <= entry.line.end);
            let _ = &text[entry.line.clone()];
        }
    }

    #[test]
    fn plain_values() {
        check("A=1\nB = two words \n\n# C=3\n  D=4", &[("A", "1"), ("B", "two words"), ("D", "4")]);
        check("A=\nB=2", &[("A", ""), ("B", "2")]);
        check("a.b-c=1", &[("a.b-c", "1")]);
        check("nonsense\n=1\nA=1", &[("A", "1")]);
    }

    #[test]
    fn an_export_is_no_part_of_the_name() {
        check("export A=1\n export\tB=2\nexport=3", &[("A", "1"), ("B", "2"), ("export", "3")]);
    }

    #[test]
    fn a_colon_needs_a_space() {
        check("A: 1\nB:2", &[("A", "1")]);
    }

    #[test]
    fn quotes_of_three_kinds() {
        check("A=\"a b\"\nB='c # d'\nC=`e \"'f`", &[("A", "a b"), ("B", "c # d"), ("C", "e \"'f")]);
        check("A=\"\"\nB=''", &[("A", ""), ("B", "")]);
    }

    #[test]
    fn line_ends_are_escaped_in_double_quotes_only() {
        check("A=\"a\\nb\"\nB='a\\nb'\nC=a\\nb", &[("A", "a\nb"), ("B", "a\\nb"), ("C", "a\\nb")]);
    }

    #[test]
    fn a_quoted_value_may_span_lines() {
        check("KEY=\"-----BEGIN\nabc\n-----END\"\nB=1", &[("KEY", "-----BEGIN\nabc\n-----END"), ("B", "1")]);
        check("A='x\r\ny'\r\nB=1\r\n", &[("A", "x\ny"), ("B", "1")]);
    }

    #[test]
    fn the_line_of_a_long_value_reaches_to_its_last_line_end() {
        let text = "A=\"x\ny\" # z\nB=1";
        assert_eq!(&text[entries(text)[0].line.clone()], "A=\"x\ny\" # z\n");
    }

    #[test]
    fn comments_behind_values() {
        check("A=1 # one\nB=\"2\" # two\nC=a#b", &[("A", "1"), ("B", "2"), ("C", "a")]);
    }

    #[test]
    fn quotes_that_do_not_pair_up_are_text() {
        check("A=\"open\nB=1", &[("A", "\"open"), ("B", "1")]);
        check("A=\"a\" \"b\"\nB=it's", &[("A", "a\" \"b"), ("B", "it's")]);
        check("A='a\\'\nB=1", &[("A", "a\\"), ("B", "1")]);
    }

    #[test]
    fn an_escaped_quote_does_not_end_the_value_and_keeps_its_backslash() {
        check("A=\"say \\\"hi\\\"\"", &[("A", "say \\\"hi\\\"")]);
    }

    #[test]
    fn byte_order_mark_and_old_line_ends() {
        check("\u{feff}A=1\r\nB=2\rC=3", &[("A", "1"), ("B", "2"), ("C", "3")]);
    }

    #[test]
    fn value_ranges_leave_the_quotes_out() {
        let text = "A = \"é\" # note";
        assert_eq!(&text[entries(text)[0].value_range.clone()], "é");
        let text = "A= x ";
        assert_eq!(&text[entries(text)[0].value_range.clone()], "x");
    }

    #[test]
    fn no_cut_of_a_file_is_a_panic() {
        let text = "\u{feff}export A=\"é\\\"\n\" # x\r\nB='ü'\nC: `x`\nD=\"a\" \"b\"\nE=\u{a0}x\u{a0}\n";
        super::super::every_cut(text, |part| {
            for entry in entries(part) {
                let _ = (&part[entry.value_range], &part[entry.line]);
            }
        });
    }

    #[test]
    fn simple_values_stand_bare() {
        for value in ["abc", "https://x.example/a?b=c", "a=b==", "1.5", "user@host:80"] {
            assert_eq!(quoted(value).as_deref(), Some(value));
        }
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        let values = [
            "",
            "a b",
            " a ",
            "#a",
            "a#b",
            "it's",
            "say \"hi\"",
            "'\"",
            "a\nb",
            "a\\nb",
            "a\\",
            "{\"a\":\"b\\nc\"}",
            "-----BEGIN\nabc=\n-----END\n",
            "'\"\n",
            "é",
            "\u{a0}",
            "a'b\"c`d",
            "&;|",
            "`\n\"",
            "a\\ b",
        ];
        for value in values {
            let spelled = quoted(value).unwrap_or_else(|| panic!("{value:?}"));
            check(&format!("A={spelled}\nB=1\n"), &[("A", value), ("B", "1")]);
        }
    }

    #[test]
    fn some_values_have_no_spelling() {
        for value in ["a$b", "a\rb", "'\"`\n", " '\"` ", "#'\"`", "a \\\"'`#"] {
            assert_eq!(quoted(value), None, "{value:?}");
        }
    }

    #[test]
    fn a_dollar_is_escaped_for_readers_that_expand() {
        assert_eq!(quoted_for_expansion("a$b").as_deref(), Some("\"a\\$b\""));
        assert_eq!(quoted_for_expansion("a$\"b").as_deref(), Some("'a\\$\"b'"));
        assert_eq!(quoted_for_expansion("plain").as_deref(), Some("plain"));
        assert_eq!(quoted_for_expansion("a\\$b"), None);
    }
}
