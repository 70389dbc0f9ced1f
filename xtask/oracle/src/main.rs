//! Compares our parsing and name resolution with oxc over a folder of exports: `cargo run --release -p oracle -- DIR [--verbose]`.
//!
//! A file is valid if oxc parses it without a diagnostic. Healing is measured on the valid files that the plain grammar fails or misreads;
//! references are compared one by one, by the place of the declaration's name, and a reference that only one side sees is a disagreement.
//! `undefined`, a free `arguments` and the `const` of `as const` are left out: they are no names of a file.

use anyhow::{Context, Result};
use ignore::WalkBuilder;
use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_semantic::{Semantic, SemanticBuilder};
use oxc_span::{GetSpan, SourceType};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use syntax::scope::{Reference, Scopes};
use syntax::{Language, Parse, Tree};

/// Larger files are generated.
const LARGEST: u64 = 4 << 20;

/// The counts over all files.
#[derive(Default)]
struct Totals {
    files: usize,
    skipped: usize,
    unreadable: usize,
    valid: usize,
    failed_and_valid: usize,
    healed: usize,
    accepted_but_invalid: usize,
    references: usize,
    agreed: usize,
}

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let mut directory = None;
    let mut verbose = false;
    for argument in &mut arguments {
        match argument.as_str() {
            "--verbose" => verbose = true,
            _ => directory = Some(PathBuf::from(argument)),
        }
    }
    let directory = directory.context("which folder? usage: oracle DIR [--verbose]")?;
    let mut totals = Totals::default();
    let mut lines = Vec::new();
    for path in code_files(&directory) {
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        let text = std::fs::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match text {
            _ if size > LARGEST => totals.skipped += 1,
            None => totals.unreadable += 1,
            Some(text) if is_minified(&path, &text) => totals.skipped += 1,
            Some(text) => compare(&path, &text, &mut totals, &mut lines),
        }
    }
    print(&totals, if verbose { &lines } else { &[] });
    Ok(ExitCode::SUCCESS)
}

/// The code files below a folder, sorted.
fn code_files(directory: &Path) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(directory)
        .standard_filters(false)
        .sort_by_file_path(Path::cmp)
        .filter_entry(|entry| {
            !matches!(entry.file_name().to_str(), Some("node_modules" | "dist" | ".next" | ".git"))
        })
        .build();
    let is_code = |path: &PathBuf| language(path).is_some();
    walk.filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .map(|entry| entry.into_path())
        .filter(is_code)
        .collect()
}

fn language(path: &Path) -> Option<Language> {
    Language::of_extension(path.extension()?.to_str()?)
}

fn is_minified(path: &Path, text: &str) -> bool {
    let named = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.contains(".min."));
    named || (text.len() > 5_000 && text.len() / (text.lines().count() + 1) > 250)
}

fn compare(path: &Path, text: &str, totals: &mut Totals, lines: &mut Vec<String>) {
    let Some(language) = language(path) else { return };
    totals.files += 1;
    let tree = Tree::parse(text.into(), language);
    let allocator = Allocator::default();
    let parsed = source_types(path).map(|kind| Parser::new(&allocator, text, kind).parse());
    let Some(parsed) = parsed.into_iter().find(|parsed| parsed.diagnostics.is_empty()) else {
        if tree.state() != Parse::Broken {
            totals.accepted_but_invalid += 1;
            lines.push(format!("{}: {:?}, but oxc finds an error", path.display(), tree.state()));
        }
        return;
    };
    totals.valid += 1;
    if tree.state() != Parse::Ok {
        totals.failed_and_valid += 1;
        totals.healed += usize::from(tree.state() == Parse::Healed);
    }
    if tree.state() == Parse::Broken {
        lines.push(format!("{}: broken, but oxc finds no error", path.display()));
    }
    let semantic = SemanticBuilder::new().with_build_nodes(true).build(&parsed.program).semantic;
    let theirs = their_references(&semantic);
    let scopes = Scopes::of(&tree);
    let ours: HashMap<usize, Vec<usize>> = scopes
        .references
        .iter()
        .filter(|reference| theirs.contains_key(&reference.range.start) || !is_predicate(&tree, reference))
        .map(|reference| {
            let declarations =
                reference.binding.map(|id| scopes.declarations_of(id).map(|name| name.start).collect());
            (reference.range.start, declarations.unwrap_or_default())
        })
        .collect();
    let mut starts: Vec<usize> = theirs.keys().chain(ours.keys()).copied().collect();
    starts.sort_unstable();
    starts.dedup();
    for start in starts {
        let agrees = match (ours.get(&start), theirs.get(&start)) {
            (Some(ours), Some(Some(theirs))) => ours.contains(theirs),
            (Some(ours), Some(None)) => ours.is_empty(),
            _ => false,
        };
        totals.references += 1;
        totals.agreed += usize::from(agrees);
        if !agrees {
            let our_side = ours.get(&start).map_or("no reference".to_owned(), |found| match found.first() {
                Some(at) => format!("line {}", line(text, *at)),
                None => "global".to_owned(),
            });
            let their_side = theirs.get(&start).map_or("no reference".to_owned(), |found| match found {
                Some(at) => format!("line {}", line(text, *at)),
                None => "global".to_owned(),
            });
            let name: String = text
                .get(start..)
                .unwrap_or_default()
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
                .collect();
            lines.push(format!(
                "{}:{} {name} ours: {} theirs: {}",
                path.display(),
                line(text, start),
                our_side,
                their_side
            ));
        }
    }
}

/// The kinds of source a file may be, the likeliest first. JSX is allowed in `.js`, as the builders' tools allow it.
fn source_types(path: &Path) -> impl Iterator<Item = SourceType> + use<> {
    let first = SourceType::from_path(path).unwrap_or_default();
    let mut kinds = vec![first];
    if !first.is_typescript() {
        kinds.push(first.with_jsx(true).with_module(true));
        kinds.push(first.with_jsx(true).with_script(true));
        kinds.push(SourceType::tsx());
    }
    kinds.into_iter()
}

/// Where each reference's declaration has its name; `None` for globals.
fn their_references(semantic: &Semantic<'_>) -> BTreeMap<usize, Option<usize>> {
    let scoping = semantic.scoping();
    let mut found = BTreeMap::new();
    for symbol in scoping.symbol_ids() {
        for reference in scoping.get_resolved_references(symbol) {
            let at = semantic.nodes().get_node(reference.node_id()).kind().span().start;
            found.insert(at as usize, Some(scoping.symbol_span(symbol).start as usize));
        }
    }
    for (name, references) in scoping.root_unresolved_references() {
        if matches!(name.as_str(), "undefined" | "arguments" | "const") {
            continue;
        }
        for reference in references {
            let reference = scoping.get_reference(*reference);
            let at = semantic.nodes().get_node(reference.node_id()).kind().span().start;
            found.insert(at as usize, None);
        }
    }
    found
}

/// `x is T` and `asserts x`: a use of `x` for us, a bare name for oxc.
fn is_predicate(tree: &Tree, reference: &Reference) -> bool {
    let parent = tree.node_at(reference.range.clone()).and_then(|node| node.parent());
    parent.is_some_and(|parent| matches!(parent.kind(), "type_predicate" | "asserts"))
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

#[expect(clippy::print_stdout, reason = "a program prints")]
fn print(totals: &Totals, lines: &[String]) {
    for line in lines {
        println!("{line}");
    }
    let rate =
        |part: usize, whole: usize| if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 };
    println!(
        "files                          {:>9}  ({} skipped, {} unreadable)",
        totals.files, totals.skipped, totals.unreadable
    );
    println!("valid for oxc                  {:>9}", totals.valid);
    println!("valid, failed or misread       {:>9}", totals.failed_and_valid);
    println!(
        "  of these healed              {:>9}  {:.2} %",
        totals.healed,
        rate(totals.healed, totals.failed_and_valid)
    );
    println!("invalid, but no error of ours  {:>9}", totals.accepted_but_invalid);
    println!("references                     {:>9}", totals.references);
    println!(
        "  of these agreed              {:>9}  {:.4} %",
        totals.agreed,
        rate(totals.agreed, totals.references)
    );
}
