//! YAML, as far as workflows and compose files need it: scalars with their key path and range. Block mappings and sequences,
//! plain, quoted and block scalars are read line by line; flow collections (`[a, b]`) as far as their scalars are simple.
//! Aliases, explicit keys (`? `) and what else is not understood is left out, and the rest read all the same.

mod flow;

use super::json::Scalar;
use std::ops::Range;

/// All scalars with path and range: quotes included, of a block scalar the lines of its content. Sequences are counted in the
/// path. What is not understood is left out.
pub fn scalars(text: &str) -> Vec<Scalar> {
    let mut reader = Reader { text, at: 0, open: Vec::new(), found: Vec::new() };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    while reader.at < text.len() {
        reader.line();
    }
    reader.found
}

/// A mapping key or a sequence item whose value may stand on lines further in.
struct Open {
    /// The column of the key or the dash.
    column: usize,
    /// The key, or the place in the sequence.
    step: Step,
}

enum Step {
    Key(String),
    Item(usize),
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
    found: Vec<Scalar>,
}

impl<'t> Reader<'t> {
    /// Reads one line, and the lines that its value goes on over.
    fn line(&mut self) {
        let start = self.at;
        let end = self.line_end(start);
        let mut at = past_spaces(self.text, start);
        let line = &self.text[start..end];
        let empty = self.text[at..end].trim().is_empty() || self.text[at..end].starts_with('#');
        if empty || line.starts_with('%') {
            return self.pass_line(end);
        }
        if line.starts_with("---") || line.starts_with("...") {
            self.open.clear();
            return self.pass_line(end);
        }
        let mut column = at - start;
        // Any number of `- ` before a key or a value: each opens an item at its column.
        while self.text[at..end].starts_with('-') && ends_word(&self.text[at + 1..end]) {
            self.open_item(column);
            let next = past_spaces(self.text, at + 1);
            column += next - at;
            at = next;
        }
        if let Some((key, value)) = key(&self.text[at..end]) {
            self.open_key(column, key);
            at = past_spaces(self.text, at + value);
        } else if self.text[at..end].starts_with(['?', ':']) && ends_word(&self.text[at + 1..end]) {
            return self.pass_line(end);
        } else {
            // A value under a key or a dash of an earlier line.
            self.open.retain(|open| open.column < column);
        }
        self.value(at, end);
    }

    /// An item of the sequence at `column`: the next one if that sequence is open.
    fn open_item(&mut self, column: usize) {
        let mut next = 0;
        while let Some(last) = self.open.last() {
            match last.step {
                Step::Item(index) if last.column == column => next = index + 1,
                // A sequence may stand at the column of the key that it belongs to.
                Step::Key(_) if last.column == column => break,
                _ if last.column < column => break,
                _ => {}
            }
            self.open.pop();
        }
        self.open.push(Open { column, step: Step::Item(next) });
    }

    fn open_key(&mut self, column: usize, key: String) {
        while self.open.last().is_some_and(|last| last.column >= column) {
            self.open.pop();
        }
        self.open.push(Open { column, step: Step::Key(key) });
    }

    /// The value that begins at `at` on a line that ends at `end`; leaves the reader behind it.
    fn value(&mut self, at: usize, end: usize) {
        let at = self.past_properties(at, end);
        let rest = &self.text[at..end];
        match rest.chars().next() {
            None | Some('#' | '*') => self.pass_line(end),
            Some('|' | '>') => self.block(rest, end),
            Some(quote @ ('"' | '\'')) => self.quoted(at, quote, end),
            Some('[' | '{') => {
                let path = self.path();
                match flow::read(self.text, at, &path) {
                    Some((scalars, behind)) => {
                        self.found.extend(scalars);
                        self.pass_line(self.line_end(behind));
                    }
                    None => self.pass_line(end),
                }
            }
            Some('@' | '`' | '%') => self.pass_line(end),
            Some(_) => self.plain(at, end),
        }
    }

    /// Past a tag (`!!str`) and an anchor (`&name`).
    fn past_properties(&self, mut at: usize, end: usize) -> usize {
        while self.text[at..end].starts_with(['!', '&']) {
            let word = &self.text[at..end];
            at = past_spaces(self.text, at + word.find([' ', '\t']).unwrap_or(word.len()));
        }
        at
    }

    /// A plain scalar, with the lines further in that it goes on over.
    fn plain(&mut self, at: usize, end: usize) {
        let mut range = at..at + plain_length(&self.text[at..end]);
        let mut value = self.text[range.clone()].to_owned();
        let mut next = end;
        // A comment ends the scalar.
        let mut goes_on = !self.text[range.end..end].trim_start().starts_with('#');
        while goes_on {
            let Some(start) = self.next_content(next) else { break };
            let line_end = self.line_end(start);
            let from = past_spaces(self.text, start);
            let line = &self.text[from..line_end];
            let is_item = line.starts_with('-') && ends_word(&line[1..]);
            if from - start <= self.depth() || line.starts_with('#') || is_item || key(line).is_some() {
                break;
            }
            let length = plain_length(line);
            value = format!("{value} {}", &line[..length]);
            range.end = from + length;
            goes_on = !line[length..].trim_start().starts_with('#');
            next = line_end;
        }
        self.add(value, range);
        self.pass_line(next);
    }

    /// A quoted scalar, over several lines perhaps. One that never ends is left out with its line.
    fn quoted(&mut self, at: usize, quote: char, end: usize) {
        match quoted(self.text, at, quote) {
            Some((value, range)) => {
                let behind = range.end;
                self.add(value, range);
                self.pass_line(self.line_end(behind));
            }
            None => self.pass_line(end),
        }
    }

    /// A block scalar; `header` is `|` or `>` with its indicators.
    fn block(&mut self, header: &str, end: usize) {
        let parent = self.depth_of_block();
        let folded = header.starts_with('>');
        let indicators = header[1..].split([' ', '\t', '#']).next().unwrap_or_default();
        let stated =
            indicators.chars().find_map(|character| character.to_digit(10)).map(|digit| digit as usize);
        let mut indent = stated.map(|stated| parent.map_or(stated, |parent| parent + stated));
        let (mut lines, mut range): (Vec<&str>, Option<Range<usize>>) = (Vec::new(), None);
        let mut next = self.behind_line_end(end);
        while next < self.text.len() {
            let line_end = self.line_end(next);
            let line = &self.text[next..line_end];
            let depth = past_spaces(self.text, next) - next;
            if line.trim().is_empty() {
                lines.push("");
            } else {
                let least = *indent.get_or_insert(depth);
                if depth < least || parent.is_some_and(|parent| depth <= parent) {
                    break;
                }
                lines.push(&line[least..]);
                let start = range.map_or(next, |range| range.start);
                range = Some(start..line_end);
            }
            next = self.behind_line_end(line_end);
        }
        if let Some(range) = range {
            let kept = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
            let trailing = lines.len() - kept;
            let mut value = if folded { fold(&lines[..kept]) } else { lines[..kept].join("\n") };
            value += match indicators {
                keep if keep.contains('+') => {
                    return self.add_block(value + &"\n".repeat(trailing + 1), range, next);
                }
                strip if strip.contains('-') => "",
                _ => "\n",
            };
            return self.add_block(value, range, next);
        }
        self.at = next;
    }

    fn add_block(&mut self, value: String, range: Range<usize>, next: usize) {
        self.add(value, range);
        self.at = next;
    }

    fn add(&mut self, value: String, range: Range<usize>) {
        self.found.push(Scalar { path: self.path(), value, range });
    }

    fn path(&self) -> Vec<String> {
        let step = |open: &Open| match &open.step {
            Step::Key(key) => key.clone(),
            Step::Item(index) => index.to_string(),
        };
        self.open.iter().map(step).collect()
    }

    /// The column that a value of the innermost open key must be further in than.
    fn depth(&self) -> usize {
        self.open.last().map_or(0, |open| open.column)
    }

    fn depth_of_block(&self) -> Option<usize> {
        self.open.last().map(|open| open.column)
    }

    /// The start of the next line with content behind the line end at `end`.
    fn next_content(&self, end: usize) -> Option<usize> {
        let mut start = self.behind_line_end(end);
        while start < self.text.len() {
            let end = self.line_end(start);
            if !self.text[start..end].trim().is_empty() {
                return Some(start);
            }
            start = self.behind_line_end(end);
        }
        None
    }

    fn pass_line(&mut self, end: usize) {
        self.at = self.behind_line_end(end);
    }

    /// Where the line of `at` ends, before its line end.
    fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |offset| at + offset);
        if self.text[at..end].ends_with('\r') { end - 1 } else { end }
    }

    fn behind_line_end(&self, end: usize) -> usize {
        self.text[end..].find('\n').map_or(self.text.len(), |offset| end + offset + 1)
    }
}

/// The key with which a line begins, and where its value may begin.
fn key(line: &str) -> Option<(String, usize)> {
    let first = line.chars().next()?;
    if matches!(first, '"' | '\'') {
        let (key, range) = quoted(line, 0, first)?;
        let rest = &line[range.end..];
        let colon = rest.trim_start_matches([' ', '\t']);
        let at = line.len() - colon.len() + 1;
        return (colon.starts_with(':') && ends_word(&line[at..]) && !key_spans_lines(&line[range]))
            .then_some((key, at));
    }
    if matches!(first, '[' | '{' | '#' | '|' | '>' | '@' | '`' | '%' | '&' | '*' | '!') {
        return None;
    }
    let mut from = 0;
    loop {
        let at = from + line[from..].find(':')?;
        if line[..at].contains(" #") {
            return None;
        }
        if ends_word(&line[at + 1..]) {
            let key = line[..at].trim_end();
            return (!key.is_empty() && key != "?" && !key.starts_with("? "))
                .then(|| (key.to_owned(), at + 1));
        }
        from = at + 1;
    }
}

fn key_spans_lines(key: &str) -> bool {
    key.contains('\n')
}

/// Whether `rest`, what follows a `-` or `:`, makes that an indicator.
fn ends_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t', '\r'])
}

/// How long the plain scalar is with which `line` begins: up to a comment, without white space at the end.
fn plain_length(line: &str) -> usize {
    let end = [" #", "\t#"].iter().filter_map(|mark| line.find(mark)).min().unwrap_or(line.len());
    line[..end].trim_end().len()
}

/// The quoted scalar that begins at `at`, decoded, and its range; `None` if it never ends.
fn quoted(text: &str, at: usize, quote: char) -> Option<(String, Range<usize>)> {
    let mut characters = text[at + 1..].char_indices().peekable();
    let mut value = String::new();
    while let Some((offset, character)) = characters.next() {
        match character {
            '\'' if quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
                value.push('\'');
            }
            _ if character == quote => return Some((value, at..at + 1 + offset + 1)),
            '\\' if quote == '"' => {
                let (_, escaped) = characters.next()?;
                let digits = match escaped {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                if digits > 0 {
                    let code: String = characters.by_ref().take(digits).map(|(_, digit)| digit).collect();
                    value.extend(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32));
                    continue;
                }
                match escaped {
                    'n' => value.push('\n'),
                    't' => value.push('\t'),
                    'r' => value.push('\r'),
                    '0' => value.push('\0'),
                    // An escaped line end joins two lines.
                    '\n' => while characters.next_if(|(_, next)| matches!(next, ' ' | '\t')).is_some() {},
                    other => value.push(other),
                }
            }
            // A line end is a space; several are one fewer line ends.
            '\n' => {
                value.truncate(value.trim_end_matches([' ', '\t', '\r']).len());
                let mut more = 0;
                while let Some((_, next)) =
                    characters.next_if(|(_, next)| matches!(next, ' ' | '\t' | '\r' | '\n'))
                {
                    more += usize::from(next == '\n');
                }
                value += &if more == 0 { " ".to_owned() } else { "\n".repeat(more) };
            }
            other => value.push(other),
        }
    }
    None
}

/// Lines of a folded scalar: one line end is a space, `n` are `n - 1`; lines further in stay as they are.
fn fold(lines: &[&str]) -> String {
    let mut value = String::new();
    let mut blank = 0;
    let mut further_in = false;
    for (at, line) in lines.iter().enumerate() {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        let deeper = line.starts_with([' ', '\t']);
        if at > 0 {
            value += &match (further_in || deeper, blank) {
                (true, blank) => "\n".repeat(blank + 1),
                (false, 0) => " ".to_owned(),
                (false, blank) => "\n".repeat(blank),
            };
        }
        value += line;
        (blank, further_in) = (0, deeper);
    }
    value
}

fn past_spaces(text: &str, at: usize) -> usize {
    at + text.as_bytes()[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

#[cfg(test)]
mod tests;
