//! `SELECT … INTO name` of blocks, spelled out as an assignment where the parser does not take it.

/// The text of a DO block with every `SELECT value INTO name;` written `name := (value);`. What is read from a table is not known:
/// `name := unknown();`.
pub(super) fn spelled_out(text: &str) -> String {
    let mut made = String::new();
    for statement in statements(text) {
        made += &assigned(statement).unwrap_or_else(|| statement.to_owned());
    }
    made
}

fn assigned(statement: &str) -> Option<String> {
    let words = words(statement);
    let is = |at: usize, word: &str| statement[words[at].clone()].eq_ignore_ascii_case(word);
    let starts = |at: &usize| {
        let opens = ["begin", "loop", "then", "else", "declare"];
        is(*at, "select") && (*at == 0 || opens.iter().any(|word| is(*at - 1, word)))
    };
    let select = (0..words.len()).find(starts)?;
    let into = (select..words.len()).find(|at| is(*at, "into"))?;
    let name = words.get(into + 1)?;
    let from = (select..words.len()).any(|at| is(at, "from"));
    let value = statement[words[select].end..words[into].start].trim();
    let value = if from { "unknown()".to_owned() } else { format!("({value})") };
    Some(format!("{}{} := {value};", &statement[..words[select].start], &statement[name.clone()]))
}

/// The text cut behind each `;` that ends a statement.
fn statements(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    scan(text, &mut |at, letter, depth| {
        if letter == b';' && depth == 0 {
            found.push(&text[from..=at]);
            from = at + 1;
        }
    });
    found.push(&text[from..]);
    found
}

/// The words outside brackets, texts and comments.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    scan(text, &mut |at, letter, depth| {
        if depth > 0 || !(letter.is_ascii_alphanumeric() || letter == b'_') {
            return;
        }
        match found.last_mut().filter(|word| word.end == at) {
            Some(word) => word.end = at + 1,
            None => found.push(at..at + 1),
        }
    });
    found
}

/// Hands over each letter that is not in a text or a comment, with how many brackets are open.
fn scan(text: &str, told: &mut dyn FnMut(usize, u8, usize)) {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let skipped = if rest.starts_with(b"--") {
            rest.iter().position(|letter| *letter == b'\n').unwrap_or(rest.len())
        } else if rest[0] == b'\'' {
            rest[1..].iter().position(|letter| *letter == b'\'').map_or(rest.len(), |end| end + 2)
        } else {
            0
        };
        if skipped > 0 {
            at += skipped;
            continue;
        }
        match rest[0] {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            letter => told(at, letter, depth),
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::spelled_out;

    #[test]
    fn a_value_that_is_selected_into_a_name_is_assigned() {
        let check = |text: &str, expected: &str| assert_eq!(spelled_out(text), expected);
        check(
            "begin select exists (select 1 from a) into b; end",
            "begin b := (exists (select 1 from a)); end",
        );
        check("then select count(*) into n from a; x;", "then n := unknown(); x;");
        check("insert into a select 1; -- select 1 into b;", "insert into a select 1; -- select 1 into b;");
    }
}
