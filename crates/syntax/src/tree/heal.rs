//! Healing: valid source that the grammar misreads is parsed again as a copy of the same length, with the offending bytes masked.
//! Offsets stay true, and the tree says what the source means.

use super::{Language, Parse, parse_plain};
use std::ops::Range;
use tree_sitter::{Node, Tree};

/// A few rounds for each kind of mask: the first may bring to light what stood behind it.
const ROUNDS: usize = 4;

/// Bytes that are looked through for the `<` of ``tag<Row>`...` ``.
const LONGEST_TYPE: usize = 4096;

/// The best parse that was found.
pub(super) struct Parsed {
    pub(super) tree: Tree,
    pub(super) language: Language,
    pub(super) parse: Parse,
    pub(super) masked: Vec<Range<usize>>,
    /// Bytes in errors, and one for each error.
    pub(super) errors: usize,
}

/// Parses, and heals as far as it goes.
pub(super) fn parse(text: &str, language: Language) -> Parsed {
    let tree = parse_plain(text.as_bytes(), language);
    let errors = weight(&faults(&tree));
    let mut best = Parsed { tree, language, parse: Parse::Ok, masked: Vec::new(), errors };
    let plain =
        !type_before_a_template(text.as_bytes()) && awaited_types(text.as_bytes(), &best.tree).is_empty();
    if errors == 0 && plain {
        return best;
    }
    let mut patient = Patient {
        text: text.as_bytes(),
        copy: text.as_bytes().to_vec(),
        masks: Vec::new(),
        refused: Vec::new(),
    };
    for boldness in [Boldness::Sure, Boldness::Try] {
        patient.refused.clear();
        for _ in 0..ROUNDS {
            let Some(tree) = patient.treated(&best.tree, language, boldness) else { break };
            let errors = weight(&faults(&tree));
            if errors < best.errors || (errors == 0 && best.errors == 0) {
                best = Parsed { tree, language, parse: Parse::Healed, masked: patient.masked(), errors };
            } else {
                break;
            }
        }
        if best.errors == 0 {
            return best;
        }
    }
    best.parse = Parse::Broken;
    best
}

/// A file under treatment.
struct Patient<'t> {
    text: &'t [u8],
    copy: Vec<u8>,
    masks: Vec<Mask>,
    /// Masks that proved to be wrong, by their start.
    refused: Vec<usize>,
}

/// Bytes to be overwritten in the copy.
struct Mask {
    range: Range<usize>,
    with: u8,
    /// Whether the bytes must turn out to be text of an element or an attribute.
    is_text: bool,
}

/// How far to go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Boldness {
    /// What is hardly ever code.
    Sure,
    /// What mostly is code: `&&`.
    Try,
}

impl Patient<'_> {
    /// The tree after one more round, `None` if there is nothing more to mask.
    fn treated(&mut self, tree: &Tree, language: Language, boldness: Boldness) -> Option<Tree> {
        let mut masks = masks(&self.copy, tree, language, boldness);
        masks.retain(|mask| !self.refused.contains(&mask.range.start));
        if masks.is_empty() {
            return None;
        }
        for mask in &masks {
            for byte in &mut self.copy[mask.range.clone()] {
                // Lines keep their ends, but for the one that becomes a semicolon.
                if mask.with == b';' || !matches!(byte, b'\n' | b'\r') {
                    *byte = mask.with;
                }
            }
        }
        let tree = parse_plain(&self.copy, language);
        let (kept, wrong): (Vec<_>, Vec<_>) =
            masks.into_iter().partition(|mask| !mask.is_text || is_text(&tree, &mask.range));
        self.masks.extend(kept);
        if wrong.is_empty() {
            return Some(tree);
        }
        for mask in wrong {
            self.copy[mask.range.clone()].copy_from_slice(&self.text[mask.range.clone()]);
            self.refused.push(mask.range.start);
        }
        Some(parse_plain(&self.copy, language))
    }

    fn masked(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<_> = self.masks.iter().map(|mask| mask.range.clone()).collect();
        ranges.sort_by_key(|range| range.start);
        ranges
    }
}

/// Whether these bytes are text of an element or of a string.
fn is_text(tree: &Tree, range: &Range<usize>) -> bool {
    let node = tree.root_node().descendant_for_byte_range(range.start, range.end);
    node.is_some_and(|node| matches!(node.kind(), "jsx_text" | "string_fragment"))
}

/// The places of `ERROR` and `MISSING` nodes, outermost only.
fn faults(tree: &Tree) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if !tree.root_node().has_error() {
        return found;
    }
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let bad = node.is_error() || node.is_missing();
        if bad {
            found.push(node.byte_range());
        }
        if !bad && node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// How bad: bytes in errors, and one for each.
fn weight(faults: &[Range<usize>]) -> usize {
    faults.iter().map(|range| range.len() + 1).sum()
}

fn masks(text: &[u8], tree: &Tree, language: Language, boldness: Boldness) -> Vec<Mask> {
    let mut masks = Vec::new();
    if type_before_a_template(text) {
        tagged_templates(text, tree, &mut masks);
    }
    let awaited = awaited_types(text, tree);
    masks.extend(awaited.into_iter().map(|range| Mask { range, with: b' ', is_text: false }));
    let faults = faults(tree);
    if !faults.is_empty() && boldness == Boldness::Sure {
        names_like_operators(text, &mut masks);
    }
    let mut looked_through = 0;
    for fault in faults {
        let mut lines = whole_lines(text, fault.clone());
        lines.start = lines.start.max(looked_through);
        if lines.is_empty() {
            continue;
        }
        looked_through = lines.end;
        if language != Language::TypeScript {
            ampersands(text, lines.clone(), fault, boldness, &mut masks);
        }
        if boldness == Boldness::Sure {
            missing_semicolon(text, &lines, &mut masks);
            keywords(text, lines, &mut masks);
        }
    }
    masks.sort_by_key(|mask| mask.range.start);
    masks.dedup_by_key(|mask| mask.range.start);
    masks
}

fn whole_lines(text: &[u8], range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end =
        text[range.end..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| range.end + at);
    start..end
}

/// A bare `&` in JSX text (`Fish & Chips`) or in an attribute (`?a=1&b=2`), on the lines of a fault; `&&` only in the fault itself.
fn ampersands(
    text: &[u8],
    lines: Range<usize>,
    fault: Range<usize>,
    boldness: Boldness,
    masks: &mut Vec<Mask>,
) {
    for at in lines.filter(|at| text[*at] == b'&') {
        let doubled = text.get(at + 1) == Some(&b'&') || (at > 0 && text[at - 1] == b'&');
        let considered = !doubled || (boldness == Boldness::Try && fault.contains(&at));
        if considered && !is_character_reference(&text[at..]) {
            masks.push(Mask { range: at..at + 1, with: b'_', is_text: true });
        }
    }
}

/// `&amp;`, `&#38;`, `&#x26;`, as the grammar reads them.
fn is_character_reference(text: &[u8]) -> bool {
    let Some(end) = text.iter().take(34).position(|byte| *byte == b';') else { return false };
    match &text[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => {
            matches!(digits.len(), 1..=6) && digits.iter().all(u8::is_ascii_hexdigit)
        }
        [b'#', digits @ ..] => matches!(digits.len(), 1..=5) && digits.iter().all(u8::is_ascii_digit),
        name => matches!(name.len(), 1..=30) && name.iter().all(u8::is_ascii_alphabetic),
    }
}

/// Words that are keywords in some places only. As a property's name they are spelled differently; where they are a modifier that the
/// grammar does not know (`accessor` of a class, `in` and `out` of a type parameter, `type` of `export type *`) they are blanked.
/// `import("x")` in a type becomes a name.
fn keywords(text: &[u8], range: Range<usize>, masks: &mut Vec<Mask>) {
    let mut before: &[u8] = b"";
    for word in words(text, range) {
        let rest = text[word.end..].trim_ascii_start();
        let previous = text[..word.start].trim_ascii_end().last();
        let named = matches!(rest, [b':' | b'?' | b'(' | b',' | b'}' | b'=' | b';' | b'.' | b')' | b'!', ..])
            || previous == Some(&b'.');
        let spelled = &text[word.clone()];
        match spelled {
            b"abstract" | b"accessor" if named => {
                masks.push(Mask { range: word.start..word.start + 1, with: b'_', is_text: false })
            }
            b"accessor" => masks.push(Mask { range: word.clone(), with: b' ', is_text: false }),
            b"type" if before == b"export" && rest.starts_with(b"*") => {
                masks.push(Mask { range: word.clone(), with: b' ', is_text: false })
            }
            b"using" if rest.first().is_none_or(|next| !is_word(*next)) || is_operator_word(rest) => {
                masks.push(Mask { range: word.start..word.start + 1, with: b'_', is_text: false });
            }
            b"import" => {
                let range = import_type(text, word.start);
                masks.extend(range.map(|range| Mask { range, with: b'_', is_text: false }));
            }
            b"in" | b"out"
                if matches!(previous, Some(b'<' | b','))
                    && rest.first().is_some_and(|next| is_word(*next)) =>
            {
                masks.push(Mask { range: word.clone(), with: b' ', is_text: false });
            }
            _ => {}
        }
        before = spelled;
    }
}

/// `as`, `in` and the like at the start: what stands before is a name.
fn is_operator_word(rest: &[u8]) -> bool {
    let end = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
    matches!(&rest[..end], b"as" | b"in" | b"of" | b"satisfies" | b"instanceof")
}

/// A name such as `in_stock` at the start of a line: the grammar takes `in` for the operator, which goes on with the line before. What it
/// cannot read stands anywhere behind.
fn names_like_operators(text: &[u8], masks: &mut Vec<Mask>) {
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let at = start + line.len() - line.trim_ascii_start().len();
        start += line.len();
        let name =
            matches!(text[at..], [b'i', b'n', next, ..] if is_word(next) && !next.is_ascii_alphabetic());
        let before = text[..at].trim_ascii_end().last();
        if name && !matches!(before, Some(b',' | b';' | b'{')) {
            masks.push(Mask { range: at..at + 1, with: b'_', is_text: false });
        }
    }
}

/// The line end before a line that starts with `[` or `(` after a `}`: an arrow function's body ends a statement there, which the
/// grammar does not see.
fn missing_semicolon(text: &[u8], lines: &Range<usize>, masks: &mut Vec<Mask>) {
    let starts_anew = matches!(text[lines.clone()].trim_ascii_start().first(), Some(b'[' | b'('));
    if starts_anew && text[..lines.start].trim_ascii_end().ends_with(b"}") {
        masks.push(Mask { range: lines.start - 1..lines.start, with: b';', is_text: false });
    }
}

/// The `import("x")` of `import("x").A<B>` or `import("x").A[]`, types that the grammar does not take any further.
fn import_type(text: &[u8], start: usize) -> Option<Range<usize>> {
    let open = text[start..].strip_prefix(b"import(")?;
    let end = start + b"import(".len() + open.iter().position(|byte| matches!(byte, b')' | b'\n'))? + 1;
    let path = text[end..].strip_prefix(b".")?;
    let after = path.iter().position(|byte| !is_word(*byte) && *byte != b'.')?;
    matches!(path[after], b'<' | b'[').then_some(start..end)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// The ranges of words.
fn words(text: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for at in range.filter(|at| is_word(text[*at])) {
        match found.last_mut() {
            Some(word) if word.end == at => word.end += 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

/// Whether a template may stand after type arguments somewhere: a quick look before a long one.
fn type_before_a_template(text: &[u8]) -> bool {
    let mut before = 0;
    for (at, byte) in text.iter().enumerate() {
        if *byte == b'`' && before == b'>' {
            let end = text[..at].trim_ascii_end().len();
            if !text[..end].ends_with(b"=>") {
                return true;
            }
        }
        if !byte.is_ascii_whitespace() {
            before = *byte;
        }
    }
    false
}

/// ``tag<Row>`...` ``: the type arguments are blanked, for the grammar reads two comparisons, often without an error.
fn tagged_templates(text: &[u8], tree: &Tree, masks: &mut Vec<Mask>) {
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.kind() == "template_string"
            && let Some(range) = type_arguments_before(text, node)
        {
            masks.push(Mask { range, with: b' ', is_text: false });
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// The type arguments of `await f<T>(x)`, which the grammar takes for a call of `await f`.
fn awaited_types(text: &[u8], tree: &Tree) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let calls = (0..text.len()).filter(|at| text[*at..].starts_with(b">("));
    for at in calls {
        let mut node = tree.root_node().descendant_for_byte_range(at, at + 1);
        while let Some(types) =
            node.filter(|node| node.kind() != "type_arguments" && node.end_byte() == at + 1)
        {
            node = types.parent();
        }
        let Some(types) = node.filter(|node| node.kind() == "type_arguments") else { continue };
        let callee = types.parent().and_then(|call| call.child_by_field_name("function"));
        if callee.is_some_and(|callee| callee.kind() == "await_expression") {
            found.push(types.byte_range());
        }
    }
    found
}

/// The `<...>` that ends right before `template` and starts right after a name.
fn type_arguments_before(text: &[u8], template: Node<'_>) -> Option<Range<usize>> {
    let end = text[..template.start_byte()].trim_ascii_end().len();
    if !text[..end].ends_with(b">") || text[..end].ends_with(b"=>") {
        return None;
    }
    let mut depth = 0_usize;
    for at in (end.saturating_sub(LONGEST_TYPE)..end).rev() {
        match text[at] {
            b'>' if at > 0 && text[at - 1] == b'=' => {}
            b'>' => depth += 1,
            b'<' if depth > 1 => depth -= 1,
            b'<' => {
                let tag = text[..at].last()?;
                return (tag.is_ascii_alphanumeric() || matches!(tag, b'_' | b'$' | b')' | b']'))
                    .then_some(at..end);
            }
            b'`' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
