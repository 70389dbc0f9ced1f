//! The flat nodes against the parser's own.

use super::Nodes;
use crate::Language;
use crate::tree::parse_plain;

const SOURCES: [(&str, Language); 5] = [
    ("const a = await f<T>(x, ...rest) as B;", Language::TypeScript),
    (
        "export default async function F({ a = 1 }) { return <A.B c='d' {...e}>{/* x */ f}</A.B> }",
        Language::Tsx,
    ),
    ("class A { static #b = 1; get c() { return `x${d}y` } } // end", Language::JavaScript),
    ("if (a { b( } const c = ;", Language::TypeScript),
    ("", Language::Tsx),
];

#[test]
fn each_node_answers_as_the_parser_s_does() {
    for (source, language) in SOURCES {
        let theirs = parse_plain(source.as_bytes(), language);
        let ours = Nodes::of(&theirs, language);
        let mut pairs = vec![(theirs.root_node(), ours.root())];
        while let Some((theirs, ours)) = pairs.pop() {
            assert_eq!(theirs.kind(), ours.kind(), "{source}");
            assert_eq!(theirs.byte_range(), ours.byte_range(), "{source}");
            assert_eq!(
                (theirs.is_named(), theirs.is_error(), theirs.is_missing(), theirs.has_error()),
                (ours.is_named(), ours.is_error(), ours.is_missing(), ours.has_error()),
                "{source}: {ours:?}"
            );
            assert_eq!(theirs.child_count() as usize, ours.child_count(), "{source}: {ours:?}");
            let beside = [
                (theirs.parent(), ours.parent()),
                (theirs.next_sibling(), ours.next_sibling()),
                (theirs.prev_sibling(), ours.prev_sibling()),
                (theirs.next_named_sibling(), ours.next_named_sibling()),
                (theirs.prev_named_sibling(), ours.prev_named_sibling()),
            ];
            for (theirs, ours) in beside {
                assert_eq!(
                    theirs.map(|node| node.byte_range()),
                    ours.map(|node| node.byte_range()),
                    "{source}"
                );
            }
            for field in ours.nodes.words.fields.iter().filter(|field| !field.is_empty()) {
                let range = theirs.child_by_field_name(&**field).map(|node| node.byte_range());
                let found = ours.child_by_field_name(field).map(|node| node.byte_range());
                assert_eq!(range, found, "{source}: {ours:?}, {field}");
            }
            pairs.extend(
                ours.children().enumerate().filter_map(|(at, child)| Some((theirs.child(at as _)?, child))),
            );
        }
    }
}

#[test]
fn the_smallest_node_that_covers_a_range_is_the_parser_s() {
    for (source, language) in SOURCES {
        let theirs = parse_plain(source.as_bytes(), language);
        let ours = Nodes::of(&theirs, language);
        for start in 0..=source.len() {
            for end in start..=source.len() {
                let found = theirs.root_node().named_descendant_for_byte_range(start, end);
                let found = found.map(|node| (node.kind(), node.byte_range()));
                let node = ours.covering(&(start..end));
                assert_eq!(found, Some((node.kind(), node.byte_range())), "{source}: {start}..{end}");
            }
        }
    }
}

#[test]
fn ids_differ_from_tree_to_tree() {
    let trees =
        ["a", "a"].map(|source| Nodes::of(&parse_plain(source.as_bytes(), Language::Tsx), Language::Tsx));
    assert_ne!(trees[0].root(), trees[1].root());
    assert_eq!(trees[0].root(), trees[0].root());
}
