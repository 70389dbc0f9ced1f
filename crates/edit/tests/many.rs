//! Thousands of edits: what grows with the square of their number would not come to an end here.

use edit::merge::{Group, apply, merge};
use edit::{Edit, FileId, Piece, Span};

const LINES: usize = 20_000;

fn line(index: usize) -> Span {
    Span::new(FileId(0), index * 8..index * 8 + 7)
}

fn alone(span: Span, replacement: Vec<Piece>) -> Group {
    Group { edits: vec![Edit { span, replacement }], ..Group::default() }
}

#[test]
fn an_edit_on_every_line_by_a_group_each_in_a_file_that_moves_as_a_whole() {
    let text = "abcdefg\n".repeat(LINES);
    let part = |index, range: std::ops::Range<usize>| {
        Span::new(FileId(0), index * 8 + range.start..index * 8 + range.end)
    };
    let mut groups: Vec<Group> =
        (0..LINES).map(|index| alone(part(index, 2..3), vec![Piece::text("X")])).collect();
    let wrap = |index| vec![Piece::text("("), Piece::Source(line(index)), Piece::text(")")];
    groups.extend((0..LINES).map(|index| alone(line(index), wrap(index))));
    groups.extend((0..LINES).map(|index| alone(part(index, 1..4), vec![Piece::text("held")])));
    let whole = Span::new(FileId(0), 0..text.len());
    groups.push(alone(whole, vec![Piece::text("{"), Piece::Source(whole), Piece::text("}")]));
    let merged = merge(&|_| &text, &groups);
    assert_eq!((merged.accepted.len(), merged.held.len()), (2 * LINES + 1, LINES));
    let after = apply(&|_| &text, FileId(0), &merged.edits[&FileId(0)]);
    assert_eq!(after, format!("{{{}}}", "(abXdefg)\n".repeat(LINES)));
}

#[test]
fn a_thousand_wraps_around_one_another() {
    let text = "x".repeat(2_000);
    let wraps: Vec<Group> = (0..1_000)
        .map(|depth| {
            let span = Span::new(FileId(0), depth..2_000 - depth);
            alone(span, vec![Piece::text("("), Piece::Source(span), Piece::text(")")])
        })
        .collect();
    let merged = merge(&|_| &text, &wraps);
    assert_eq!(merged.held, []);
    let after = apply(&|_| &text, FileId(0), &merged.edits[&FileId(0)]);
    assert_eq!(after, format!("{}{}", "(x".repeat(1_000), "x)".repeat(1_000)));
}
