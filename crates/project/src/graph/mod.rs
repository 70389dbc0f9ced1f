//! The module graph: tsconfig/jsconfig paths and `baseUrl`, `@/`, extensions and `index` files, barrels, re-exports, namespaces.

mod origin;
mod resolve;

pub use origin::Origin;

use crate::package::Package;
use crate::{File, Kind, Project};
use edit::{FileId, RelPath};
use rayon::prelude::*;
use resolve::Resolver;
use std::collections::BTreeSet;
use std::ops::Range;
use syntax::{Tree, view};

/// An import that leads to a file of the project.
#[derive(Clone, Debug)]
pub struct Link {
    /// Index into the importer's `module.imports`.
    pub import: usize,
    /// The file it leads to.
    pub target: FileId,
}

/// Who imports whom.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// By file: resolved imports. Unresolved ones (packages, missing files) are left out.
    pub links: Vec<Vec<Link>>,
    /// By file: what it reaches by a pattern: `import.meta.glob("./pages/*.tsx")`, ``import(`./pages/${name}.tsx`)``.
    pub globs: Vec<Vec<FileId>>,
    /// By file: who imports it, sorted, each once.
    pub importers: Vec<Vec<FileId>>,
    resolver: Resolver,
}

impl Graph {
    pub(crate) fn of(files: &[File], packages: &[Package]) -> Self {
        let resolver = Resolver::of(files, packages);
        let links_of = |file: &File| {
            let imports = file.module.imports.iter().enumerate();
            let links = imports.filter_map(|(import, request)| {
                let target = resolver.resolve(files, file.path.as_str(), &request.specifier)?;
                Some(Link { import, target })
            });
            (links.collect::<Vec<_>>(), globs(files, &resolver, file))
        };
        let (links, globs): (Vec<Vec<Link>>, Vec<Vec<FileId>>) = files.par_iter().map(links_of).unzip();
        let mut importers = vec![Vec::new(); files.len()];
        for (file, (links, globs)) in files.iter().zip(links.iter().zip(&globs)) {
            for target in links.iter().map(|link| link.target).chain(globs.iter().copied()) {
                let of_target: &mut Vec<FileId> = &mut importers[target.0 as usize];
                if of_target.last() != Some(&file.id) {
                    of_target.push(file.id);
                }
            }
        }
        Self { links, globs, importers, resolver }
    }

    /// The file that `specifier` means in `from`; `None` for packages and what is missing.
    pub fn resolve(project: &Project, from: FileId, specifier: &str) -> Option<FileId> {
        let file = project.get(from);
        // What the file itself imports was resolved when the graph was made.
        match file.module.imports.iter().position(|import| import.specifier == specifier) {
            Some(import) => {
                let links = project.graph.links.get(from.0 as usize)?;
                links.iter().find(|link| link.import == import).map(|link| link.target)
            }
            None => project.graph.resolver.resolve(&project.files, file.path.as_str(), specifier),
        }
    }

    /// How `from` would import the code file at `to`, which need not be there: by `@/` where it leads there and most of the files
    /// around use it already, else relative. An alias that hardly anybody uses may be known to the bundler and not to the type
    /// checker, or the other way round.
    pub fn specifier(project: &Project, from: FileId, to: &RelPath) -> String {
        let without_ending = |path: &str| path.rsplit_once('.').map_or(path, |(stem, _)| stem).to_owned();
        let target = without_ending(to.as_str());
        let importer = &project.get(from).path;
        let app =
            project.apps.iter().map(|app| app.folder.as_str()).filter(|folder| is_below(importer, folder));
        let app = app.max_by_key(|folder| folder.len()).unwrap_or("");
        let files_by = |prefix: &str| {
            let by_prefix = |file: &&File| {
                let links = &project.graph.links[file.id.0 as usize];
                links.iter().any(|link| file.module.imports[link.import].specifier.starts_with(prefix))
            };
            project.files.iter().filter(|file| is_below(&file.path, app)).filter(by_prefix).count()
        };
        let by_alias = files_by("@/");
        let used = by_alias > 0 && by_alias >= files_by("../");
        // Where `@/` leads is seen on a file that is there: the importer itself.
        let starts = importer.as_str().match_indices('/').map(|(at, _)| at + 1).chain([0]);
        for at in starts.filter(|_| used) {
            let (base, rest) = importer.as_str().split_at(at);
            let alias = format!("@/{}", without_ending(rest));
            if target.starts_with(base) && Self::resolve(project, from, &alias) == Some(from) {
                return format!("@/{}", &target[base.len()..]);
            }
        }
        let own: Vec<&str> = importer.folder().split('/').filter(|part| !part.is_empty()).collect();
        let other: Vec<&str> = target.split('/').collect();
        let shared = own.iter().zip(&other).take_while(|(a, b)| a == b).count();
        let up = "../".repeat(own.len() - shared);
        format!("{}{}", if up.is_empty() { "./" } else { &up }, other[shared..].join("/"))
    }

    /// Follows the value that the identifier or member expression at `range` names through imports, re-exports, barrels and
    /// namespace members to its declaration. A plain local declaration is its own origin. A member of a package's default export
    /// counts as the package's export of that name: `jwt.sign` is `("jsonwebtoken", "sign")`.
    pub fn origin(project: &Project, file: FileId, range: Range<usize>) -> Origin {
        origin::of_range(project, file, range)
    }

    /// Follows an exported name of a file.
    pub fn export_origin(project: &Project, file: FileId, name: &str) -> Origin {
        origin::of_export(project, file, name)
    }

    /// All files reachable from `roots` over runtime imports (type-only ones and those that compilation drops left out), the
    /// roots among them, sorted.
    pub fn reachable(&self, project: &Project, roots: &[FileId]) -> Vec<FileId> {
        self.reachable_past(project, roots, |_| Vec::new(), |_, _| true)
    }

    /// The same, without the imports (indices into `module.imports`) that `cut(importer)` names, and only over those for which
    /// `follows(importer, target)` holds.
    pub fn reachable_past(
        &self,
        project: &Project,
        roots: &[FileId],
        cut: impl Fn(&File) -> Vec<usize>,
        follows: impl Fn(&File, &File) -> bool,
    ) -> Vec<FileId> {
        let mut seen = vec![false; project.files.len()];
        let mut open: Vec<FileId> = roots.to_vec();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id.0 as usize], true) {
                continue;
            }
            let file = project.get(id);
            let cut = cut(file);
            for target in self.targets(file, &cut) {
                if !seen[target.0 as usize] && follows(file, project.get(target)) {
                    open.push(target);
                }
            }
        }
        project.files.iter().map(|file| file.id).filter(|id| seen[id.0 as usize]).collect()
    }

    /// The files that import `file`, directly or through files that pass it on, and those that do pass it on.
    pub fn importers_through(&self, project: &Project, file: FileId) -> (BTreeSet<FileId>, BTreeSet<FileId>) {
        let (mut all, mut passing) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![file];
        while let Some(next) = open.pop() {
            for importer in &self.importers[next.0 as usize] {
                let passes = all.insert(*importer) && project.get(*importer).module.passes_on();
                if passes && passing.insert(*importer) {
                    open.push(*importer);
                }
            }
        }
        (all, passing)
    }

    /// What `file` imports at run time, without the imports in `cut`.
    fn targets<'g>(&'g self, file: &'g File, cut: &'g [usize]) -> impl Iterator<Item = FileId> + 'g {
        let at = file.id.0 as usize;
        let links = self.links[at].iter().filter(|link| {
            let import = &file.module.imports[link.import];
            let types = import.type_only
                || (!import.names.is_empty() && import.names.iter().all(|name| name.type_only));
            !types && !file.elided.contains(&link.import) && !cut.contains(&link.import)
        });
        links.map(|link| link.target).chain(self.globs[at].iter().copied())
    }
}

fn is_below(path: &RelPath, folder: &str) -> bool {
    folder.is_empty() || path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The files that `file` reaches by a pattern.
fn globs(files: &[File], resolver: &Resolver, file: &File) -> Vec<FileId> {
    let likely =
        ["import.meta.glob", "import(`", "require.context"].iter().any(|token| file.text.contains(token));
    if !likely || !matches!(file.kind, Kind::Code(_)) {
        return Vec::new();
    }
    let Some((tree, _)) = file.syntax() else {
        return Vec::new();
    };
    let mut patterns: Vec<String> = Vec::new();
    view::walk(tree.root(), &mut |node| {
        if node.kind() == "call_expression"
            && let Some(called) = node.child_by_field_name("function")
            && let Some(first) = view::arguments(node).first()
        {
            match tree.text(called) {
                "import" => patterns.extend(template_pattern(tree, *first)),
                "require.context" => {
                    patterns.extend(view::string_value(tree, *first).map(|folder| format!("{folder}/**/*")))
                }
                called if called.starts_with("import.meta.glob") => {
                    view::walk(*first, &mut |node| match view::string_value(tree, node) {
                        Some(pattern) => {
                            patterns.push(pattern.into_owned());
                            false
                        }
                        None => true,
                    });
                }
                _ => {}
            }
        }
        true
    });
    let matcher = |pattern: &str| {
        let pattern = resolver.pattern(file.path.as_str(), pattern)?;
        Some(globset::GlobBuilder::new(&pattern).literal_separator(true).build().ok()?.compile_matcher())
    };
    let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
    for pattern in &patterns {
        match pattern.strip_prefix('!') {
            Some(pattern) => unwanted.extend(matcher(pattern)),
            None => wanted.extend(matcher(pattern)),
        }
    }
    let any =
        |matchers: &[globset::GlobMatcher], path: &str| matchers.iter().any(|matcher| matcher.is_match(path));
    let found = files.iter().filter(|other| {
        other.id != file.id && any(&wanted, other.path.as_str()) && !any(&unwanted, other.path.as_str())
    });
    found.map(|file| file.id).collect()
}

/// `` `./pages/${name}.tsx` `` as `./pages/*.tsx`; `None` for what starts with a substitution.
fn template_pattern(tree: &Tree, node: syntax::Node<'_>) -> Option<String> {
    if node.kind() != "template_string" {
        return None;
    }
    let (start, end) = (node.start_byte() + 1, node.end_byte().saturating_sub(1));
    let (mut pattern, mut at) = (String::new(), start);
    let source = tree.source();
    for child in node.named_children().filter(|child| child.kind() == "template_substitution") {
        pattern.push_str(source.get(at..child.start_byte())?);
        pattern.push('*');
        at = child.end_byte();
    }
    pattern.push_str(source.get(at..end)?);
    (pattern.starts_with(['.', '/', '@']) && pattern.contains('*')).then_some(pattern)
}
