//! Scopes: which declaration a name means. Value and type spaces, hoisting, JSX, declaration merging.
//! SKELETON: signatures agreed, bodies to be written.

use std::ops::Range;

/// A binding, by its place in [`Scopes::bindings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BindingId(pub u32);

/// How a name is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the language")]
pub enum Declared {
    Var,
    Let,
    Const,
    Function,
    Class,
    Parameter,
    Catch,
    Import,
    Enum,
    Interface,
    TypeAlias,
    TypeParameter,
    Namespace,
}

/// A declared name.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The name.
    pub name: String,
    /// How it is declared (the first declaration, where several merge).
    pub declared: Declared,
    /// The identifier in the (first) declaration.
    pub name_range: Range<usize>,
    /// The whole declaration: the declarator, parameter, function, import specifier ...
    pub range: Range<usize>,
    /// The scope that holds it: the range of the block, function, module ... .
    pub scope: Range<usize>,
    /// Whether it is declared at the top of the module.
    pub top_level: bool,
}

/// A use of a name, resolved or not.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The identifier.
    pub range: Range<usize>,
    /// What it means; `None` for globals.
    pub binding: Option<BindingId>,
    /// Whether it stands in type space.
    pub in_type: bool,
    /// Whether it is assigned to here.
    pub writes: bool,
}

/// All names of one file.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    /// Every declared name, in source order.
    pub bindings: Vec<Binding>,
    /// Every use, in source order.
    pub references: Vec<Reference>,
}

impl Scopes {
    /// Reads the tree.
    pub fn of(_tree: &crate::Tree) -> Self {
        unimplemented!()
    }
    /// What the identifier at `range` means: the binding that it declares or refers to.
    pub fn binding_at(&self, _range: Range<usize>) -> Option<BindingId> {
        unimplemented!()
    }
    /// The binding.
    pub fn binding(&self, id: BindingId) -> &Binding {
        &self.bindings[id.0 as usize]
    }
    /// All uses of a binding, in source order, its declarations apart.
    pub fn references_of(&self, _id: BindingId) -> impl Iterator<Item = &Reference> {
        std::iter::empty()
    }
    /// What `name` means in value space at byte `at`; `None` for globals.
    pub fn lookup(&self, _name: &str, _at: usize) -> Option<BindingId> {
        unimplemented!()
    }
}
