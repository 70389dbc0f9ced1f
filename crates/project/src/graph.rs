//! The module graph: tsconfig/jsconfig paths and `baseUrl`, `@/`, extensions and `index` files, barrels, re-exports, namespaces.

use edit::FileId;
use std::ops::Range;

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
    /// By file: who imports it.
    pub importers: Vec<Vec<FileId>>,
}

/// Where a name comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Declared in this file; the range of the declared identifier (or of the default-exported expression).
    Local(FileId, Range<usize>),
    /// Exported by a package: specifier and exported name (`"default"`, `"*"`).
    Package(String, String),
    /// A whole module of the project as namespace.
    Module(FileId),
    /// Not a binding of the file.
    Global,
    /// Could not be followed.
    Unknown,
}

impl Graph {
    /// The file that `specifier` means in `from`; `None` for packages and what is missing.
    pub fn resolve(_project: &crate::Project, _from: FileId, _specifier: &str) -> Option<FileId> {
        unimplemented!()
    }
    /// Follows the value that the identifier or member expression at `range` names through imports, re-exports, barrels and
    /// namespace members to its declaration. A plain local declaration is its own origin.
    pub fn origin(_project: &crate::Project, _file: FileId, _range: Range<usize>) -> Origin {
        unimplemented!()
    }
    /// Follows an exported name of a file.
    pub fn export_origin(_project: &crate::Project, _file: FileId, _name: &str) -> Origin {
        unimplemented!()
    }
    /// All files reachable from `roots` over runtime imports (type-only ones left out), the roots among them, sorted.
    pub fn reachable(&self, _project: &crate::Project, _roots: &[FileId]) -> Vec<FileId> {
        unimplemented!()
    }
}
