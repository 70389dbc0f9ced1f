//! Scopes: which declaration a name means. Value and type spaces, hoisting, JSX, declaration merging.
//!
//! One walk over the tree ([`walk`]) notes declarations and uses with the scope they stand in; then every use is looked up. A name has
//! one binding per scope: declarations that TypeScript merges (overloads, interface and class, namespace and function, a type and a
//! constant of one name) are one binding with several places. What is not here: the members of merged namespaces seen from each other,
//! `with`, and `eval`.

mod kind;
mod role;
mod walk;

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
    EnumMember,
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
    spaces: Spaces,
}

/// A use of a name, resolved or not.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The identifier.
    pub range: Range<usize>,
    /// What it means; `None` for globals.
    pub binding: Option<BindingId>,
    /// Whether it stands in a type, and is gone after compilation (`typeof x` in a type too).
    pub in_type: bool,
    /// Whether it is assigned to here.
    pub writes: bool,
}

/// The spaces of names, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spaces(u8);

impl Spaces {
    const VALUE: Self = Self(1);
    const TYPE: Self = Self(2);
    const NAMESPACE: Self = Self(4);
    const ALL: Self = Self(7);

    /// The spaces in which a declaration puts its name.
    fn of(declared: Declared) -> Self {
        match declared {
            Declared::Var
            | Declared::Let
            | Declared::Const
            | Declared::Function
            | Declared::Parameter
            | Declared::Catch => Self::VALUE,
            Declared::Class => Self(Self::VALUE.0 | Self::TYPE.0),
            Declared::EnumMember => Self(Self::VALUE.0 | Self::TYPE.0),
            Declared::Namespace => Self(Self::VALUE.0 | Self::NAMESPACE.0),
            Declared::Import | Declared::Enum => Self::ALL,
            Declared::Interface | Declared::TypeAlias | Declared::TypeParameter => Self::TYPE,
        }
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// All names of one file.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    /// Every declared name, in source order.
    pub bindings: Vec<Binding>,
    /// Every use, in source order.
    pub references: Vec<Reference>,
    /// Every place where a name is declared, in source order: more than one for merged declarations.
    declarations: Vec<(Range<usize>, BindingId)>,
    /// The uses of each binding, one after the other: indexes into `references`, and where each binding's begin.
    uses: Vec<u32>,
    uses_start: Vec<u32>,
    /// Bindings by name, and by scope from the outside in.
    by_name: Vec<BindingId>,
}

impl Scopes {
    /// Reads the tree.
    pub fn of(tree: &crate::Tree) -> Self {
        walk::read(tree)
    }

    /// What the identifier at `range` means: the binding that it declares or refers to.
    pub fn binding_at(&self, range: Range<usize>) -> Option<BindingId> {
        if let Some(reference) = self.reference_at(range.clone()) {
            return reference.binding;
        }
        let at = self.declarations.binary_search_by_key(&range.start, |(name, _)| name.start).ok()?;
        let (name, id) = &self.declarations[at];
        (*name == range).then_some(*id)
    }

    /// The use of a name whose identifier is `range`.
    pub fn reference_at(&self, range: Range<usize>) -> Option<&Reference> {
        let at =
            self.references.binary_search_by_key(&range.start, |reference| reference.range.start).ok()?;
        Some(&self.references[at]).filter(|reference| reference.range == range)
    }

    /// The binding.
    pub fn binding(&self, id: BindingId) -> &Binding {
        &self.bindings[id.0 as usize]
    }

    /// All uses of a binding, in source order, its declarations apart.
    pub fn references_of(&self, id: BindingId) -> impl Iterator<Item = &Reference> {
        let at = id.0 as usize;
        let range = match (self.uses_start.get(at), self.uses_start.get(at + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        };
        self.uses[range].iter().map(|index| &self.references[*index as usize])
    }

    /// The identifiers that declare a binding, in source order: more than one for merged declarations.
    pub fn declarations_of(&self, id: BindingId) -> impl Iterator<Item = &Range<usize>> {
        self.declarations.iter().filter(move |(_, declared)| *declared == id).map(|(name, _)| name)
    }

    /// What `name` means in value space at byte `at`; `None` for globals.
    pub fn lookup(&self, name: &str, at: usize) -> Option<BindingId> {
        self.lookup_in(name, at, Spaces::VALUE)
    }

    /// What `name` means in type space at byte `at`; `None` for globals.
    pub fn lookup_type(&self, name: &str, at: usize) -> Option<BindingId> {
        self.lookup_in(name, at, Spaces::TYPE)
    }

    fn lookup_in(&self, name: &str, at: usize, spaces: Spaces) -> Option<BindingId> {
        let start = self.by_name.partition_point(|id| self.binding(*id).name.as_str() < name);
        let named = self.by_name[start..].iter().take_while(|id| self.binding(**id).name == name);
        let mut found = None;
        for id in named {
            let binding = self.binding(*id);
            if binding.scope.contains(&at) && binding.spaces.meets(spaces) {
                found = Some(*id);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
