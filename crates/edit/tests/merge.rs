//! The one-pass merge, case by case. Texts are short; edits are told by ranges of bytes.
#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

use edit::merge::{Group, Held, Merged, apply, merge, render};
use edit::{Edit, FileId, Piece, RelPath, Span};

/// A case: the texts of the files, and the groups in their order.
struct Case<'t> {
    texts: &'t [&'t str],
    groups: Vec<Group>,
}

impl<'t> Case<'t> {
    fn of(texts: &'t [&'t str]) -> Self {
        Self { texts, groups: Vec::new() }
    }

    fn group(mut self, edits: &[Edit], creates: &[(&str, &[Piece])], deletes: &[u32]) -> Self {
        let creates =
            creates.iter().map(|(path, pieces)| (RelPath::new(*path).unwrap(), pieces.to_vec())).collect();
        let deletes = deletes.iter().map(|&file| FileId(file)).collect();
        self.groups.push(Group { edits: edits.to_vec(), creates, deletes });
        self
    }

    fn edits(self, edits: &[Edit]) -> Self {
        self.group(edits, &[], &[])
    }

    fn merged(&self) -> Merged {
        merge(&|file: FileId| self.texts[file.0 as usize], &self.groups)
    }

    /// Checks all files afterwards, in order, those that go left out, then the new ones; and that nothing is held.
    #[track_caller]
    fn gives(self, expected: &[&str]) {
        let merged = self.merged();
        assert_eq!(merged.held, []);
        assert_eq!(self.written(&merged), expected);
    }

    /// Checks who is held because of whom, and what the others come to.
    #[track_caller]
    fn holds(self, held: &[(usize, usize)], expected: &[&str]) {
        let merged = self.merged();
        assert_eq!(merged.held.iter().map(|held| (held.group, held.because_of)).collect::<Vec<_>>(), held);
        assert_eq!(self.written(&merged), expected);
    }

    fn written(&self, merged: &Merged) -> Vec<String> {
        let texts = |file: FileId| self.texts[file.0 as usize];
        let files = (0..self.texts.len() as u32).map(FileId).filter(|file| !merged.deletes.contains(file));
        let old = files
            .map(|file| apply(&texts, file, merged.edits.get(&file).map_or(&[], |edits| edits.as_slice())));
        old.chain(merged.creates.values().map(|pieces| render(&texts, pieces))).collect()
    }
}

fn span(file: u32, range: std::ops::Range<usize>) -> Span {
    Span::new(FileId(file), range)
}

fn at(range: std::ops::Range<usize>) -> Span {
    span(0, range)
}

fn put(range: std::ops::Range<usize>, text: &str) -> Edit {
    Edit::replace(at(range), text)
}

fn text(text: &str) -> Piece {
    Piece::text(text)
}

fn keep(range: std::ops::Range<usize>) -> Piece {
    Piece::Source(at(range))
}

fn with(range: std::ops::Range<usize>, pieces: &[Piece]) -> Edit {
    Edit { span: at(range), replacement: pieces.to_vec() }
}

#[test]
fn edits_apart_or_touching_stand_together() {
    Case::of(&["abcdef"]).edits(&[put(0..1, "A")]).edits(&[put(4..5, "E")]).gives(&["AbcdEf"]);
    Case::of(&["abcdef"]).edits(&[put(2..4, "CD")]).edits(&[put(0..2, "AB")]).gives(&["ABCDef"]);
}

#[test]
fn an_insertion_beside_an_edit_stays_outside_of_it() {
    Case::of(&["abcdef"])
        .edits(&[put(2..4, "X")])
        .edits(&[put(2..2, "<"), put(4..4, ">")])
        .gives(&["ab<X>ef"]);
}

#[test]
fn insertions_at_one_place_stand_in_the_order_of_the_groups() {
    Case::of(&["ab"]).edits(&[put(1..1, "1")]).edits(&[put(1..1, "2")]).gives(&["a12b"]);
}

#[test]
fn equal_edits_of_two_groups_are_one() {
    Case::of(&["abc"]).edits(&[put(1..2, "X")]).edits(&[put(1..2, "X"), put(0..1, "A")]).gives(&["AXc"]);
    Case::of(&["abc"]).edits(&[put(1..1, "X")]).edits(&[put(1..1, "X")]).gives(&["aXbc"]);
    Case::of(&["abc"])
        .edits(&[with(1..2, &[text("X"), text("Y")])])
        .edits(&[put(1..2, "XY")])
        .gives(&["aXYc"]);
}

#[test]
fn one_group_may_insert_the_same_text_twice() {
    Case::of(&["fgx"])
        .edits(&[put(1..1, "("), put(2..2, "("), put(3..3, ")"), put(3..3, ")")])
        .gives(&["f(g(x))"]);
}

#[test]
fn the_earlier_group_wins() {
    Case::of(&["abcdef"]).edits(&[put(1..4, "X")]).edits(&[put(3..5, "Y")]).holds(&[(1, 0)], &["aXef"]);
    Case::of(&["abcdef"]).edits(&[put(1..4, "X")]).edits(&[put(1..4, "Y")]).holds(&[(1, 0)], &["aXef"]);
    Case::of(&["abcdef"]).edits(&[put(2..3, "X")]).edits(&[put(1..4, "Y")]).holds(&[(1, 0)], &["abXdef"]);
}

#[test]
fn a_held_group_says_where_it_met_the_other() {
    let merged = Case::of(&["abcdef"]).edits(&[put(1..4, "X")]).edits(&[put(3..5, "Y")]).merged();
    assert_eq!(merged.held, [Held { group: 1, because_of: 0, span: Some(at(3..4)) }]);
}

#[test]
fn a_group_lands_whole_or_not_at_all_and_held_it_holds_nobody() {
    Case::of(&["abcdef"])
        .edits(&[put(1..4, "X")])
        .group(&[put(3..4, "Y"), put(5..6, "Z")], &[("new", &[text("n")])], &[])
        .edits(&[put(5..6, "W")])
        .holds(&[(1, 0)], &["aXeW"]);
}

#[test]
fn a_kept_slice_carries_the_edits_inside_it() {
    Case::of(&["if (a) { b }"])
        .edits(&[with(0..12, &[text("run("), keep(9..10), text(")")])])
        .edits(&[put(9..10, "call(b)")])
        .gives(&["run(call(b))"]);
}

#[test]
fn an_edit_beside_the_kept_slice_conflicts() {
    Case::of(&["if (a) { b }"])
        .edits(&[with(0..12, &[text("run("), keep(9..10), text(")")])])
        .edits(&[put(4..5, "x")])
        .holds(&[(1, 0)], &["run(b)"]);
}

#[test]
fn the_order_of_wrapping_and_changing_inside_does_not_matter() {
    Case::of(&["abc"])
        .edits(&[put(1..2, "X")])
        .edits(&[with(0..3, &[text("("), keep(0..3), text(")")])])
        .gives(&["(aXc)"]);
    Case::of(&["abc"])
        .edits(&[with(0..3, &[text("("), keep(0..3), text(")")])])
        .edits(&[put(1..2, "X")])
        .gives(&["(aXc)"]);
}

#[test]
fn a_slice_carries_its_edits_into_another_file_and_into_a_new_one() {
    Case::of(&["query('key');", "server:"])
        .edits(&[put(6..11, "env.KEY")])
        .group(
            &[put(0..12, "call()"), Edit { span: span(1, 7..7), replacement: vec![keep(0..12)] }],
            &[("copy", &[text("// "), keep(0..12)])],
            &[],
        )
        .gives(&["call();", "server:query(env.KEY)", "// query(env.KEY)"]);
}

#[test]
fn an_edit_of_exactly_the_moved_span_comes_along() {
    let moves = |case: Case<'static>| case.group(&[put(1..2, "call")], &[("new", &[keep(1..2)])], &[]);
    moves(Case::of(&["abc"]).edits(&[put(1..2, "B")])).gives(&["acallc", "B"]);
    moves(Case::of(&["abc"])).edits(&[put(1..2, "B")]).gives(&["acallc", "B"]);
}

#[test]
fn a_slice_kept_twice_carries_its_edits_twice() {
    Case::of(&["abc"])
        .edits(&[with(0..3, &[keep(0..3), keep(0..3)])])
        .edits(&[put(1..2, "X")])
        .gives(&["aXcaXc"]);
}

#[test]
fn slices_carry_recursively() {
    Case::of(&["abcde"])
        .edits(&[put(2..3, "X")])
        .edits(&[with(1..4, &[text("("), keep(1..4), text(")")])])
        .group(&[], &[("new", &[keep(0..5)])], &[0])
        .gives(&["a(bXd)e"]);
}

#[test]
fn later_groups_wrap_what_earlier_ones_made_of_the_same_span() {
    let wrap = |name: &str| with(0..1, &[text(name), text("("), keep(0..1), text(")")]);
    Case::of(&["x."]).edits(&[wrap("f")]).edits(&[put(0..1, "y")]).edits(&[wrap("g")]).gives(&["g(f(y))."]);
}

#[test]
fn deleting_a_file_is_deleting_its_whole_span() {
    Case::of(&["abc"]).group(&[], &[], &[0]).edits(&[put(1..2, "X")]).holds(&[(1, 0)], &[]);
    Case::of(&["abc"]).edits(&[put(1..2, "X")]).group(&[], &[], &[0]).holds(&[(1, 0)], &["aXc"]);
    Case::of(&["abc"]).group(&[], &[], &[0]).group(&[], &[], &[0]).gives(&[]);
    Case::of(&[""]).group(&[], &[], &[0]).edits(&[put(0..0, "X")]).holds(&[(1, 0)], &[]);
    Case::of(&[""]).edits(&[put(0..0, "X")]).group(&[], &[], &[0]).holds(&[(1, 0)], &["X"]);
}

#[test]
fn a_moved_file_takes_all_edits_along_also_those_at_its_borders() {
    Case::of(&["abc"])
        .group(&[], &[("new", &[keep(0..3)])], &[0])
        .edits(&[put(0..0, "<"), put(1..2, "X"), put(3..3, ">")])
        .edits(&[with(0..3, &[text("["), keep(0..3), text("]")])])
        .gives(&["[<aXc>]"]);
}

#[test]
fn a_copy_of_a_deleted_file_is_not_empty() {
    Case::of(&["abc"]).group(&[], &[], &[0]).group(&[], &[("new", &[keep(0..3)])], &[]).gives(&["abc"]);
}

#[test]
fn an_insertion_at_the_border_of_a_slice_is_outside_of_it() {
    let call = || Case::of(&["foo(1);"]).edits(&[with(0..6, &[text("run("), keep(0..3), text(")")])]);
    call().edits(&[put(0..0, "await ")]).gives(&["await run(foo);"]);
    call().edits(&[put(3..3, "!")]).holds(&[(1, 0)], &["run(foo);"]);
    call().edits(&[put(2..2, "_")]).gives(&["run(fo_o);"]);
    let copy = || Case::of(&["foo(1);"]).group(&[], &[("new", &[keep(0..3)])], &[]);
    copy().edits(&[put(0..0, "x."), put(3..3, "!")]).gives(&["x.foo!(1);", "foo"]);
}

#[test]
fn a_slice_that_would_tear_an_edit_conflicts_with_it() {
    let torn = [(1, 0)];
    let copy: &[(&str, &[Piece])] = &[("new", &[keep(0..2)])];
    Case::of(&["abcd"]).group(&[], copy, &[]).edits(&[put(1..3, "X")]).holds(&torn, &["abcd", "ab"]);
    Case::of(&["abcd"]).edits(&[put(1..3, "X")]).group(&[], copy, &[]).holds(&torn, &["aXd"]);
    Case::of(&["abcd"]).group(&[put(1..3, "X")], copy, &[]).holds(&[(0, 0)], &["abcd"]);
}

#[test]
fn a_slice_inside_a_foreign_edit_shows_the_original() {
    Case::of(&["abcd"])
        .edits(&[put(0..3, "X")])
        .group(&[], &[("new", &[keep(1..2)])], &[])
        .gives(&["Xd", "b"]);
}

#[test]
fn a_group_that_contradicts_itself_is_held_because_of_itself() {
    Case::of(&["abcd"]).edits(&[put(0..2, "X"), put(1..3, "Y")]).holds(&[(0, 0)], &["abcd"]);
    Case::of(&["abcd"]).edits(&[put(0..2, "X"), put(0..2, "Y")]).holds(&[(0, 0)], &["abcd"]);
    Case::of(&["abcd"])
        .edits(&[put(3..4, "D")])
        .edits(&[put(3..4, "E"), put(0..3, "X"), put(1..2, "Y")])
        .holds(&[(1, 1)], &["abcD"]);
    Case::of(&["abcd"]).group(&[put(0..1, "X")], &[], &[0]).holds(&[(0, 0)], &["abcd"]);
    Case::of(&["a"])
        .group(&[], &[("new", &[text("1")]), ("new", &[text("2")])], &[])
        .holds(&[(0, 0)], &["a"]);
}

#[test]
fn circular_slices_are_held() {
    Case::of(&["abcd"]).edits(&[with(1..2, &[keep(0..4)])]).holds(&[(0, 0)], &["abcd"]);
    Case::of(&["abcdef"])
        .edits(&[with(0..2, &[keep(3..6)]), with(4..5, &[keep(0..3)])])
        .holds(&[(0, 0)], &["abcdef"]);
}

#[test]
fn a_circle_through_another_group_and_another_file_is_held() {
    let there = Edit { span: at(1..2), replacement: vec![Piece::Source(span(1, 0..3))] };
    let back = Edit { span: span(1, 1..2), replacement: vec![keep(0..3)] };
    Case::of(&["abc", "def"]).edits(&[there]).edits(&[back]).holds(&[(1, 1)], &["adefc", "def"]);
}

#[test]
fn two_spans_may_be_exchanged() {
    Case::of(&["ab-cd"])
        .edits(&[with(0..2, &[keep(3..5)]), with(3..5, &[keep(0..2)])])
        .edits(&[put(1..2, "X")])
        .gives(&["cd-aX"]);
}

#[test]
fn new_files_of_one_path_agree_if_they_are_equal() {
    let new: &[(&str, &[Piece])] = &[("new", &[text("1")])];
    Case::of(&["a"]).group(&[], new, &[]).group(&[put(0..1, "b")], new, &[]).gives(&["b", "1"]);
    Case::of(&["a"])
        .group(&[], new, &[])
        .group(&[put(0..1, "b")], &[("new", &[text("2")])], &[])
        .holds(&[(1, 0)], &["a", "1"]);
}

#[test]
fn flat_edits_are_joined_trimmed_and_without_those_that_change_nothing() {
    let merged = Case::of(&["abcdef"])
        .edits(&[with(0..2, &[keep(0..1), text("X")]), put(3..4, "d")])
        .edits(&[put(2..2, "Y"), with(5..6, &[keep(5..6)])])
        .merged();
    assert_eq!(merged.edits[&FileId(0)], [put(1..2, "XY")]);
    assert!(Case::of(&["abc"]).edits(&[put(0..3, "abc"), put(1..1, "")]).merged().edits.is_empty());
}

#[test]
fn an_unsound_span_holds_its_group_and_nothing_panics() {
    for (start, end) in [(9, 12), (2, 1), (0, 99), (1, 2)] {
        let wrong = Span { file: FileId(0), start, end };
        let edit = Case::of(&["äb"]).edits(&[Edit::replace(wrong, "x")]);
        edit.holds(&[(0, 0)], &["äb"]);
        Case::of(&["äb"]).group(&[], &[("new", &[Piece::Source(wrong)])], &[]).holds(&[(0, 0)], &["äb"]);
        assert_eq!(render(&|_| "äb", &[Piece::Source(wrong)]), "");
    }
}
