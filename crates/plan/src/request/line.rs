//! Lines of a list file such as `.gitignore`: those that are there stay, the rest is added under its heading.

use super::json::replaced;
use crate::content::{Splice, difference};
use std::collections::BTreeSet;
use syntax::document::lines;

/// The lines that are asked for in one file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    /// Heading and lines, both in the order in which they were asked for.
    headings: Vec<(String, Vec<String>)>,
    askers: BTreeSet<usize>,
}

impl Lines {
    pub(super) fn add(&mut self, by: usize, heading: &str, line: &str) {
        self.askers.insert(by);
        if self.headings.iter().any(|(_, lines)| lines.iter().any(|other| other == line)) {
            return;
        }
        match self.headings.iter_mut().find(|(other, _)| other == heading) {
            Some((_, lines)) => lines.push(line.to_owned()),
            None => self.headings.push((heading.to_owned(), vec![line.to_owned()])),
        }
    }

    pub(super) fn granted(&self, text: &str) -> Vec<Splice> {
        let mut after = text.to_owned();
        for (heading, lines) in &self.headings {
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            let added = lines::added(&after, heading, &lines);
            after = replaced(&after, added);
        }
        difference(text, &after)
    }

    pub(super) fn askers(&self) -> BTreeSet<usize> {
        self.askers.clone()
    }
}
