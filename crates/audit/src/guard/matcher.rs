//! The patterns of a `matcher`: which URLs a guard file runs for.

use regex::Regex;

/// Whether a pattern (`/app/:path*`, `/((?!api|_next/static).*)`) takes a URL. `None` if it cannot be told.
pub(super) fn takes(pattern: &str, url: &str) -> Option<bool> {
    let (head, rest) = match pattern.split_once("(?!") {
        None => return Some(Regex::new(&format!("^{}/?$", expression(pattern))).ok()?.is_match(url)),
        Some((head, rest)) => (head.strip_suffix('(').unwrap_or(head), rest),
    };
    // The regex engine has no look-ahead: `/((?!a|b).*)` is `/` and what does not start with `a` or `b`.
    let close = closing(rest)?;
    let (refused, tail) = (&rest[..close], &rest[close + 1..]);
    let tail = tail.trim_end_matches(')');
    if !matches!(tail, ".*" | ".+" | "" | ".*)") {
        return None;
    }
    let head = Regex::new(&format!("^{}", expression(head))).ok()?;
    let Some(found) = head.find(url) else { return Some(false) };
    let left = &url[found.end()..];
    let refused = Regex::new(&format!("^(?:{refused})")).ok()?;
    Some(!refused.is_match(left) && (tail != ".+" || !left.is_empty()))
}

/// Where the parenthesis that opened before `text` closes.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `:name`, `:path*` and the like as a regular expression; groups stay as they are.
fn expression(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        let name = after[1..].chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').count();
        let after = &after[1 + name..];
        if name == 0 {
            // `(?:…)`
            out.push_str(before);
            out.push(':');
            rest = after;
            continue;
        }
        let (repeat, after) = match after.chars().next() {
            Some(mark @ ('*' | '+' | '?')) => (Some(mark), &after[1..]),
            _ => (None, after),
        };
        match repeat {
            Some('*') => {
                out.push_str(before.strip_suffix('/').unwrap_or(before));
                out.push_str("(?:/.*)?");
            }
            Some('?') => {
                out.push_str(before.strip_suffix('/').unwrap_or(before));
                out.push_str("(?:/[^/]+)?");
            }
            Some(_) => {
                out.push_str(before);
                out.push_str(".+");
            }
            None => {
                out.push_str(before);
                out.push_str("[^/]+");
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::takes;

    #[test]
    fn patterns_take_what_the_framework_would() {
        for (pattern, url, expected) in [
            ("/app/:path*", "/app", true),
            ("/app/:path*", "/app/a/b", true),
            ("/app/:path*", "/apple", false),
            ("/boats/:id", "/boats/1", true),
            ("/boats/:id", "/boats", false),
            ("/", "/", true),
            ("/", "/a", false),
            ("/((?!api|_next/static|favicon.ico).*)", "/api/boats", false),
            ("/((?!api|_next/static|favicon.ico).*)", "/boats", true),
            (r"/((?!_next/static|.*\.(?:svg|png)$).*)", "/logo.svg", false),
            (r"/((?!_next/static|.*\.(?:svg|png)$).*)", "/api/boats", true),
            ("/(api|trpc)(.*)", "/api/x", true),
            ("/admin(.*)", "/admin/x", true),
        ] {
            assert_eq!(takes(pattern, url), Some(expected), "{pattern} {url}");
        }
    }
}
