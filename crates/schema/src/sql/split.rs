//! Where statements begin and end.

use std::ops::Range;

/// The statements of `text`, each without its semicolon, without blank ones; comments before a statement are left out of it.
///
/// Semicolons inside quotes, dollar quotes, comments, parentheses and `BEGIN ATOMIC … END` do not end a statement.
pub(crate) fn statements(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut start, mut depth, mut blocks) = (0, None, 0usize, 0usize);
    while at < bytes.len() {
        let byte = bytes[at];
        if let Some(end) = comment_end(text, at) {
            at = end;
            continue;
        }
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if byte == b';' && depth == 0 && blocks == 0 {
            found.extend(start.take().map(|start| start..at));
            at += 1;
            continue;
        }
        // A backslash command of psql takes its line.
        if byte == b'\\' && start.is_none() {
            at = text[at..].find('\n').map_or(bytes.len(), |line| at + line);
            continue;
        }
        start.get_or_insert(at);
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(end) = quoted_end(text, at) {
            at = end;
        } else if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 {
            let end = word_end(bytes, at);
            let word = &text[at..end];
            let follows = text[end..].trim_start();
            if word.eq_ignore_ascii_case("begin")
                && follows.get(..6).is_some_and(|next| next.eq_ignore_ascii_case("atomic"))
            {
                blocks = 1;
            } else if blocks > 0 && word.eq_ignore_ascii_case("case") {
                blocks += 1;
            } else if blocks > 0 && word.eq_ignore_ascii_case("end") {
                blocks -= 1;
            }
            at = end;
        } else {
            at += 1;
        }
    }
    found.extend(start.map(|start| start..text.trim_end().len().max(start)));
    found
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || *byte >= 0x80;
    from + bytes[from..].iter().take_while(|byte| part(byte)).count()
}

/// The end of the comment that begins at `at`.
fn comment_end(text: &str, at: usize) -> Option<usize> {
    let rest = &text.as_bytes()[at..];
    if rest.starts_with(b"--") {
        return Some(rest.iter().position(|byte| *byte == b'\n').map_or(text.len(), |line| at + line));
    }
    if !rest.starts_with(b"/*") {
        return None;
    }
    // They nest.
    let (mut depth, mut inner) = (0usize, 0);
    while inner < rest.len() {
        if rest[inner..].starts_with(b"/*") {
            depth += 1;
            inner += 2;
        } else if rest[inner..].starts_with(b"*/") {
            depth -= 1;
            inner += 2;
            if depth == 0 {
                return Some(at + inner);
            }
        } else {
            inner += 1;
        }
    }
    Some(text.len())
}

/// The end of the quoted text or name that begins at `at`.
fn quoted_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes[at] {
        quote @ (b'\'' | b'"') => {
            let escapes =
                quote == b'\'' && at > 0 && matches!(bytes[at - 1], b'e' | b'E') && !in_word(bytes, at - 1);
            let mut inner = at + 1;
            while inner < bytes.len() {
                if escapes && bytes[inner] == b'\\' {
                    inner += 2;
                } else if bytes[inner] == quote {
                    // Doubled quotes stand for one: they read as two quoted texts side by side.
                    return Some(inner + 1);
                } else {
                    inner += 1;
                }
            }
            Some(bytes.len())
        }
        b'$' => {
            let tag = bytes[at + 1..].iter().position(|byte| *byte == b'$')?;
            let tag = text.get(at..at + tag + 2)?;
            let named =
                tag[1..tag.len() - 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !named || tag[1..].starts_with(|first: char| first.is_ascii_digit()) {
                return None;
            }
            let body = at + tag.len();
            Some(text[body..].find(tag).map_or(text.len(), |end| body + end + tag.len()))
        }
        _ => None,
    }
}

fn in_word(bytes: &[u8], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = statements(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_end_a_statement() {
        check(
            "a 'x;''y' ; -- b;\n c \"q;\" /* ; /* ; */ */ ;;",
            &["a 'x;''y' ", "c \"q;\" /* ; /* ; */ */ "],
        );
        check(r"select E'it\';s'; b", &[r"select E'it\';s'", "b"]);
    }

    #[test]
    fn semicolons_in_bodies_do_not_end_a_statement() {
        check("do $$ begin x; end $$; do $a$ $$;$$ $a$;", &["do $$ begin x; end $$", "do $a$ $$;$$ $a$"]);
        check(
            "create function f() begin atomic select case when a then b end; select 2; end; c",
            &["create function f() begin atomic select case when a then b end; select 2; end", "c"],
        );
        check("select $1; b", &["select $1", "b"]);
    }
}
