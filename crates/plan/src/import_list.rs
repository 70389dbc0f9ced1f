//! The names of one import statement: some added, some gone, in the layout that it has.

use crate::content::Splice;
use edit::Piece;
use std::collections::BTreeSet;
use std::ops::Range;
use syntax::module::{Import, ImportKind, ImportName, Imported, Module};

/// How a file writes its imports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    quote: char,
    semicolon: &'static str,
    /// What stands inside braces.
    space: &'static str,
    /// One level of indentation.
    indent: &'static str,
    /// Its line ends.
    pub(crate) newline: &'static str,
    /// `require` in place of `import`.
    pub(crate) commonjs: bool,
}

/// The longest line of an import.
const LONGEST: usize = 100;

impl Style {
    pub(crate) fn of(text: &str, extension: &str, module: &Module) -> Self {
        let imports = || module.imports.iter();
        let esm = imports().find(|import| matches!(import.kind, ImportKind::Static | ImportKind::SideEffect));
        let any = esm.or_else(|| imports().next());
        let quote = match any.and_then(|import| text.get(import.specifier_range.clone())?.chars().next()) {
            Some(quote @ ('"' | '\'')) => quote,
            _ if text.matches('\'').count() > text.matches('"').count() => '\'',
            _ => '"',
        };
        let ended = |line: &str| line.trim_end().ends_with(';');
        let semicolon = match esm {
            Some(import) => text.get(import.range.clone()).is_some_and(ended),
            // A statement that could end in one and does not speaks against them.
            None => {
                let bare = |line: &str| line.trim_end().ends_with([')', ']', '"', '\'']);
                text.lines().any(ended) || !text.lines().any(bare)
            }
        };
        let tight = esm.and_then(|import| text.get(import.range.clone())).is_some_and(|statement| {
            statement.contains('{')
                && !statement.contains("{ ")
                && !statement.contains("{\n")
                && !statement.contains("{\r")
        });
        let required = imports().any(|import| import.kind == ImportKind::Require);
        Self {
            quote,
            semicolon: if semicolon { ";" } else { "" },
            space: if tight { "" } else { " " },
            indent: edit::indent_unit(text),
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            commonjs: matches!(extension, "cjs" | "cts")
                || (extension == "js" && required && esm.is_none() && module.exports.is_empty()),
        }
    }

    /// A whole import statement.
    pub(crate) fn statement(
        &self,
        from: &str,
        type_only: bool,
        default: Option<&str>,
        namespace: Option<&str>,
        named: &[String],
    ) -> String {
        let Self { quote, semicolon, space, .. } = self;
        let list = (!named.is_empty()).then(|| format!("{{{space}{}{space}}}", named.join(", ")));
        if self.commonjs {
            let name = list.unwrap_or_else(|| namespace.or(default).unwrap_or_default().to_owned());
            return format!("const {name} = require({quote}{from}{quote}){semicolon}");
        }
        let clause: Vec<_> = default
            .map(str::to_owned)
            .into_iter()
            .chain(namespace.map(|name| format!("* as {name}")))
            .chain(list)
            .collect();
        let word = if type_only { "import type" } else { "import" };
        let line = format!("{word} {} from {quote}{from}{quote}{semicolon}", clause.join(", "));
        if line.chars().count() <= LONGEST || named.len() < 2 {
            return line;
        }
        // A list that is too long for a line has a line for each name.
        let Self { indent, newline, .. } = self;
        let names: String = named.iter().map(|name| format!("{indent}{name},{newline}")).collect();
        line.replacen(&format!("{{{space}{}{space}}}", named.join(", ")), &format!("{{{newline}{names}}}"), 1)
    }
}

/// What becomes of the names of one statement.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    /// A default import that it gets.
    pub(crate) default: Option<String>,
    /// Named imports that it gets: the name to sort by, and the specifier.
    pub(crate) added: Vec<(String, String)>,
    /// Local names that it loses.
    pub(crate) gone: BTreeSet<String>,
    /// Local names that were types only and are values now.
    pub(crate) valued: BTreeSet<String>,
}

impl List {
    /// Whether nothing is left of the statement.
    pub(crate) fn empties(&self, import: &Import) -> bool {
        let gone = |name: &ImportName| self.gone.contains(&name.local);
        let nothing_new = self.default.is_none() && self.added.is_empty() && self.valued.is_empty();
        nothing_new && !import.names.is_empty() && import.names.iter().all(gone)
    }

    /// What to splice into `text`, of which `import` is a statement.
    pub(crate) fn rewritten(&self, text: &str, import: &Import, style: &Style) -> Vec<Splice> {
        let gone = |name: &&ImportName| self.gone.contains(&name.local);
        if self.empties(import) {
            return vec![(whole_line(text, import.range.clone()), Vec::new())];
        }
        if import.names.iter().any(|name| gone(&name)) {
            // Written anew without the names that go, unless a comment in it would be lost.
            if let Some(splice) = self.without_gone(text, import, style) {
                return vec![splice];
            }
        }
        let mut splices = self.as_values(text, import);
        let named = named(import);
        if let (Some(default), Some(brace)) = (&self.default, brace_before(text, import, &named)) {
            splices.push((brace..brace, vec![Piece::text(format!("{default}, "))]));
        }
        if !self.added.is_empty() {
            splices.extend(self.insertions(text, import, &named, style));
        }
        splices
    }

    /// The clause anew: from its first name or brace to its last.
    fn without_gone(&self, text: &str, import: &Import, style: &Style) -> Option<Splice> {
        let named = named(import);
        let kept = |name: &&ImportName| !self.gone.contains(&name.local);
        let first = import.names.iter().map(|name| name.range.start).min()?;
        let last = import.names.iter().map(|name| name.range.end).max()?;
        let start = brace_before(text, import, &named).map_or(first, |brace| brace.min(first));
        let end =
            named.last().and_then(|last| closing_brace(text, last.range.end)).map_or(last, |close| close + 1);
        let clause = text.get(start..end)?;
        if clause.contains("//") || clause.contains("/*") || !self.valued.is_empty() {
            return None;
        }
        let mut parts = Vec::new();
        for name in import.names.iter().filter(kept) {
            if !matches!(name.imported, Imported::Named(_))
                || !named.iter().any(|one| one.range == name.range)
            {
                parts.push(text.get(name.range.clone())?.to_owned());
            }
        }
        if let Some(default) = &self.default {
            parts.insert(0, default.clone());
        }
        let mut list: Vec<(String, String)> = Vec::new();
        for name in named.iter().filter(|name| kept(name)) {
            list.push((sort_key(name).to_owned(), text.get(name.range.clone())?.to_owned()));
        }
        let sorted = order(&named);
        for (key, specifier) in &self.added {
            let at = match sorted {
                Some(order) => list.partition_point(|(other, _)| order(other) <= order(key)),
                None => list.len(),
            };
            list.insert(at, (key.clone(), specifier.clone()));
        }
        if !list.is_empty() {
            let specifiers: Vec<_> = list.into_iter().map(|(_, specifier)| specifier).collect();
            let inner = named
                .first()
                .filter(|first| clause.contains('\n') && line_begins_with(text, first.range.start));
            parts.push(match inner {
                Some(first) => {
                    let indent = indentation(text, first.range.start);
                    let comma = if clause.trim_end_matches('}').trim_end().ends_with(',') { "," } else { "" };
                    let newline = style.newline;
                    let lines = specifiers.join(&format!(",{newline}{indent}"));
                    format!(
                        "{{{newline}{indent}{lines}{comma}{newline}{}}}",
                        indentation(text, import.range.start)
                    )
                }
                None => {
                    let space = if clause.contains("{ ") { " " } else { "" };
                    format!("{{{space}{}{space}}}", specifiers.join(", "))
                }
            });
        }
        Some((start..end, vec![Piece::text(parts.join(", "))]))
    }

    /// Names that were types only become values.
    fn as_values(&self, text: &str, import: &Import) -> Vec<Splice> {
        let mut splices = Vec::new();
        if self.valued.is_empty() {
            return splices;
        }
        let without_type = |start: usize, word: &str| -> Option<Splice> {
            let rest = text.get(start..)?.strip_prefix(word)?;
            let length = rest.strip_prefix("type")?;
            let end = text.len() - length.trim_start().len();
            Some((start + word.len()..end, Vec::new()))
        };
        if import.type_only {
            splices.extend(without_type(import.range.start, "import "));
            for name in import.names.iter().filter(|name| !self.valued.contains(&name.local)) {
                if matches!(name.imported, Imported::Named(_)) {
                    splices.push((name.range.start..name.range.start, vec![Piece::text("type ")]));
                }
            }
        } else {
            let valued = import.names.iter().filter(|name| self.valued.contains(&name.local));
            splices.extend(valued.filter_map(|name| without_type(name.range.start, "")));
        }
        splices
    }

    fn insertions(&self, text: &str, import: &Import, named: &[&ImportName], style: &Style) -> Vec<Splice> {
        let mut added: Vec<_> = self.added.iter().collect();
        let Some(last) = named.last() else {
            let list: Vec<_> = added.iter().map(|(_, specifier)| specifier.as_str()).collect();
            let Some(default) = import.names.first() else { return Vec::new() };
            let space = style.space;
            let list = format!(", {{{space}{}{space}}}", list.join(", "));
            return vec![(default.range.end..default.range.end, vec![Piece::text(list)])];
        };
        let order = order(named);
        if let Some(order) = order {
            added.sort_by_key(|(key, _)| order(key));
        }
        let mut splices: Vec<Splice> = Vec::new();
        let mut behind = Vec::new();
        for (key, specifier) in added {
            let next = order.and_then(|order| named.iter().find(|name| order(sort_key(name)) > order(key)));
            match next {
                Some(next) => {
                    let at = next.range.start;
                    let gap = if line_begins_with(text, at) {
                        format!("{}{}", style.newline, indentation(text, at))
                    } else {
                        " ".to_owned()
                    };
                    splices.push((at..at, vec![Piece::text(format!("{specifier},{gap}"))]));
                }
                None => behind.push(specifier.as_str()),
            }
        }
        if behind.is_empty() {
            return splices;
        }
        if !line_begins_with(text, last.range.start) {
            let new: String = behind.iter().map(|specifier| format!(", {specifier}")).collect();
            splices.push((last.range.end..last.range.end, vec![Piece::text(new)]));
            return splices;
        }
        // One name a line: a comment behind the last one stays with it.
        let close = closing_brace(text, last.range.end).unwrap_or(last.range.end);
        let between = &text[last.range.end..close];
        let comma = comma_in(between);
        let line = between.split(['\r', '\n']).next().unwrap_or_default().trim_end();
        let end = last.range.end + line.len();
        let gap = format!("{}{}", style.newline, indentation(text, last.range.start));
        let mut new: String = behind.iter().map(|specifier| format!("{gap}{specifier},")).collect();
        if !comma {
            new.pop();
            if line.is_empty() {
                new.insert(0, ',');
            } else {
                splices.push((last.range.end..last.range.end, vec![Piece::text(",")]));
            }
        }
        splices.push((end..end, vec![Piece::text(new)]));
        splices
    }
}

/// The names between the braces, in order.
fn named(import: &Import) -> Vec<&ImportName> {
    let mut named: Vec<_> =
        import.names.iter().filter(|name| matches!(name.imported, Imported::Named(_))).collect();
    named.sort_by_key(|name| name.range.start);
    named
}

fn sort_key(name: &ImportName) -> &str {
    match &name.imported {
        Imported::Named(imported) => imported,
        _ => &name.local,
    }
}

/// The order that the names stand in, if they stand in one.
fn order(named: &[&ImportName]) -> Option<fn(&str) -> String> {
    let exact: fn(&str) -> String = str::to_owned;
    let folded: fn(&str) -> String = str::to_lowercase;
    let holds = |order: &fn(&str) -> String| {
        named.windows(2).all(|two| order(sort_key(two[0])) <= order(sort_key(two[1])))
    };
    [folded, exact].into_iter().find(|order| named.len() > 1 && holds(order))
}

/// The `{` of the list.
fn brace_before(text: &str, import: &Import, named: &[&ImportName]) -> Option<usize> {
    let before = text.get(import.range.start..named.first()?.range.start)?;
    before.rfind('{').map(|at| import.range.start + at)
}

/// The `}` behind `at`, comments passed over.
fn closing_brace(text: &str, at: usize) -> Option<usize> {
    let mut rest = text.get(at..)?;
    loop {
        let next = rest.find(['}', '/'])?;
        let found = &rest[next..];
        if found.starts_with('}') {
            return Some(text.len() - found.len());
        }
        let length = if found.starts_with("//") {
            found.find('\n')?
        } else if found.starts_with("/*") {
            found.find("*/")? + 2
        } else {
            1
        };
        rest = &found[length..];
    }
}

/// Whether a comma stands in `between`, comments passed over.
fn comma_in(between: &str) -> bool {
    let mut rest = between.trim_start();
    while let Some(comment) = rest.strip_prefix("/*") {
        rest = comment.split_once("*/").map_or("", |(_, rest)| rest).trim_start();
    }
    while rest.starts_with("//") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    rest.starts_with(',')
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

fn line_begins_with(text: &str, at: usize) -> bool {
    text[..at].contains('\n') && text[line_start(text, at)..at].chars().all(char::is_whitespace)
}

fn indentation(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..at];
    &line[..line.len() - line.trim_start().len()]
}

/// `range` with the rest of its lines, if nothing else stands there.
pub(crate) fn whole_line(text: &str, range: Range<usize>) -> Range<usize> {
    let start = line_start(text, range.start);
    let before = &text[start..range.start];
    let behind = &text[range.end..];
    let line = behind.find('\n').map_or(behind.len(), |newline| newline + 1);
    if !behind[..line].trim().is_empty() {
        return range;
    }
    if before.trim().is_empty() {
        return start..range.end + line;
    }
    // The BOM stays where it is.
    if before == "\u{feff}" { range.start..range.end + line } else { range }
}
