//! Imports: merged into an import of the same module where one stands, else a statement of their own behind the last one.

use super::Refusal;
use crate::content::Splice;
use crate::import_list::{List, Style};
use edit::{Piece, RelPath};
use std::collections::{BTreeMap, BTreeSet};
use syntax::module::{Import, ImportKind, Imported, Module};
use syntax::{Language, Tree};

/// An import that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) from: String,
    pub(crate) name: Imported,
    pub(crate) local: String,
    pub(crate) type_only: bool,
    pub(crate) askers: BTreeSet<usize>,
}

impl Wish {
    pub(super) fn new(by: usize, from: &str, name: &Imported, local: &str, type_only: bool) -> Self {
        Self {
            from: from.to_owned(),
            name: plain(name),
            local: local.to_owned(),
            type_only,
            askers: BTreeSet::from([by]),
        }
    }

    /// What stands between the braces for it.
    fn specifier(&self, commonjs: bool) -> String {
        let name = match &self.name {
            Imported::Named(name) => name.as_str(),
            _ => "default",
        };
        match (name == self.local, commonjs) {
            (true, _) => name.to_owned(),
            (false, true) => format!("{name}: {}", self.local),
            (false, false) => format!("{name} as {}", self.local),
        }
    }

    fn sort_key(&self) -> &str {
        match &self.name {
            Imported::Named(name) => name,
            _ => &self.local,
        }
    }
}

/// `{ default as a }` is the default import.
fn plain(name: &Imported) -> Imported {
    match name {
        Imported::Named(name) if name == "default" => Imported::Default,
        other => other.clone(),
    }
}

pub(super) fn take(wishes: &mut Vec<Wish>, wish: Wish) -> Result<(), Refusal> {
    let Some(earlier) = wishes.iter_mut().find(|earlier| earlier.local == wish.local) else {
        wishes.push(wish);
        return Ok(());
    };
    if earlier.from != wish.from || earlier.name != wish.name {
        let why = format!("Both import something else as `{}`.", wish.local);
        return Err(Refusal { by: wish.askers, because_of: earlier.askers.first().copied(), why });
    }
    earlier.type_only &= wish.type_only;
    earlier.askers.extend(wish.askers);
    Ok(())
}

/// The file that imports are granted in, as planned.
pub(crate) struct Importer<'a> {
    /// Where.
    pub(crate) path: &'a RelPath,
    /// Its language.
    pub(crate) language: Language,
    /// Its planned text, parsed.
    pub(crate) tree: &'a Tree,
    /// Its planned imports.
    pub(crate) module: &'a Module,
    /// Names declared at its top, imports apart.
    pub(crate) declared: BTreeSet<&'a str>,
    /// Whether two specifiers lead to one module.
    pub(crate) same: &'a dyn Fn(&str, &str) -> bool,
}

/// What to splice into the file so that all `wishes` are imported and the names in `lost` no longer are.
pub(crate) fn granted(
    file: &Importer<'_>,
    wishes: &[Wish],
    lost: &BTreeSet<String>,
) -> Result<Vec<Splice>, Refusal> {
    let text = file.tree.source();
    let style = Style::of(text, file.path.extension(), file.module);
    let statics: Vec<_> =
        file.module.imports.iter().filter(|import| import.kind == ImportKind::Static).collect();
    let mut lists: BTreeMap<usize, List> = BTreeMap::new();
    let mut own: Vec<&Wish> = Vec::new();
    for wish in wishes {
        // JavaScript has no types to import.
        if wish.type_only && file.language == Language::JavaScript {
            continue;
        }
        match declared(file, wish)? {
            Some((at, type_name)) if type_name && !wish.type_only => {
                lists.entry(at).or_default().valued.insert(wish.local.clone());
            }
            Some(_) => {}
            None => match statics.iter().position(|import| takes(file, import, wish)) {
                Some(at) => {
                    let list = lists.entry(at).or_default();
                    if wish.name == Imported::Default {
                        list.default = Some(wish.local.clone());
                    } else {
                        list.added.push((wish.sort_key().to_owned(), wish.specifier(false)));
                    }
                }
                None => own.push(wish),
            },
        }
    }
    for (at, import) in statics.iter().enumerate() {
        let gone = import.names.iter().map(|name| &name.local).filter(|local| lost.contains(*local));
        let gone: BTreeSet<_> = gone.cloned().collect();
        if !gone.is_empty() {
            lists.entry(at).or_default().gone = gone;
        }
    }
    let mut splices: Vec<Splice> = Vec::new();
    let mut statements = statements(&own, &style);
    for (at, list) in &lists {
        let import = statics[*at];
        // What comes in place of a module stands in place of its import.
        if !statements.is_empty() && list.empties(import) {
            let block = std::mem::take(&mut statements).join(style.newline);
            splices.push((import.range.clone(), vec![Piece::text(block)]));
        } else {
            splices.extend(list.rewritten(text, import, &style));
        }
    }
    if !statements.is_empty() {
        splices.extend(placed(text, file.module, &statements, style.newline));
    }
    splices.sort_by_key(|(range, _)| (range.start, range.end));
    Ok(splices)
}

/// The import that already declares what is wished for: its place among the static ones, and whether it is a type only there.
fn declared(file: &Importer<'_>, wish: &Wish) -> Result<Option<(usize, bool)>, Refusal> {
    let imports = file.module.imports.iter().filter(|import| {
        matches!(import.kind, ImportKind::Static | ImportKind::Require) && !import.names.is_empty()
    });
    let mut place = 0;
    for import in imports {
        if let Some(name) = import.names.iter().find(|name| name.local == wish.local) {
            let same = plain(&name.imported) == wish.name && (file.same)(&import.specifier, &wish.from);
            // `const x = require("x")` is the default of its module as far as anyone can tell.
            let same =
                same || (import.kind == ImportKind::Require && (file.same)(&import.specifier, &wish.from));
            if same {
                return Ok(Some((place, name.type_only && import.kind == ImportKind::Static)));
            }
            return Err(taken(file, wish));
        }
        if import.kind == ImportKind::Static {
            place += 1;
        }
    }
    if file.declared.contains(wish.local.as_str()) {
        return Err(taken(file, wish));
    }
    Ok(None)
}

fn taken(file: &Importer<'_>, wish: &Wish) -> Refusal {
    Refusal {
        by: wish.askers.clone(),
        because_of: None,
        why: format!("`{}` already means something else in `{}`.", wish.local, file.path),
    }
}

/// Whether the wish can become a part of this statement.
fn takes(file: &Importer<'_>, import: &Import, wish: &Wish) -> bool {
    let has = |which: &dyn Fn(&Imported) -> bool| import.names.iter().any(|name| which(&name.imported));
    let named = has(&|name| matches!(name, Imported::Named(_)));
    let default = has(&|name| *name == Imported::Default);
    let namespace = has(&|name| *name == Imported::Namespace);
    // `import type` takes types, and one kind of name only; a plain import takes values.
    import.type_only == wish.type_only
        && (file.same)(&import.specifier, &wish.from)
        && match wish.name {
            Imported::Named(_) => !namespace && (named || (default && !wish.type_only)),
            Imported::Default => !default && named && !wish.type_only,
            Imported::Namespace => false,
        }
}

/// The statements for what no statement takes: one per module, namespaces and types apart.
fn statements(wishes: &[&Wish], style: &Style) -> Vec<String> {
    let mut modules: BTreeMap<(&str, bool, &str), Vec<&Wish>> = BTreeMap::new();
    for wish in wishes {
        let alone = if wish.name == Imported::Namespace || (wish.type_only && wish.name == Imported::Default)
        {
            wish.local.as_str()
        } else {
            ""
        };
        modules.entry((&wish.from, wish.type_only, alone)).or_default().push(wish);
    }
    let statement = |((from, type_only, _), mut wishes): ((&str, bool, &str), Vec<&Wish>)| {
        wishes.sort_by_key(|wish| (wish.sort_key().to_lowercase(), wish.local.clone()));
        let default = wishes.iter().find(|wish| wish.name == Imported::Default);
        let namespace = wishes.iter().find(|wish| wish.name == Imported::Namespace);
        let named = wishes.iter().filter(|wish| {
            matches!(wish.name, Imported::Named(_))
                || (wish.name == Imported::Default && default.is_none_or(|one| one.local != wish.local))
        });
        let named: Vec<_> = named.map(|wish| wish.specifier(style.commonjs)).collect();
        style.statement(
            from,
            type_only,
            default.map(|wish| wish.local.as_str()),
            namespace.map(|wish| wish.local.as_str()),
            &named,
        )
    };
    modules.into_iter().map(statement).collect()
}

/// The place for new statements: behind the last import, else below what must stay on top.
fn placed(text: &str, module: &Module, statements: &[String], newline: &str) -> Option<Splice> {
    let imports = module
        .imports
        .iter()
        .filter(|import| matches!(import.kind, ImportKind::Static | ImportKind::SideEffect));
    let line_start = |at: usize| text[..at].rfind('\n').map_or(0, |before| before + 1);
    // Imports that are indented stand in a `declare module` block.
    let on_top = imports.filter(|import| {
        let start = import.range.start.min(text.len());
        text.get(line_start(start)..start)
            .is_some_and(|before| before.trim_start_matches('\u{feff}').is_empty() || before.contains(';'))
    });
    let block = statements.join(newline);
    if let Some(end) = on_top.map(|import| import.range.end).max() {
        let rest = text.get(end..)?;
        let line = rest.split(['\r', '\n']).next().unwrap_or_default();
        let bare = line.trim_start_matches([';', ' ', '\t']);
        let end = if bare.is_empty() || bare.starts_with("//") { end + line.len() } else { end };
        return Some((end..end, vec![Piece::text(format!("{newline}{block}"))]));
    }
    let at = below_the_top(text);
    let mut new = String::new();
    if !text[..at].is_empty() && !text[..at].ends_with(['\n', '\u{feff}']) {
        new += newline;
    }
    new += &block;
    new += newline;
    if !text[at..].trim_start_matches([' ', '\t', '\r']).starts_with('\n') && !text[at..].is_empty() {
        new += newline;
    }
    Some((at..at, vec![Piece::text(new)]))
}

/// The byte below BOM, `#!`, leading comments and directives: where the first statement may stand.
fn below_the_top(text: &str) -> usize {
    let line_end = |at: usize| text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1);
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut top = at;
    if text[at..].starts_with("#!") {
        at = line_end(at);
        top = at;
    }
    loop {
        let rest = &text[at..];
        let spaces = rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let start = at + spaces;
        if rest.starts_with("//") {
            at = line_end(start);
            top = at;
        } else if rest.starts_with("/*") {
            let Some(length) = rest.find("*/") else { return top };
            at = start + length + 2;
            let behind = text[at..].split('\n').next().unwrap_or_default();
            if behind.trim().is_empty() {
                at = line_end(at);
            }
            // The documentation of the statement that follows stays with it; pragmas and titles of the file stay on top.
            let pragma = ["@jsx", "@ts-", "@license", "@vitest", "@jest", "@file"]
                .iter()
                .any(|word| rest[..length].contains(word));
            let blank_follows = text[at..].split('\n').next().is_some_and(|line| line.trim().is_empty());
            if pragma || blank_follows || !rest.starts_with("/**") {
                top = at;
            }
        } else if let Some(quote) = rest.chars().next().filter(|first| matches!(first, '"' | '\'')) {
            let Some(length) =
                rest[1..].find([quote, '\n']).filter(|length| rest[1 + length..].starts_with(quote))
            else {
                return top;
            };
            let behind = rest[length + 2..].trim_start_matches([' ', '\t']);
            let after = behind.strip_prefix(';').unwrap_or(behind);
            let line = after.split('\n').next().unwrap_or_default().trim();
            // A string that is more than a statement of its own is no directive.
            if behind.len() == after.len() && !line.is_empty() && !line.starts_with("//") {
                return top;
            }
            at = if line.is_empty() || line.starts_with("//") {
                line_end(start)
            } else {
                text.len() - after.len()
            };
            top = at;
        } else {
            return top;
        }
        if at >= text.len() {
            return top;
        }
    }
}
