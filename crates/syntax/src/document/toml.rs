//! TOML: string values with ranges. A line that does not parse is passed over, the rest is read all the same.

use super::json::Scalar;
use toml_edit::{Document, Item, Table, Value};

/// How many lines that do not parse are passed over before the rest is given up.
const HEALED_LINES: usize = 16;

/// All string values with their path and range (quotes included). Tables of an array are counted in the path.
pub fn strings(text: &str) -> Vec<Scalar> {
    // A byte order mark is masked, so that ranges hold.
    let mut copy = match text.strip_prefix('\u{feff}') {
        Some(rest) => format!("   {rest}"),
        None => text.to_owned(),
    };
    for _ in 0..HEALED_LINES {
        match Document::parse(copy.as_str()) {
            Ok(document) => return scalars(text, document.as_table()),
            Err(error) => {
                let Some(masked) = error.span().and_then(|span| without_line(&copy, span.start)) else {
                    break;
                };
                copy = masked;
            }
        }
    }
    Vec::new()
}

/// A copy of the same length in which the line of byte `at` is blank.
fn without_line(text: &str, at: usize) -> Option<String> {
    let at = at.min(text.len());
    let bytes = text.as_bytes();
    // An error at the end of the text means the last line that says something.
    let at = if text[..at].len() == text.len() { text.trim_end().len().checked_sub(1)? } else { at };
    let start = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let end = bytes[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |offset| at + offset);
    let line = &text[start..end];
    (!line.trim().is_empty()).then(|| format!("{}{}{}", &text[..start], " ".repeat(line.len()), &text[end..]))
}

enum Node<'d> {
    Table(&'d Table),
    Item(&'d Item),
    Value(&'d Value),
}

fn scalars(text: &str, root: &Table) -> Vec<Scalar> {
    let mut found = Vec::new();
    let mut waiting = vec![(Vec::new(), Node::Table(root))];
    while let Some((path, node)) = waiting.pop() {
        let below = |key: &str| path.iter().cloned().chain([key.to_owned()]).collect::<Vec<String>>();
        match node {
            Node::Table(table) => {
                waiting.extend(table.iter().map(|(key, item)| (below(key), Node::Item(item))))
            }
            Node::Item(Item::None) => {}
            Node::Item(Item::Table(table)) => waiting.push((path, Node::Table(table))),
            Node::Item(Item::Value(value)) => waiting.push((path, Node::Value(value))),
            Node::Item(Item::ArrayOfTables(tables)) => {
                let tables = tables.iter().enumerate();
                waiting.extend(tables.map(|(at, table)| (below(&at.to_string()), Node::Table(table))));
            }
            Node::Value(Value::Array(array)) => {
                let values = array.iter().enumerate();
                waiting.extend(values.map(|(at, value)| (below(&at.to_string()), Node::Value(value))));
            }
            Node::Value(Value::InlineTable(table)) => {
                waiting.extend(table.iter().map(|(key, value)| (below(key), Node::Value(value))));
            }
            Node::Value(Value::String(string)) => {
                let range = string.span().filter(|range| text.get(range.clone()).is_some());
                found.extend(range.map(|range| Scalar { path, value: string.value().clone(), range }));
            }
            Node::Value(_) => {}
        }
    }
    found.sort_by_key(|scalar| scalar.range.start);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let found: Vec<_> =
            strings(text).into_iter().map(|one| (one.path.join("."), one.value, &text[one.range])).collect();
        let found: Vec<_> =
            found.iter().map(|(path, value, source)| (path.as_str(), value.as_str(), *source)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn strings_of_all_four_kinds() {
        check(
            "a = \"x\\ty\" # c\nb = 'z'\nc = \"\"\"\nm\"\"\"\nd = '''n'''\ne = 1\n",
            &[
                ("a", "x\ty", "\"x\\ty\""),
                ("b", "z", "'z'"),
                ("c", "m", "\"\"\"\nm\"\"\""),
                ("d", "n", "'''n'''"),
            ],
        );
    }

    #[test]
    fn tables_are_part_of_the_path() {
        check(
            "[build.environment]\nKEY = \"v\"\n[context.production]\nx.y = \"w\"\n",
            &[("build.environment.KEY", "v", "\"v\""), ("context.production.x.y", "w", "\"w\"")],
        );
    }

    #[test]
    fn tables_of_an_array_are_counted() {
        check(
            "[[redirects]]\nfrom = \"/a\"\n[[redirects]]\nfrom = \"/b\"\n[functions.x]\nlist = [\"c\", {d = 'e'}]\n",
            &[
                ("redirects.0.from", "/a", "\"/a\""),
                ("redirects.1.from", "/b", "\"/b\""),
                ("functions.x.list.0", "c", "\"c\""),
                ("functions.x.list.1.d", "e", "'e'"),
            ],
        );
    }

    #[test]
    fn a_line_that_does_not_parse_is_passed_over() {
        check("a = \"x\"\nb = = 1\nc = \"y\"\n", &[("a", "x", "\"x\""), ("c", "y", "\"y\"")]);
        check("a = \"x\"\nb = \"open\n", &[("a", "x", "\"x\"")]);
    }

    #[test]
    fn a_byte_order_mark_does_not_move_ranges() {
        check("\u{feff}a = \"é\"\r\nb = \"x\"\r\n", &[("a", "é", "\"é\""), ("b", "x", "\"x\"")]);
    }

    #[test]
    fn deep_nesting_is_no_overflow() {
        assert!(strings(&format!("a = {}", "[".repeat(100_000))).is_empty());
    }

    #[test]
    fn no_cut_of_a_file_is_a_panic() {
        let text = "\u{feff}# é\r\n[a.\"ü\"]\r\nb = \"\"\"é\r\n\"\"\"\r\n[[c]]\nd = ['x', {e = \"ö\"}] # z\n";
        super::super::every_cut(text, |part| {
            let _ = strings(part);
        });
    }
}
