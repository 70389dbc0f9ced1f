//! The one pass: which of the proposed changes stand together, and what each file becomes.
//!
//! A change is held if its edits meet those of an earlier one, if its requests contradict an earlier one's or cannot be granted,
//! or if a change that it needs is held. Whatever is held is held whole; then the rest is decided anew, so that nothing lands
//! that was only right beside it. Every round holds at least one change more, so the rounds end.

use crate::content::Content;
use crate::lost::{lost_constants, lost_imports};
use crate::moved;
use crate::request::import::{self, Importer, Wish};
use crate::request::{Book, Page, Refusal};
use crate::{Change, Outcome};
use audit::Survey;
use edit::merge::{Group, Merged, merge};
use edit::{FileId, Piece, RelPath, Span};
use project::graph::Graph;
use project::{File, Kind, Project};
use rayon::prelude::*;
use stack::Stack;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use syntax::module::{ImportKind, Module};
use syntax::scope::{Declared, Scopes};
use syntax::{Language, Parse, Tree};

/// Why a change is held.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    /// The change that stands against it; itself if none does.
    pub(crate) because_of: usize,
    pub(crate) span: Option<Span>,
    pub(crate) why: String,
}

/// The decision.
pub(crate) struct Settled {
    pub(crate) held: BTreeMap<usize, Reason>,
    pub(crate) files: BTreeMap<RelPath, Outcome>,
}

/// Decides over `changes`, first come first served.
pub(crate) fn settle(survey: &Survey<'_>, changes: &[&Change]) -> Settled {
    let mut held = BTreeMap::new();
    loop {
        let round = Round { project: survey.project, stack: survey.stack, changes, held: &held };
        match round.files() {
            Ok(files) => return Settled { held, files },
            Err(more) => held.extend(more),
        }
    }
}

/// Whether anything would be different after this change: what only asks for things that are there is done already.
pub(crate) fn has_effect(survey: &Survey<'_>, change: &Change) -> bool {
    let edits = !change.edits.is_empty() || !change.creates.is_empty() || !change.deletes.is_empty();
    edits || !change.moves.is_empty() || {
        let alone = Change { needs: Vec::new(), unless: None, ..change.clone() };
        let settled = settle(survey, &[&alone]);
        !settled.files.is_empty() || !settled.held.is_empty()
    }
}

/// Whether a change that stands does already what this one does.
fn yields(changes: &[&Change], held: &BTreeMap<usize, Reason>, change: &Change) -> bool {
    let stands = |key: &String| {
        let mut others = changes.iter().enumerate();
        others.any(|(at, other)| other.key.as_ref() == Some(key) && !held.contains_key(&at))
    };
    change.unless.as_ref().is_some_and(stands)
}

/// Which of the changes are left out because another does what they do.
pub(crate) fn left_out(changes: &[&Change], held: &BTreeMap<usize, Reason>) -> Vec<bool> {
    changes.iter().map(|change| yields(changes, held, change)).collect()
}

/// One round over the changes that are not held.
struct Round<'a> {
    project: &'a Project,
    stack: &'a Stack,
    changes: &'a [&'a Change],
    held: &'a BTreeMap<usize, Reason>,
}

/// The flat pieces of the items of each module.
type Items = BTreeMap<RelPath, Vec<Vec<Piece>>>;

/// More changes to hold; never empty, never one that is held already.
type More = BTreeMap<usize, Reason>;

impl<'a> Round<'a> {
    fn standing(&self) -> impl Iterator<Item = (usize, &'a Change)> {
        let changes = self.changes.iter().copied().enumerate();
        changes.filter(|(at, change)| !self.held.contains_key(at) && !yields(self.changes, self.held, change))
    }

    fn text(&self, file: FileId) -> &'a str {
        text(self.project, file)
    }

    fn files(&self) -> Result<BTreeMap<RelPath, Outcome>, More> {
        stop(self.without_what_they_need())?;
        stop(self.misplaced())?;
        let book = self.book()?;
        let (merged, items) = self.merged(&book)?;
        let texts = |file: FileId| self.text(file);
        let mut contents: BTreeMap<RelPath, Content> = BTreeMap::new();
        for (file, edits) in &merged.edits {
            if let Some(file) = self.project.files.get(file.0 as usize) {
                contents.insert(file.path.clone(), Content::edited(&texts, file.id, edits));
            }
        }
        let mut modes = self.modes(&book);
        for (path, pieces) in &merged.creates {
            if !is_item(path) {
                contents.insert(path.clone(), Content::created(&texts, pieces.clone()));
            }
        }
        for (path, module) in &book.modules {
            let there = self.content(&merged, &mut contents, path, &module.askers)?;
            let new = match there {
                None => Content::created(&texts, module.created(&texts, &items[path])),
                Some(content) => {
                    let splices = module.granted(&texts, path, &content.text, &items[path]);
                    content.spliced(&texts, &splices.map_err(|refusal| self.refused(refusal))?)
                }
            };
            contents.insert(path.clone(), new);
        }
        for (path, document) in &book.documents {
            let there = self.content(&merged, &mut contents, path, &document.askers())?;
            let content =
                there.unwrap_or_else(|| Content::created(&texts, vec![Piece::text(document.blank())]));
            let expands = self.stack.framework.public_prefix().is_some();
            let page = Page { texts: &texts, path, text: &content.text, expands };
            let splices = document.granted(&page).map_err(|refusal| self.refused(refusal))?;
            modes.entry(path.clone()).or_insert(document.mode());
            contents.insert(path.clone(), content.spliced(&texts, &splices));
        }
        self.imports(&merged, &book, &mut contents)?;
        Ok(self.outcomes(&merged, contents, &modes))
    }

    /// Changes that need a change that is not there or does not stand.
    fn without_what_they_need(&self) -> More {
        let mut more = More::new();
        for (at, change) in self.standing() {
            for need in &change.needs {
                let mut named =
                    self.changes.iter().enumerate().filter(|(_, other)| other.key.as_ref() == Some(need));
                let missing = named.clone().next().is_none();
                let held = named.find(|(other, _)| self.held.contains_key(other)).map(|(other, _)| other);
                if missing || held.is_some() {
                    let why = match held {
                        Some(_) => format!("It needs `{need}`, which is held."),
                        None => format!("It needs `{need}`, which nothing brings."),
                    };
                    more.insert(at, Reason { because_of: held.unwrap_or(at), span: None, why });
                }
            }
        }
        more
    }

    /// Changes that create a file where one is, or edit one whose text was not taken.
    fn misplaced(&self) -> More {
        let mut more = More::new();
        let mut moved = BTreeMap::new();
        for (at, change) in self.standing() {
            for one in &change.moves {
                let why = moved::refused(self.project, one, self.taken(&one.to));
                if let Some((because_of, why)) = why
                    .map(|why| (at, why))
                    .or_else(|| moved::met(&moved, one).map(|(by, why)| (by, why.to_owned())))
                {
                    more.entry(at).or_insert(Reason { because_of, span: None, why });
                }
                moved.entry(one.file).or_insert((at, one.to.clone()));
            }
            let mut refuse = |span: Option<Span>, why: String| {
                more.entry(at).or_insert(Reason { because_of: at, span, why });
            };
            for new in &change.creates {
                if let Some(there) = self.taken(&new.path) {
                    refuse(None, format!("`{there}` is there already."));
                }
            }
            for edit in &change.edits {
                let file = self.project.files.get(edit.span.file.0 as usize);
                if !file.is_some_and(|file| file.skipped.is_none() && file.kind != Kind::Binary) {
                    refuse(Some(edit.span), "It edits a file whose text was not taken.".to_owned());
                }
            }
        }
        more
    }

    /// The file that stands at `path`, or would on a disk that does not tell `a` from `A`.
    fn taken(&self, path: &RelPath) -> Option<&'a RelPath> {
        let files = self.project.files.iter().map(|file| &file.path);
        files.clone().find(|there| *there == path).or_else(|| {
            let lower = path.as_str().to_lowercase();
            files.into_iter().find(|there| there.as_str().to_lowercase() == lower)
        })
    }

    fn book(&self) -> Result<Book, More> {
        let texts = |file: FileId| self.text(file);
        let mut book = Book::default();
        for (at, change) in self.standing() {
            for request in &change.requests {
                book.take(&texts, at, request).map_err(|refusal| self.refused(refusal))?;
            }
        }
        // A file that is there as it is asked for is granted; one that differs is not.
        let mut there = Vec::new();
        for (path, wish) in &book.files {
            if let Some(taken) = self.taken(path) {
                let content = edit::merge::render(&texts, &wish.pieces);
                let same = self.project.file(path.as_str()).is_some_and(|file| *file.text == *content);
                if !same {
                    let why = format!("`{taken}` is there already, with other content.");
                    return Err(self.refused(Refusal { by: wish.askers.clone(), because_of: None, why }));
                }
                there.push(path.clone());
            }
        }
        there.iter().for_each(|path| drop(book.files.remove(path)));
        Ok(book)
    }

    /// Merges edits, new files, and what is asked for with slices in it. The second result: the flat pieces of module items.
    fn merged(&self, book: &Book) -> Result<(Merged, Items), More> {
        let mut groups = Vec::new();
        let mut authors: Vec<BTreeSet<usize>> = Vec::new();
        for (at, change) in self.standing() {
            groups.push(Group {
                edits: change.edits.clone(),
                creates: change.creates.iter().map(|new| (new.path.clone(), new.pieces.clone())).collect(),
                deletes: change.deletes.clone(),
            });
            authors.push(BTreeSet::from([at]));
        }
        for (path, wish) in &book.files {
            let creates = vec![(path.clone(), wish.pieces.clone())];
            groups.push(Group { creates, ..Group::default() });
            authors.push(wish.askers.clone());
        }
        for (path, module) in &book.modules {
            let creates = module.items.iter().enumerate();
            let creates =
                creates.filter_map(|(at, item)| Some((item_path(path, at)?, item.pieces.clone()))).collect();
            groups.push(Group { creates, ..Group::default() });
            authors.push(module.askers.clone());
        }
        let texts = |file: FileId| self.text(file);
        let merged = merge(&texts, &groups);
        let mut more = More::new();
        for held in &merged.held {
            let because_of = authors[held.because_of].first().copied();
            let by = &authors[held.group];
            let others: Vec<_> = by.iter().filter(|by| Some(**by) != because_of).collect();
            let whom = if others.is_empty() { by.iter().collect() } else { others };
            for at in whom {
                let why = match (because_of == Some(*at), held.span) {
                    (true, _) => "Its own edits contradict each other.".to_owned(),
                    (false, Some(span)) => {
                        format!("Both change the same part of `{}`.", self.path(span.file))
                    }
                    (false, None) => "Both make the same new file.".to_owned(),
                };
                let reason = Reason { because_of: because_of.unwrap_or(*at), span: held.span, why };
                more.entry(*at).or_insert(reason);
            }
        }
        stop(more)?;
        let mut items = BTreeMap::new();
        for (path, module) in &book.modules {
            let flat = (0..module.items.len()).map(|at| {
                let flat = item_path(path, at).and_then(|path| merged.creates.get(&path));
                flat.unwrap_or(&module.items[at].pieces).clone()
            });
            items.insert(path.clone(), flat.collect());
        }
        Ok((merged, items))
    }

    fn path(&self, file: FileId) -> &str {
        self.project.files.get(file.0 as usize).map_or("", |file| file.path.as_str())
    }

    /// The Unix modes of new files.
    fn modes(&self, book: &Book) -> BTreeMap<RelPath, u32> {
        let mut modes = BTreeMap::new();
        for (_, change) in self.standing() {
            for new in &change.creates {
                modes.entry(new.path.clone()).or_insert(new.mode);
            }
        }
        for (path, wish) in &book.files {
            modes.entry(path.clone()).or_insert(wish.mode);
        }
        modes
    }

    /// The planned content of `path`, taken out of `contents`; `None` if there will be no such file.
    fn content(
        &self,
        merged: &Merged,
        contents: &mut BTreeMap<RelPath, Content>,
        path: &RelPath,
        askers: &BTreeSet<usize>,
    ) -> Result<Option<Content>, More> {
        if let Some(content) = contents.remove(path) {
            return Ok(Some(content));
        }
        let refused = |why: String| self.refused(Refusal { by: askers.clone(), because_of: None, why });
        let Some(file) = self.project.file(path.as_str()) else {
            return match self.taken(path) {
                Some(there) => Err(refused(format!("`{there}` is there already."))),
                None => Ok(None),
            };
        };
        if merged.deletes.contains(&file.id) {
            return Err(refused(format!("`{path}` is deleted.")));
        }
        if file.skipped.is_some() || file.kind == Kind::Binary {
            return Err(refused(format!("The text of `{path}` was not taken.")));
        }
        Ok(Some(Content::edited(&|file| self.text(file), file.id, &[])))
    }

    /// Grants imports, and drops those that lost their last use, in every file that is edited or asked for one.
    fn imports(
        &self,
        merged: &Merged,
        book: &Book,
        contents: &mut BTreeMap<RelPath, Content>,
    ) -> Result<(), More> {
        let none = Vec::new();
        let files: BTreeSet<FileId> = merged.edits.keys().chain(book.imports.keys()).copied().collect();
        let mut jobs = Vec::new();
        let mut failed = None;
        for file in files {
            let Some(file) = self.project.files.get(file.0 as usize) else { continue };
            let wishes = book.imports.get(&file.id).unwrap_or(&none);
            let askers = wishes.iter().flat_map(|wish| wish.askers.iter().copied()).collect();
            let Kind::Code(language) = file.kind else {
                if wishes.is_empty() {
                    continue;
                }
                let why = format!("`{}` is no code that can import.", file.path);
                failed = Some(self.refused(Refusal { by: askers, because_of: None, why }));
                break;
            };
            match self.content(merged, contents, &file.path, &askers) {
                Ok(Some(content)) => jobs.push((file, wishes, language, content)),
                Ok(None) => {}
                Err(more) => {
                    failed = Some(more);
                    break;
                }
            }
        }
        let granted: Vec<Result<(RelPath, Content), More>> = jobs
            .into_par_iter()
            .map(|(file, wishes, language, content)| {
                let granted = self.imported(file, wishes, language, content)?;
                Ok((file.path.clone(), granted))
            })
            .collect();
        for granted in granted {
            let (path, content) = granted?;
            contents.insert(path, content);
        }
        failed.map_or(Ok(()), Err)
    }

    /// The content of one file with the imports that are wished for, and without those that lost their last use.
    fn imported(
        &self,
        file: &File,
        wishes: &[Wish],
        language: Language,
        content: Content,
    ) -> Result<Content, More> {
        let tree = Tree::parse(Arc::from(content.text.as_str()), language);
        let (module, scopes) = (Module::of(&tree), Scopes::of(&tree));
        let (lost, constants) = match tree.state() {
            Parse::Broken => (BTreeSet::new(), Vec::new()),
            _ => (lost_imports(file, &module, &scopes, wishes), lost_constants(file, &tree, &scopes)),
        };
        let same = |one: &str, other: &str| self.same_module(file, one, other);
        let importer = Importer {
            path: &file.path,
            language,
            tree: &tree,
            module: &module,
            declared: declared(&module, &scopes),
            same: &same,
        };
        let mut splices =
            import::granted(&importer, wishes, &lost).map_err(|refusal| self.refused(refusal))?;
        splices.extend(constants.into_iter().map(|range| (range, Vec::new())));
        splices.sort_by_key(|(range, _)| range.start);
        Ok(content.spliced(&|file: FileId| self.text(file), &splices))
    }

    fn same_module(&self, file: &File, one: &str, other: &str) -> bool {
        one == other || {
            let target = |specifier: &str| Graph::resolve(self.project, file.id, specifier);
            target(one).is_some_and(|target_of_one| target(other) == Some(target_of_one))
        }
    }

    fn outcomes(
        &self,
        merged: &Merged,
        contents: BTreeMap<RelPath, Content>,
        modes: &BTreeMap<RelPath, u32>,
    ) -> BTreeMap<RelPath, Outcome> {
        let mut outcomes = BTreeMap::new();
        for (path, content) in contents {
            match self.project.file(path.as_str()) {
                Some(file) => {
                    let is_changed = content.text != *file.text;
                    let edits = content.into_edits(file.text.len());
                    if is_changed {
                        outcomes.insert(path, Outcome::Edited { file: file.id, edits });
                    }
                }
                None => {
                    let mode = modes.get(&path).copied().unwrap_or(0o644);
                    outcomes.insert(path, Outcome::Created { pieces: content.into_pieces(), mode });
                }
            }
        }
        let untracked = self.standing().flat_map(|(_, change)| change.untracks.iter());
        let untracked = untracked.filter_map(|file| self.project.files.get(file.0 as usize));
        for file in untracked.filter(|file| file.tracked) {
            let edits = match outcomes.remove(&file.path) {
                Some(Outcome::Edited { edits, .. } | Outcome::Untracked { edits, .. }) => edits,
                _ => Vec::new(),
            };
            outcomes.insert(file.path.clone(), Outcome::Untracked { file: file.id, edits });
        }
        for folder in self.standing().flat_map(|(_, change)| &change.untracks_folders) {
            outcomes.entry(folder.clone()).or_insert(Outcome::UntrackedFolder);
        }
        for file in merged.deletes.iter().filter_map(|file| self.project.files.get(file.0 as usize)) {
            outcomes.insert(file.path.clone(), Outcome::Deleted { file: file.id });
        }
        for one in self.standing().flat_map(|(_, change)| &change.moves) {
            moved::place(self.project, one, &mut outcomes);
        }
        outcomes
    }

    fn refused(&self, refusal: Refusal) -> More {
        let reason = |at: usize| Reason {
            because_of: refusal.because_of.unwrap_or(at),
            span: None,
            why: refusal.why.clone(),
        };
        refusal.by.iter().map(|at| (*at, reason(*at))).collect()
    }
}

/// The text of a file of the project.
pub(crate) fn text(project: &Project, file: FileId) -> &str {
    project.files.get(file.0 as usize).map_or("", |file| &file.text)
}

fn stop(more: More) -> Result<(), More> {
    if more.is_empty() { Ok(()) } else { Err(more) }
}

/// A path that no file has: module items go through the merge as new files of their own, so that edits inside their slices
/// come along.
fn item_path(module: &RelPath, at: usize) -> Option<RelPath> {
    RelPath::new(format!("*/{at}/{module}"))
}

fn is_item(path: &RelPath) -> bool {
    path.as_str().starts_with("*/")
}

/// Names declared at the top of a module, imports apart.
fn declared<'s>(module: &Module, scopes: &'s Scopes) -> BTreeSet<&'s str> {
    let imported: BTreeSet<_> = module
        .imports
        .iter()
        .filter(|import| import.kind == ImportKind::Static)
        .flat_map(|import| import.names.iter().map(|name| name.local.as_str()))
        .collect();
    let top =
        scopes.bindings.iter().filter(|binding| binding.top_level && binding.declared != Declared::Import);
    top.map(|binding| binding.name.as_str()).filter(|name| !imported.contains(name)).collect()
}
