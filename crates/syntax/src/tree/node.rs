//! Nodes laid out flat. The parser's own tree answers for a parent by starting at the root, and for a kind or a field by comparing C
//! strings; the readers of an audit ask millions of times. So a tree is copied once into a table in source order, which answers each
//! from one record, and the parser's tree is dropped.

use super::Language;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// The parent of the root.
const NOTHING: u32 = u32::MAX;

/// The number that the parser gives to `ERROR`.
const ERROR: u16 = u16::MAX;

/// All nodes of one tree, in source order: a node stands before its children.
#[derive(Clone)]
pub(super) struct Nodes {
    records: Arc<[Record]>,
    words: &'static Words,
    /// What makes ids of this tree differ from those of all others.
    first_id: usize,
}

/// One node.
struct Record {
    start: u32,
    end: u32,
    parent: u32,
    /// The first record that is not below this one: its next sibling, if it has one.
    after: u32,
    kind: u16,
    field: u8,
    flags: u8,
}

const NAMED: u8 = 1;
const MISSING: u8 = 2;
const FAULTY: u8 = 4;

/// The names of a grammar's kinds and fields, by its numbers.
struct Words {
    kinds: Vec<Box<str>>,
    fields: Vec<Box<str>>,
}

impl Words {
    /// Those of a grammar, read once.
    fn of(language: Language) -> &'static Self {
        static WORDS: [OnceLock<Words>; 3] = [const { OnceLock::new() }; 3];
        WORDS[language as usize].get_or_init(|| {
            let grammar = language.grammar();
            let kinds = (0..grammar.node_kind_count() as u16).map(|id| grammar.node_kind_for_id(id));
            let kinds = kinds.map(|name| name.unwrap_or_default().into()).collect();
            let fields = (0..=grammar.field_count() as u16).map(|id| grammar.field_name_for_id(id));
            let fields = fields.map(|name| name.unwrap_or_default().into()).collect();
            Self { kinds, fields }
        })
    }
}

impl Nodes {
    /// The nodes of a parser's tree.
    pub(super) fn of(tree: &tree_sitter::Tree, language: Language) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let mut records: Vec<Record> = Vec::with_capacity(tree.root_node().descendant_count());
        let mut open: Vec<u32> = Vec::new();
        let mut cursor = tree.walk();
        'all: loop {
            let node = cursor.node();
            let index = records.len() as u32;
            let flag = |is: bool, flag: u8| if is { flag } else { 0 };
            records.push(Record {
                start: node.start_byte() as u32,
                end: node.end_byte() as u32,
                parent: open.last().copied().unwrap_or(NOTHING),
                after: index + 1,
                kind: node.kind_id(),
                field: cursor.field_id().map_or(0, |id| id.get() as u8),
                flags: flag(node.is_named(), NAMED)
                    | flag(node.is_missing(), MISSING)
                    | flag(node.has_error(), FAULTY),
            });
            if cursor.goto_first_child() {
                open.push(index);
                continue;
            }
            while !cursor.goto_next_sibling() {
                let Some(done) = open.pop() else { break 'all };
                records[done as usize].after = records.len() as u32;
                cursor.goto_parent();
            }
        }
        let first_id = NEXT.fetch_add(records.len(), Ordering::Relaxed);
        Self { records: records.into(), words: Words::of(language), first_id }
    }

    /// The root.
    pub(super) fn root(&self) -> Node<'_> {
        Node { nodes: self, index: 0 }
    }

    /// The smallest named node that covers `range`.
    pub(super) fn covering(&self, range: &Range<usize>) -> Node<'_> {
        if range.is_empty() {
            return self.covering_place(range.start);
        }
        // Nodes stand in the order of their starts: the last that starts in time is the one, or stands below it.
        let started = self.records.partition_point(|record| record.start as usize <= range.start);
        let mut node = Node { nodes: self, index: started.saturating_sub(1) as u32 };
        while node.end_byte() < range.end || !node.is_named() {
            let Some(around) = node.parent() else { break };
            node = around;
        }
        node
    }

    /// The smallest named node at a place between two bytes: an empty node that stands there, or one that goes on behind it.
    fn covering_place(&self, at: usize) -> Node<'_> {
        let (mut smallest, mut current) = (self.root(), self.root());
        let reaches = |child: &Node<'_>| {
            let empty = child.start_byte() == child.end_byte();
            child.end_byte() > at || empty && child.end_byte() == at
        };
        while let Some(child) = current.children().find(reaches).filter(|child| child.start_byte() <= at) {
            current = child;
            if child.is_named() {
                smallest = child;
            }
        }
        smallest
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.root())
    }
}

/// A node of a [`Tree`](super::Tree): cheap to copy, and as cheap to ask for what is above and beside it as for what is below.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    nodes: &'t Nodes,
    index: u32,
}

impl<'t> Node<'t> {
    fn record(self) -> &'t Record {
        &self.nodes.records[self.index as usize]
    }

    fn flag(self, flag: u8) -> bool {
        self.record().flags & flag != 0
    }

    fn at(self, index: u32) -> Self {
        Self { nodes: self.nodes, index }
    }

    /// The grammar's name for what it is: `call_expression`, or the text of a keyword or sign.
    pub fn kind(self) -> &'static str {
        match self.record().kind {
            ERROR => "ERROR",
            id => self.nodes.words.kinds.get(usize::from(id)).map_or("", |name| name),
        }
    }

    /// The grammar's number for [`Node::kind`].
    pub(crate) fn kind_id(self) -> u16 {
        self.record().kind
    }

    /// A number that no other node has, of this tree or another.
    pub fn id(self) -> usize {
        self.nodes.first_id + self.index as usize
    }

    /// The first byte.
    pub fn start_byte(self) -> usize {
        self.record().start as usize
    }

    /// The byte after the last.
    pub fn end_byte(self) -> usize {
        self.record().end as usize
    }

    /// The bytes from the first to the last.
    pub fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.end_byte()
    }

    /// Whether the grammar names it; keywords, signs and brackets are not named.
    pub fn is_named(self) -> bool {
        self.flag(NAMED)
    }

    /// Whether it is source that the grammar could not read.
    pub fn is_error(self) -> bool {
        self.record().kind == ERROR
    }

    /// Whether it stands for something that the source lacks.
    pub fn is_missing(self) -> bool {
        self.flag(MISSING)
    }

    /// Whether it, or anything in it, is an error or missing.
    pub fn has_error(self) -> bool {
        self.flag(FAULTY)
    }

    /// The node right above.
    pub fn parent(self) -> Option<Self> {
        Some(self.record().parent).filter(|parent| *parent != NOTHING).map(|parent| self.at(parent))
    }

    /// The nodes right below, in source order.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let first = self.index + 1;
        let child = move |index: u32| (index < self.record().after).then(|| self.at(index));
        std::iter::successors(child(first), move |before| child(before.record().after))
    }

    /// The named nodes right below.
    pub fn named_children(self) -> impl Iterator<Item = Self> {
        self.children().filter(|child| child.is_named())
    }

    /// The child at a place, counted from 0.
    pub fn child(self, at: usize) -> Option<Self> {
        self.children().nth(at)
    }

    /// The named child at a place, counted from 0.
    pub fn named_child(self, at: usize) -> Option<Self> {
        self.named_children().nth(at)
    }

    /// How many children it has.
    pub fn child_count(self) -> usize {
        self.children().count()
    }

    /// How many named children it has.
    pub fn named_child_count(self) -> usize {
        self.named_children().count()
    }

    /// The field of its parent that it stands in.
    pub fn field_name(self) -> Option<&'static str> {
        match self.record().field {
            0 => None,
            id => self.nodes.words.fields.get(usize::from(id)).map(|name| &**name),
        }
    }

    /// The first child that stands in a field.
    pub fn child_by_field_name(self, field: &str) -> Option<Self> {
        self.children().find(|child| child.field_name() == Some(field))
    }

    /// The node after it, under the same parent.
    pub fn next_sibling(self) -> Option<Self> {
        let end = self.parent()?.record().after;
        Some(self.record().after).filter(|after| *after < end).map(|after| self.at(after))
    }

    /// The node before it, under the same parent.
    pub fn prev_sibling(self) -> Option<Self> {
        self.parent()?.children().take_while(|child| *child != self).last()
    }

    /// The named node after it, under the same parent.
    pub fn next_named_sibling(self) -> Option<Self> {
        std::iter::successors(self.next_sibling(), |next| next.next_sibling()).find(|next| next.is_named())
    }

    /// The named node before it, under the same parent.
    pub fn prev_named_sibling(self) -> Option<Self> {
        self.parent()?.named_children().take_while(|child| child.index < self.index).last()
    }

    /// Whether `other` is this node or stands below it.
    pub fn holds(self, other: Self) -> bool {
        (self.index..self.record().after).contains(&other.index)
    }

    /// It and all below it, in source order.
    pub(crate) fn subtree(self) -> impl Iterator<Item = Self> {
        (self.index..self.record().after).map(move |index| self.at(index))
    }

    /// Calls `visit` for it and every named node below, in source order; what is below a node for which it returns `false` is passed
    /// over.
    pub(crate) fn visit(self, visit: &mut dyn FnMut(Self) -> bool) {
        let end = self.record().after;
        let mut index = self.index;
        while index < end {
            let node = self.at(index);
            index = if !node.is_named() || visit(node) { index + 1 } else { node.record().after };
        }
    }
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Node<'_> {}

impl std::hash::Hash for Node<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}..{}", self.kind(), self.start_byte(), self.end_byte())
    }
}

/// As the grammars' own tests write trees: `(member_expression object: (identifier) property: (property_identifier))`.
impl fmt::Display for Node<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut open: Vec<Node<'_>> = Vec::new();
        for node in self.subtree().filter(|node| node.is_named() || node.is_missing()) {
            while open.last().is_some_and(|above| !above.holds(node)) {
                open.pop();
                out.write_str(")")?;
            }
            if !open.is_empty() {
                out.write_str(" ")?;
            }
            if let Some(field) = node.field_name().filter(|_| !open.is_empty()) {
                write!(out, "{field}: ")?;
            }
            write!(out, "({}{}", if node.is_missing() { "MISSING " } else { "" }, node.kind())?;
            open.push(node);
        }
        open.iter().try_for_each(|_| out.write_str(")"))
    }
}

#[cfg(test)]
mod tests;
