//! Where edits and slices stand, told so that "apart", "inside" and "across" become plain comparisons; and a set of
//! such places in which meeting ones are found in logarithmic time.

use crate::Span;

/// A closed range of places. A byte `i` of a file is the place `2i + 1`, the gap before it the place `2i`. A span takes
/// its bytes and the gaps between them, not the gaps at its borders: so an insertion at the border is apart from it. A span
/// of the whole file takes the first and the last gap too, as there is nothing beyond them to which they could belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Extent {
    /// First place.
    pub(crate) start: u64,
    /// Last place; never before the first.
    pub(crate) end: u64,
}

impl Extent {
    /// The places of `span` in a file of `length` bytes.
    pub(crate) fn of(span: Span, length: usize) -> Self {
        let (start, end) = (u64::from(span.start), u64::from(span.end));
        if start == 0 && end == length as u64 {
            Self::whole(length)
        } else if start == end {
            Self { start: 2 * start, end: 2 * start }
        } else {
            Self { start: 2 * start + 1, end: 2 * end - 1 }
        }
    }

    /// All places of a file of `length` bytes.
    pub(crate) fn whole(length: usize) -> Self {
        Self { start: 0, end: 2 * length as u64 }
    }

    /// Whether `other` lies in this one (equal counts).
    pub(crate) fn covers(self, other: Extent) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two overlap and neither lies in the other.
    pub(crate) fn crosses(self, other: Extent) -> bool {
        self.start <= other.end && other.start <= self.end && !self.covers(other) && !other.covers(self)
    }

    /// The first and the last place, each alone.
    pub(crate) fn ends(self) -> [Extent; 2] {
        [Self { end: self.start, ..self }, Self { start: self.end, ..self }]
    }
}

/// Extents known beforehand, of which some stand: a segment tree over them that holds the greatest end of those standing.
#[derive(Debug)]
pub(crate) struct Extents {
    /// By start; at one start the longest first.
    all: Vec<Extent>,
    /// Leaves at `leaves..`, the root at 1; the greatest end below, plus one; 0 = nothing stands.
    tree: Vec<u64>,
    leaves: usize,
}

impl Extents {
    /// A set in which nothing stands yet.
    pub(crate) fn new(mut all: Vec<Extent>) -> Self {
        all.sort_by_key(|extent| (extent.start, std::cmp::Reverse(extent.end)));
        all.dedup();
        let leaves = all.len().next_power_of_two();
        Self { all, tree: vec![0; 2 * leaves], leaves }
    }

    /// How many are known.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The extent at `index`.
    pub(crate) fn at(&self, index: usize) -> Extent {
        self.all[index]
    }

    /// Where `extent` is, if it is known.
    pub(crate) fn index(&self, extent: Extent) -> Option<usize> {
        let key = (extent.start, std::cmp::Reverse(extent.end));
        self.all.binary_search_by_key(&key, |known| (known.start, std::cmp::Reverse(known.end))).ok()
    }

    /// The first index whose extent starts at `place` or later.
    pub(crate) fn from(&self, place: u64) -> usize {
        self.all.partition_point(|extent| extent.start < place)
    }

    /// Lets the extent at `index` stand.
    pub(crate) fn raise(&mut self, index: usize) {
        self.put(index, self.all[index].end + 1);
    }

    /// Takes the extent at `index` away.
    pub(crate) fn lower(&mut self, index: usize) {
        self.put(index, 0);
    }

    fn put(&mut self, index: usize, value: u64) {
        let mut node = self.leaves + index;
        self.tree[node] = value;
        while node > 1 {
            node /= 2;
            self.tree[node] = self.tree[2 * node].max(self.tree[2 * node + 1]);
        }
    }

    /// The first index from `index` on that stands.
    pub(crate) fn next(&self, index: usize) -> Option<usize> {
        if index >= self.all.len() {
            return None;
        }
        let mut node = self.leaves + index;
        while self.tree[node] == 0 {
            // Up to the first subtree on the right that was not looked at.
            while node % 2 == 1 {
                node /= 2;
            }
            if node == 0 {
                return None;
            }
            node += 1;
        }
        while node < self.leaves {
            node = if self.tree[2 * node] > 0 { 2 * node } else { 2 * node + 1 };
        }
        Some(node - self.leaves)
    }

    /// The indices of all standing extents that share a place with `extent`, in order.
    pub(crate) fn meeting(&self, extent: Extent) -> Vec<usize> {
        let until = self.all.partition_point(|known| known.start <= extent.end);
        let mut found = Vec::new();
        // Each entry: a node, the first leaf below it, and how many leaves are below it.
        let mut waiting = vec![(1, 0, self.leaves)];
        while let Some((node, first, width)) = waiting.pop() {
            if first >= until || self.tree[node] <= extent.start {
                continue;
            }
            if width == 1 {
                found.push(first);
            } else {
                waiting.push((2 * node + 1, first + width / 2, width / 2));
                waiting.push((2 * node, first, width / 2));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileId;

    /// All extents of a file of `length` bytes.
    fn all(length: usize) -> Vec<Extent> {
        let spans =
            (0..=length).flat_map(|start| (start..=length).map(move |end| Span::new(FileId(0), start..end)));
        spans.map(|span| Extent::of(span, length)).collect()
    }

    #[test]
    fn an_insertion_at_a_border_is_apart_and_one_within_is_inside() {
        let extent = |start, end| Extent::of(Span::new(FileId(0), start..end), 9);
        assert!(!extent(2, 5).covers(extent(2, 2)) && !extent(2, 5).crosses(extent(2, 2)));
        assert!(!extent(2, 5).covers(extent(5, 5)) && extent(2, 5).covers(extent(3, 3)));
        assert!(extent(0, 9).covers(extent(0, 0)) && extent(0, 9).covers(extent(9, 9)));
        assert!(extent(2, 5).crosses(extent(4, 6)) && !extent(2, 5).crosses(extent(5, 6)));
    }

    #[test]
    fn searching_finds_what_trying_each_finds() {
        let known = all(4);
        for mask in 0_u32..1 << known.len() {
            // A thirty-first of all subsets, spread evenly, says as much as all of them.
            if mask % 31 != 0 {
                continue;
            }
            let mut set = Extents::new(known.clone());
            let standing: Vec<usize> = (0..set.len()).filter(|index| mask >> index & 1 == 1).collect();
            for &index in &standing {
                set.raise(index);
            }
            for index in 0..=set.len() {
                assert_eq!(set.next(index), standing.iter().copied().find(|&found| found >= index));
            }
            for &extent in &known {
                let meets =
                    |index: &usize| set.at(*index).start <= extent.end && extent.start <= set.at(*index).end;
                assert_eq!(set.meeting(extent), standing.iter().copied().filter(meets).collect::<Vec<_>>());
            }
        }
    }
}
