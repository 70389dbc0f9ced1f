//! One text spelled in another way, with what it shares with the original kept as slices.

use edit::{Piece, Span};
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// `spelling` as pieces: characters that come from a slice of `value` (each piece with its text) are slices, the quotes and
/// escapes between them are text.
pub(crate) fn aligned(spelling: &str, value: &[(Piece, String)]) -> Vec<Piece> {
    let spelled: Vec<char> = spelling.chars().collect();
    let (mut chars, mut origins) = (Vec::new(), Vec::new());
    for (piece, text) in value {
        for (offset, char) in text.char_indices() {
            chars.push(char);
            origins.push(match piece {
                Piece::Source(span) => {
                    let start = span.start as usize + offset;
                    Piece::Source(Span::new(span.file, start..start + char.len_utf8()))
                }
                _ => Piece::text(char),
            });
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for part in capture_diff_slices(Algorithm::Myers, &chars, &spelled) {
        if part.tag() == DiffTag::Equal {
            origins[part.old_range()].iter().for_each(|origin| push(&mut pieces, origin.clone()));
        } else {
            push(&mut pieces, Piece::text(spelled[part.new_range()].iter().collect::<String>()));
        }
    }
    pieces.retain(|piece| *piece != Piece::text(""));
    pieces
}

fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), piece) {
        (Some(Piece::Text(before)), Piece::Text(text)) => *before += &text,
        (Some(Piece::Source(before)), Piece::Source(span))
            if before.file == span.file && before.end == span.start =>
        {
            before.end = span.end;
        }
        (_, piece) => pieces.push(piece),
    }
}
