//! Healing: valid source that the grammar misreads is parsed again as a copy of the same length, with the offending bytes masked.
//! Offsets stay true, and the tree says what the source means.

use super::{Language, Parse, parse_plain};
use std::ops::Range;
use tree_sitter::{Node, Tree};

/// A few rounds: the first mask may bring to light what stood behind it.
const ROUNDS: usize = 6;

/// Bytes that are looked through for the `<` of ``tag<Row>`...` ``.
const LONGEST_TYPE: usize = 4096;

/// The best parse that was found.
pub(super) struct Parsed {
    pub(super) tree: Tree,
    pub(super) language: Language,
    pub(super) parse: Parse,
    pub(super) masked: Vec<Range<usize>>,
    pub(super) errors: usize,
}

/// Parses, and heals as far as it goes.
pub(super) fn parse(text: &str, language: Language) -> Parsed {
    let tree = parse_plain(text.as_bytes(), language);
    let errors = weight(&faults(&tree));
    let mut best = Parsed { tree, language, parse: Parse::Ok, masked: Vec::new(), errors };
    let mut copy = text.as_bytes().to_vec();
    let mut masked = Vec::new();
    let mut tree = best.tree.clone();
    for _ in 0..ROUNDS {
        let masks = masks(&copy, &tree);
        if masks.is_empty() {
            break;
        }
        for mask in masks {
            for (at, byte) in mask.range.clone().zip(copy[mask.range.clone()].to_vec()) {
                if byte != b'\n' && byte != b'\r' {
                    copy[at] = mask.with;
                }
            }
            masked.push(mask.range);
        }
        tree = parse_plain(&copy, language);
        let errors = weight(&faults(&tree));
        if errors < best.errors || (errors == 0 && best.errors == 0) {
            masked.sort_by_key(|range| range.start);
            best =
                Parsed { tree: tree.clone(), language, parse: Parse::Healed, masked: masked.clone(), errors };
        }
    }
    if best.errors > 0 {
        best.parse = Parse::Broken;
    }
    best
}

/// Bytes to be overwritten in the copy.
struct Mask {
    range: Range<usize>,
    with: u8,
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

fn masks(text: &[u8], tree: &Tree) -> Vec<Mask> {
    let mut masks = Vec::new();
    tagged_templates(text, tree, &mut masks);
    for range in faults(tree) {
        let lines = whole_lines(text, range);
        ampersands(text, lines.clone(), &mut masks);
        contextual_keywords(text, lines, &mut masks);
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

/// A bare `&` in JSX text (`Fish & Chips`) or in an attribute (`?a=1&b=2`).
fn ampersands(text: &[u8], range: Range<usize>, masks: &mut Vec<Mask>) {
    for at in range {
        if text[at] == b'&'
            && text.get(at + 1) != Some(&b'&')
            && (at == 0 || text[at - 1] != b'&')
            && !is_character_reference(&text[at..])
        {
            masks.push(Mask { range: at..at + 1, with: b'_' });
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

/// Words that are keywords in some places only, used as a property's name.
fn contextual_keywords(text: &[u8], range: Range<usize>, masks: &mut Vec<Mask>) {
    const WORDS: [&[u8]; 1] = [b"abstract"];
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$');
    for word in WORDS {
        let mut at = range.start;
        while at + word.len() <= range.end {
            let end = at + word.len();
            let whole = (at == 0 || !is_word(&text[at - 1])) && !text.get(end).is_some_and(is_word);
            if whole && &text[at..end] == word {
                masks.push(Mask { range: at..at + 1, with: b'_' });
            }
            at += 1;
        }
    }
}

/// ``tag<Row>`...` ``: the type arguments are blanked, for the grammar reads two comparisons, often without an error.
fn tagged_templates(text: &[u8], tree: &Tree, masks: &mut Vec<Mask>) {
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.kind() == "template_string"
            && let Some(range) = type_arguments_before(text, node)
        {
            masks.push(Mask { range, with: b' ' });
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
