//! Lines moved to another depth, also with edits inside.

use edit::merge::{Group, apply, merge, render};
use edit::{Edit, FileId, Piece, RelPath, Span};

/// The slice between `«` and `»` of `marked`, moved to `indent`; what stands between `‹` and `›` is verbatim.
fn moved(marked: &str, indent: &str) -> (String, Piece) {
    let (mut text, mut verbatim) = (String::new(), Vec::new());
    let (mut start, mut end, mut open) = (0, 0, 0);
    for character in marked.chars() {
        match character {
            '«' => start = text.len(),
            '»' => end = text.len(),
            '‹' => open = text.len(),
            '›' => verbatim.push(Span::new(FileId(0), open..text.len())),
            _ => text.push(character),
        }
    }
    let span = Span::new(FileId(0), start..end);
    (text, Piece::Indented { span, indent: indent.to_owned(), verbatim })
}

#[track_caller]
fn check(marked: &str, indent: &str, expected: &str) {
    let (text, piece) = moved(marked, indent);
    assert_eq!(render(&|_| &text, &[piece]), expected);
}

/// Moves the slice into a new file while another group replaces each `old` in the text by `new`.
#[track_caller]
fn check_edited(marked: &str, indent: &str, changes: &[(&str, &str)], expected: &str) {
    let (text, piece) = moved(marked, indent);
    let edit = |(old, new): &(&str, &str)| {
        let at = text.find(old).unwrap_or_else(|| panic!("{old} is in the text"));
        Edit::replace(Span::new(FileId(0), at..at + old.len()), *new)
    };
    let edits = Group { edits: changes.iter().map(edit).collect(), ..Group::default() };
    let path = RelPath::new("new").into_iter();
    let moves = Group { creates: path.map(|path| (path, vec![piece.clone()])).collect(), ..Group::default() };
    let merged = merge(&|_| &text, &[edits, moves]);
    assert_eq!(merged.held, []);
    let content = merged.creates.values().next().map(|pieces| render(&|_| &text, pieces));
    assert_eq!(content.as_deref(), Some(expected));
}

#[test]
fn the_indentation_that_the_lines_share_is_replaced() {
    check("    «if (a) {\n      b;\n    }»\n", "  ", "if (a) {\n    b;\n  }");
    check("    «if (a) {\n      b;\n    }»\n", "", "if (a) {\n  b;\n}");
    check("«if (a) {\n  b;\n}»\n", "    ", "if (a) {\n      b;\n    }");
}

#[test]
fn one_line_stays_as_it_is() {
    check("  «call()»", "      ", "call()");
}

#[test]
fn blank_lines_stay_as_they_are() {
    check("  «a\n\n   \n  b\n»", "", "a\n\n   \nb\n");
    check("«a\n\nb\n  »c", "    ", "a\n\n    b\n  ");
}

#[test]
fn tabs_and_spaces_are_kept_apart() {
    check("\t«a {\n\t\tb\n\t}»", "  ", "a {\n  \tb\n  }");
    check("  «a {\n \tb\n  c»", "_", "a {\n_\tb\n_ c");
}

#[test]
fn carriage_returns_stay() {
    check("  «a {\r\n\r\n    b\r\n  }»\r\n", "", "a {\r\n\r\n  b\r\n}");
}

#[test]
fn lines_that_begin_in_a_verbatim_span_stay() {
    check("    «a = ‹`x\n  y\n    z`›;\n    b»", "", "a = `x\n  y\n    z`;\nb");
    check("    «a(‹`\n`›, ‹`\n 1`›,\n      b)»", "  ", "a(`\n`, `\n 1`,\n  b)");
}

#[test]
fn edits_inside_come_along() {
    check_edited(
        "    «if (a) {\n      b('key');\n    }»",
        "",
        &[("'key'", "env.KEY")],
        "if (a) {\n  b(env.KEY);\n}",
    );
    check_edited("    «if (a) {\n      b;\n    }»", "", &[("\n      b;", "")], "if (a) {\n}");
    check_edited(
        "    «if (a) {\n      b;\n    }»",
        "\t",
        &[("if", "for"), ("b;", "c;")],
        "for (a) {\n\t  c;\n\t}",
    );
}

#[test]
fn lines_that_an_edit_writes_at_the_old_depth_move_too() {
    check_edited(
        "    «if (a) {\n      b;\n    }»",
        "",
        &[("b;", "b;\n      c;\n\n      d;")],
        "if (a) {\n  b;\n  c;\n\n  d;\n}",
    );
    check_edited("    «call(a)»;", "", &[("(a)", "({\n      a,\n    })")], "call({\n  a,\n})");
}

#[test]
fn lines_that_an_edit_writes_at_another_depth_stay() {
    check_edited("    «f(\n      a,\n    )»", "\t", &[("a", "`\n${a}\n`")], "f(\n\t  `\n${a}\n`,\n\t)");
}

#[test]
fn what_an_edit_writes_inside_a_verbatim_span_stays() {
    check_edited("  «f(‹`\n  x\n`›,\n  b)»", "", &[("x", "y\n  z")], "f(`\n  y\n  z\n`,\nb)");
}

#[test]
fn an_edit_may_take_part_of_the_indentation() {
    check_edited("    «a\n    b\n    c»", "", &[("\n    b", "\n  "), ("c", "d")], "a\n  \nd");
    check_edited("    «a\n    b\n    c»", "", &[("  b", "  // b")], "a\n// b\nc");
}

#[test]
fn a_slice_moved_twice_is_moved_to_the_last_depth() {
    let text = "    if (a) {\n      b(`\n    `);\n    }";
    let verbatim = vec![Span::new(FileId(0), 21..28)];
    assert_eq!(&text[21..28], "`\n    `");
    let moved = |start, indent: &str| {
        let span = Span::new(FileId(0), start..text.len());
        Piece::Indented { span, indent: indent.to_owned(), verbatim: verbatim.clone() }
    };
    let whole = Span::new(FileId(0), 0..text.len());
    let inner = Edit {
        span: Span::new(FileId(0), 4..text.len()),
        replacement: vec![Piece::text("try "), moved(4, "      ")],
    };
    let outer = Edit { span: whole, replacement: vec![moved(0, "\t")] };
    let groups = [inner, outer].map(|edit| Group { edits: vec![edit], ..Group::default() });
    let merged = merge(&|_| text, &groups);
    assert_eq!(merged.held, []);
    let after = apply(&|_| text, FileId(0), &merged.edits[&FileId(0)]);
    assert_eq!(after, "    try if (a) {\n\t    b(`\n    `);\n\t  }");
}

#[test]
fn odd_spans_do_not_panic() {
    for (start, end) in [(0, 99), (1, 1), (3, 2), (2, 5)] {
        let verbatim = Span { file: FileId(0), start, end };
        let span = Span::new(FileId(0), 0..8);
        let piece = Piece::Indented { span, indent: "\t".to_owned(), verbatim: vec![verbatim] };
        render(&|_| "ä\n  ö\n\n", std::slice::from_ref(&piece));
        render(&|_| "ä", &[piece]);
    }
}

/// The slice moved as the rule tells it: character by character, each with whether its line may move.
fn reference(text: &str, span: Span, indent: &str, verbatim: &[Span], edit: &Edit, new: &str) -> String {
    let inside = |place: usize| verbatim.iter().any(|span| span.range().contains(&place));
    let in_verbatim = verbatim.iter().any(|span| {
        let strictly = span.start < edit.span.start && edit.span.end < span.end;
        strictly || (edit.span.start < edit.span.end && span.covers(edit.span) && *span != edit.span)
    });
    let mut characters: Vec<(char, bool)> = Vec::new();
    let (mut common, mut line_start): (Option<String>, usize) = (None, span.start as usize);
    for line in text[span.range()].split_inclusive('\n') {
        if line_start > span.start as usize && !line.trim().is_empty() && !inside(line_start) {
            let indentation: String =
                line.chars().take_while(|character| " \t".contains(*character)).collect();
            let before = common.unwrap_or_else(|| indentation.clone());
            let same = before.chars().zip(indentation.chars()).take_while(|(left, right)| left == right);
            common = Some(same.map(|(left, _)| left).collect());
        }
        line_start += line.len();
    }
    let common = common.unwrap_or_default();
    for place in span.start as usize..=span.end as usize {
        if place == edit.span.start as usize {
            characters.extend(new.chars().map(|character| (character, !in_verbatim)));
        }
        let edited = edit.span.range().contains(&place);
        if !edited && place < span.end as usize {
            characters.push((char::from(text.as_bytes()[place]), !inside(place)));
        }
    }
    let mut out = String::new();
    let mut rest = &characters[..];
    while !rest.is_empty() {
        let length = rest
            .iter()
            .position(|(character, _)| *character == '\n')
            .map_or(rest.len(), |newline| newline + 1);
        let (line, after) = rest.split_at(length);
        let text: String = line.iter().map(|(character, _)| character).collect();
        let first = out.is_empty() && rest.len() == characters.len();
        match text.strip_prefix(&common) {
            Some(kept) if !first && line[0].1 && !text.trim().is_empty() => out += &format!("{indent}{kept}"),
            _ => out += &text,
        }
        rest = after;
    }
    out
}

#[test]
fn every_small_edit_inside_a_moved_slice_gives_what_the_rule_tells() {
    let text = "  a\n   b\n\n  `\n  c\n d`\n  e\n";
    let span = Span::new(FileId(0), 2..text.len());
    let literal = Span::new(FileId(0), 12..21);
    assert_eq!(&text[literal.range()], "`\n  c\n d`");
    let path = RelPath::new("new");
    for verbatim in [vec![], vec![literal]] {
        for indent in ["", "\t", "    "] {
            let piece = Piece::Indented { span, indent: indent.to_owned(), verbatim: verbatim.clone() };
            let creates: Vec<_> = path.iter().map(|path| (path.clone(), vec![piece.clone()])).collect();
            let moves = Group { creates, ..Group::default() };
            for start in 3..text.len() {
                for end in start..text.len() {
                    for new in ["", "X", "X\n", "\n  X", " \n\n\t X\n Y\n   "] {
                        let edit = Edit::replace(Span::new(FileId(0), start..end), new);
                        let edits = Group { edits: vec![edit.clone()], ..Group::default() };
                        let merged = merge(&|_| text, &[edits, moves.clone()]);
                        assert_eq!(merged.held, []);
                        let content: Vec<_> =
                            merged.creates.values().map(|pieces| render(&|_| text, pieces)).collect();
                        assert_eq!(
                            content,
                            [reference(text, span, indent, &verbatim, &edit, new)],
                            "{indent:?} {edit:?}"
                        );
                    }
                }
            }
        }
    }
}
