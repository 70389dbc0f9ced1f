//! Variables whose name publishes a secret: the prefix goes wherever the name stands, if no code of the browser reads it.

use audit::Survey;
use audit::env::{Accessor, EnvName, given, without_public_prefix};
use edit::{Edit, FileId, Span};
use project::{File, Kind};
use stack::Side;

/// One such variable.
pub(super) struct Published<'s> {
    pub(super) name: &'s EnvName,
    pub(super) fate: Fate,
}

/// What becomes of it.
pub(super) enum Fate {
    /// It gets another name.
    Renamed {
        to: String,
        /// Every place of the name in the tree.
        places: Vec<Span>,
        /// Reads whose accessor only knows public names, as they are to be spelled: the whole accessor.
        respelled: Vec<Edit>,
    },
    /// The browser reads it.
    Browser,
    /// Nothing reads it.
    Unused,
    /// It cannot be renamed everywhere; why, in words.
    Left(String),
}

/// All of them, by name.
pub(super) fn published<'s>(survey: &'s Survey<'_>) -> Vec<Published<'s>> {
    let names = survey.env.iter().filter(|name| name.public && name.secret && !given(&name.name));
    names.map(|name| Published { name, fate: fate(survey, name) }).collect()
}

fn fate(survey: &Survey<'_>, name: &EnvName) -> Fate {
    if name.reads.iter().any(|read| matches!(read.side, Side::Browser | Side::Both)) {
        return Fate::Browser;
    }
    let to = without_public_prefix(&name.name).to_owned();
    if name.reads.is_empty() {
        return Fate::Unused;
    }
    if survey.stack.framework.unsupported().is_some() {
        return Fate::Left("the framework is not supported".to_owned());
    }
    if survey.env_name(&to).is_some() {
        return Fate::Left(format!("`{to}` is there already, and may hold another value"));
    }
    let mut respelled = Vec::new();
    for read in name.reads.iter().filter(|read| read.accessor == Accessor::ImportMeta) {
        if read.side != Side::Server || !read.replaceable {
            return Fate::Left(format!(
                "`{}` reads it by `import.meta`",
                survey.project.get(read.span.file).path
            ));
        }
        respelled.push(Edit::replace(read.span, survey.stack.framework.env(Side::Server, &to).expression));
    }
    let mut places = Vec::new();
    for file in survey
        .project
        .files
        .iter()
        .filter(|file| file.skipped.is_none() && !matches!(file.kind, Kind::Binary))
    {
        let own = occurrences(file, &name.name);
        let browser = matches!(file.kind, Kind::Code(_))
            && matches!(survey.stack.side(file.id), Side::Browser | Side::Both);
        if browser && !own.is_empty() {
            return Fate::Left(format!("`{}` of the browser bundle names it", file.path));
        }
        places.extend(own);
    }
    places.retain(|place| !respelled.iter().any(|edit: &Edit| edit.span.covers(*place)));
    Fate::Renamed { to, places, respelled }
}

/// Every place of `name` as a whole word.
fn occurrences(file: &File, name: &str) -> Vec<Span> {
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = file.text.as_bytes();
    let places = file.text.match_indices(name).filter(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !word(before) && !word(bytes.get(at + name.len()))
    });
    places.map(|(at, _)| file.span(at..at + name.len())).collect()
}

/// Files that a rename touches.
pub(super) fn files(places: &[Span]) -> Vec<FileId> {
    let mut files: Vec<FileId> = places.iter().map(|place| place.file).collect();
    files.dedup();
    files
}
