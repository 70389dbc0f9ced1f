//! A saved plan read back: sound before anything is done with it, and what it says about the disk.

use super::{FORMAT_VERSION, Input, ReadInput, SavedPlan};
use crate::{Action, FileWrite};
use anyhow::{Context, Result, bail, ensure};
use edit::{FileId, Piece, RelPath, Span, merge};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl SavedPlan {
    /// Reads a saved plan. Errors, a sentence each: not JSON or cut short, of a newer major version, not consistent, a path that
    /// leaves the root or lies in `.git`.
    pub fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Eof => {
                anyhow::anyhow!("The plan is cut short: it ends in line {}.", error.line())
            }
            _ => anyhow::anyhow!("The plan is not JSON: line {}, column {}.", error.line(), error.column()),
        })?;
        let version = value.get("format_version").and_then(Value::as_str);
        let version = version.context("This is no saved plan: it has no `format_version`.")?;
        let major = |version: &str| version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        let made_by = value.pointer("/tool/version").and_then(Value::as_str).unwrap_or("another version");
        ensure!(
            major(version).is_some() && major(version) == major(FORMAT_VERSION),
            "The plan has format {version} (made by migrate {made_by}), and this program reads format {FORMAT_VERSION}. \
             Use the migrate that made it, or make the plan again."
        );
        let plan: Self = serde_json::from_value(value)
            .map_err(|error| anyhow::anyhow!("The plan is damaged: {error}."))?;
        plan.is_sound()?;
        Ok(plan)
    }

    /// Everything that can be said of a plan without its inputs.
    fn is_sound(&self) -> Result<()> {
        let inputs: BTreeMap<_, _> =
            self.inputs.iter().zip(0..).map(|(input, at)| (&input.path, FileId(at))).collect();
        ensure!(inputs.len() == self.inputs.len(), "The plan is damaged: it names an input twice.");
        for Input { path, hash } in &self.inputs {
            let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            ensure!(is_hash, "The plan is damaged: the hash of `{path}` is none.");
        }
        let mut changed = BTreeSet::new();
        for path in self
            .edits
            .iter()
            .map(|file| &file.path)
            .chain(&self.deletes)
            .chain(self.creates.iter().map(|new| &new.path))
        {
            ensure!(changed.insert(path), "The plan is damaged: it changes `{path}` twice.");
        }
        for path in changed.iter().copied().chain(&self.untracks).chain(&self.untracks_folders) {
            let in_git = path.as_str().split('/').any(|part| part.eq_ignore_ascii_case(".git"));
            ensure!(
                !in_git,
                "The plan would write into git's own folder, `{path}`. Nothing is done with it."
            );
        }
        for path in self.edits.iter().map(|file| &file.path).chain(&self.deletes).chain(&self.untracks) {
            ensure!(inputs.contains_key(path), "The plan is damaged: `{path}` is not among its inputs.");
        }
        for new in &self.creates {
            ensure!(
                !inputs.contains_key(&new.path),
                "The plan is damaged: it makes `{}`, which is among its inputs.",
                new.path
            );
        }
        for file in &self.edits {
            let mut at = 0;
            for edit in &file.edits {
                let sound = inputs.get(&file.path) == Some(&edit.span.file)
                    && at <= edit.span.start
                    && edit.span.start <= edit.span.end;
                ensure!(sound, "The plan is damaged: the edits of `{}` are not in order.", file.path);
                at = edit.span.end;
            }
        }
        Ok(())
    }

    /// What has changed since the plan was made: a sentence for every input that differs or is gone, and for every new file
    /// whose place is taken. `hash_of` gives the blake3 (hex) of the bytes on disk, `None` if there is no file. Empty = as planned.
    pub fn differences(&self, hash_of: &dyn Fn(&RelPath) -> Option<String>) -> Vec<String> {
        let mut differences = Vec::new();
        for Input { path, hash } in &self.inputs {
            match hash_of(path) {
                None => differences.push(format!("{path} is gone.")),
                Some(now) if now != *hash => {
                    differences.push(format!("{path} has changed since the plan was made."))
                }
                Some(_) => {}
            }
        }
        for new in &self.creates {
            if hash_of(&new.path).is_some() {
                differences.push(format!("{} has appeared since the plan was made.", new.path));
            }
        }
        differences
    }

    /// Every step, sorted by path. Errors if an input does not hold what the plan refers to.
    pub fn writes(&self, read: &ReadInput<'_>) -> Result<Vec<FileWrite>> {
        let texts = self.texts(read)?;
        let text = |file: FileId| texts.get(&file).map_or("", String::as_str);
        let hashes: BTreeMap<_, _> = self.inputs.iter().map(|input| (&input.path, &input.hash)).collect();
        let before = |path: &RelPath| hashes.get(path).map(|hash| (*hash).clone());
        let mut writes = Vec::new();
        for file in &self.edits {
            if let Some(edit) = file.edits.first() {
                let bytes = merge::apply(&text, edit.span.file, &file.edits).into_bytes();
                let action = Action::Write { bytes, mode: file.mode };
                writes.push(FileWrite { path: file.path.clone(), before: before(&file.path), action });
            }
        }
        for new in &self.creates {
            let bytes = merge::render(&text, &new.pieces).into_bytes();
            writes.push(FileWrite {
                path: new.path.clone(),
                before: None,
                action: Action::Write { bytes, mode: new.mode },
            });
        }
        for path in &self.deletes {
            writes.push(FileWrite { path: path.clone(), before: before(path), action: Action::Delete });
        }
        for path in &self.untracks {
            writes.push(FileWrite { path: path.clone(), before: before(path), action: Action::Untrack });
        }
        for path in &self.untracks_folders {
            writes.push(FileWrite { path: path.clone(), before: None, action: Action::Untrack });
        }
        // Stable: a file that is written and untracked is written first.
        writes.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(writes)
    }

    /// The texts of all inputs that the plan takes bytes from, with every span in its bounds.
    fn texts(&self, read: &ReadInput<'_>) -> Result<BTreeMap<FileId, String>> {
        let mut texts: BTreeMap<FileId, String> = BTreeMap::new();
        let spans = self.edits.iter().flat_map(|file| &file.edits).map(|edit| edit.span);
        let pieces = self.edits.iter().flat_map(|file| file.edits.iter().flat_map(|edit| &edit.replacement));
        let pieces = pieces.chain(self.creates.iter().flat_map(|new| &new.pieces));
        for span in spans.chain(pieces.flat_map(spans_of)) {
            let input = self.inputs.get(span.file.0 as usize);
            let Input { path, hash } =
                input.context("The plan is damaged: it refers to a file that it does not name.")?;
            if let std::collections::btree_map::Entry::Vacant(place) = texts.entry(span.file) {
                let bytes = read(path)?;
                if blake3::hash(&bytes).to_hex().as_str() != hash {
                    bail!("`{path}` has changed since the plan was made.");
                }
                let text =
                    String::from_utf8(bytes).ok().with_context(|| format!("`{path}` is not UTF-8 text."))?;
                place.insert(text);
            }
            let within = span.start <= span.end && texts[&span.file].get(span.range()).is_some();
            ensure!(within, "The plan is damaged: it refers to bytes that `{path}` does not have.");
        }
        Ok(texts)
    }
}

fn spans_of(piece: &Piece) -> Vec<Span> {
    match piece {
        Piece::Text(_) => Vec::new(),
        Piece::Source(span) => vec![*span],
        Piece::Indented { span, verbatim, .. } => verbatim.iter().copied().chain([*span]).collect(),
    }
}
