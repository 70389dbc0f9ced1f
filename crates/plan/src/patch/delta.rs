//! Git's delta (git's `patch-delta.c`): the size before, the size after, then "copy from before" and "insert" instructions.

use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::ops::Range;

/// Changed lines of more bytes are inserted as a whole: to compare them byte by byte would take long.
const FINE: usize = 1 << 15;

/// The delta from `old` to `new`, and all bytes that it inserts. It holds nothing of what goes. What stands in `secrets` (ranges
/// of `new`) is copied wherever `old` has it, also when it moved.
pub(super) fn between(old: &[u8], new: &[u8], secrets: &[Range<usize>]) -> (Vec<u8>, Vec<u8>) {
    let (mut delta, mut inserted) = (Vec::new(), Vec::new());
    size(&mut delta, old.len());
    size(&mut delta, new.len());
    let mut insert = |delta: &mut Vec<u8>, bytes: &[u8]| {
        inserted.extend_from_slice(bytes);
        for part in bytes.chunks(127) {
            delta.push(part.len() as u8);
            delta.extend_from_slice(part);
        }
    };
    for (range, is_copy) in instructions(old, new) {
        if is_copy {
            copy(&mut delta, range);
            continue;
        }
        let mut at = range.start;
        for secret in secrets {
            let (start, end) = (secret.start.max(at), secret.end.min(range.end));
            let bytes = &new[secret.clone()];
            let there =
                (start < end).then(|| old.windows(bytes.len()).position(|window| window == bytes)).flatten();
            if let Some(place) = there {
                insert(&mut delta, &new[at..start]);
                copy(&mut delta, place + (start - secret.start)..place + (end - secret.start));
                at = end;
            }
        }
        insert(&mut delta, &new[at..range.end]);
    }
    (delta, inserted)
}

/// What makes `new` of `old`, in order: a range of `old` to copy, or a range of `new` to insert. Line by line, and within
/// changed lines byte by byte, so that a secret which stays in a changed line is copied and not spelled out.
fn instructions(old: &[u8], new: &[u8]) -> Vec<(Range<usize>, bool)> {
    let lines = |bytes: &'_ [u8]| -> Vec<usize> {
        let mut starts: Vec<_> = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .scan(0, |at, line| {
                *at += line.len();
                Some(*at)
            })
            .collect();
        starts.insert(0, 0);
        starts
    };
    let (old_starts, new_starts) = (lines(old), lines(new));
    let old_lines: Vec<_> = old.split_inclusive(|byte| *byte == b'\n').collect();
    let new_lines: Vec<_> = new.split_inclusive(|byte| *byte == b'\n').collect();
    let mut all: Vec<(Range<usize>, bool)> = Vec::new();
    let mut push = |range: Range<usize>, is_copy: bool| match all.last_mut() {
        _ if range.is_empty() => {}
        Some((before, was_copy)) if *was_copy == is_copy && before.end == range.start => {
            before.end = range.end
        }
        _ => all.push((range, is_copy)),
    };
    for part in capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines) {
        let before = old_starts[part.old_range().start]..old_starts[part.old_range().end];
        let after = new_starts[part.new_range().start]..new_starts[part.new_range().end];
        if part.tag() == DiffTag::Equal {
            push(before, true);
            continue;
        }
        if before.len() + after.len() > FINE {
            push(after, false);
            continue;
        }
        for piece in capture_diff_slices(Algorithm::Myers, &old[before.clone()], &new[after.clone()]) {
            if piece.tag() == DiffTag::Equal {
                push(before.start + piece.old_range().start..before.start + piece.old_range().end, true);
            } else {
                push(after.start + piece.new_range().start..after.start + piece.new_range().end, false);
            }
        }
    }
    all
}

/// A size, seven bits a byte, the lowest first.
fn size(delta: &mut Vec<u8>, mut size: usize) {
    while size >= 0x80 {
        delta.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    delta.push(size as u8);
}

/// Copies `range` of the old bytes: which bytes of offset and length follow is said by the bits of the first byte.
fn copy(delta: &mut Vec<u8>, range: Range<usize>) {
    let mut start = range.start;
    while start < range.end {
        let length = (range.end - start).min(0xffff);
        let mut head = 0x80;
        let mut tail = Vec::new();
        for (bit, byte) in start.to_le_bytes().iter().take(4).enumerate() {
            if *byte != 0 {
                head |= 1 << bit;
                tail.push(*byte);
            }
        }
        for (bit, byte) in length.to_le_bytes().iter().take(2).enumerate() {
            if *byte != 0 {
                head |= 0x10 << bit;
                tail.push(*byte);
            }
        }
        delta.push(head);
        delta.append(&mut tail);
        start += length;
    }
}
