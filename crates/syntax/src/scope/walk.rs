//! The one walk that reads declarations and uses: with a cursor and a stack, for sources nest deeply.
//!
//! Every node is entered with a [`Role`], which follows from its parent's kind, role and the field it stands in: an identifier under
//! `Role::Declare` is a declaration, under `Role::Value` a use, and so on.

use super::kind::{Kind, Kinds};
use super::{Binding, BindingId, Declared, Reference, Scopes, Spaces};
use crate::Tree;
use std::collections::HashMap;
use std::ops::Range;
use tree_sitter::Node;

/// What the names in a node are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Uses in value space.
    Value,
    /// Assigned to; read as well by `+=` and `++`.
    Target,
    /// Uses in type space.
    Type,
    /// `typeof x` in a type: value space, gone after compilation.
    Query,
    /// The left side of `A.B` in a type.
    Qualifier,
    /// Exported: whatever the name means in any space.
    Export { type_only: bool },
    /// The name of a JSX element: in lower case it is an element of the page.
    Element,
    /// Declared.
    Declare(Declared),
    /// Declared by `infer`, for the conditional type around it.
    Infer,
    /// No names of ours: labels, attribute names, the far side of `as`.
    Nothing,
}

/// A node that is being walked.
#[derive(Clone, Copy)]
struct Frame {
    kind: Kind,
    role: Role,
    /// The declaration that names below belong to.
    declaration: (usize, usize),
    /// The start of the child that is this declaration's own name, already declared.
    name: Option<usize>,
    /// The scope to return to when the node is left.
    outer: u32,
}

/// What ends the search of a declaration for its scope.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScopeKind {
    /// `let`, `const`, classes, types.
    Block,
    /// `var` as well.
    Body,
    /// `infer`.
    Conditional,
}

struct Scope {
    range: Range<usize>,
    kind: ScopeKind,
    parent: u32,
    /// The last scope within this one: scopes are numbered from the outside in, in source order.
    last: u32,
}

struct Use {
    range: Range<usize>,
    name: u32,
    scope: u32,
    spaces: Spaces,
    in_type: bool,
    writes: bool,
}

struct Walk<'t> {
    tree: &'t Tree,
    names: HashMap<&'t str, u32>,
    scopes: Vec<Scope>,
    current: u32,
    bindings: Vec<Binding>,
    /// The name and scope of each binding.
    homes: Vec<(u32, u32)>,
    declared: HashMap<(u32, u32), BindingId>,
    declarations: Vec<(Range<usize>, BindingId)>,
    uses: Vec<Use>,
}

/// Reads all names of a tree.
pub(super) fn read(tree: &Tree) -> Scopes {
    let mut walk = Walk {
        tree,
        names: HashMap::new(),
        scopes: Vec::new(),
        current: 0,
        bindings: Vec::new(),
        homes: Vec::new(),
        declared: HashMap::new(),
        declarations: Vec::new(),
        uses: Vec::new(),
    };
    walk.all();
    walk.resolved()
}

impl<'t> Walk<'t> {
    fn all(&mut self) {
        let kinds = Kinds::of(self.tree.language());
        let mut cursor = self.tree.root().walk();
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            let node = cursor.node();
            let frame = match frames.last() {
                Some(parent) => {
                    let kind = kinds.kind(node);
                    let role = role(parent, kind, cursor.field_name(), node);
                    self.enter(node, kind, role, *parent)
                }
                None => {
                    let whole = 0..self.tree.source().len() + 1;
                    self.open(whole, ScopeKind::Body);
                    Frame {
                        kind: Kind::Program,
                        role: Role::Value,
                        declaration: (0, 0),
                        name: None,
                        outer: 0,
                    }
                }
            };
            if cursor.goto_first_child() {
                frames.push(frame);
                continue;
            }
            self.close(frame.outer);
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
                if let Some(frame) = frames.pop() {
                    self.close(frame.outer);
                }
            }
        }
    }

    fn open(&mut self, range: Range<usize>, kind: ScopeKind) {
        let id = self.scopes.len() as u32;
        self.scopes.push(Scope { range, kind, parent: self.current, last: id });
        self.current = id;
    }

    fn close(&mut self, outer: u32) {
        while self.current != outer {
            let last = self.scopes.len() as u32 - 1;
            let scope = &mut self.scopes[self.current as usize];
            scope.last = last;
            self.current = scope.parent;
        }
    }

    /// Notes what `node` declares or uses and opens its scope.
    fn enter(&mut self, node: Node<'t>, kind: Kind, role: Role, parent: Frame) -> Frame {
        let mut frame =
            Frame { kind, role, declaration: parent.declaration, name: None, outer: self.current };
        let range = node.byte_range();
        if let Some(declared) = names_itself(kind)
            && let Some(name) = node.child_by_field_name("name")
        {
            frame.name = Some(name.start_byte());
            let inside = matches!(kind, Kind::FunctionExpression | Kind::GeneratorFunction | Kind::Class);
            if inside {
                self.open(range.clone(), ScopeKind::Block);
            }
            match name.kind() {
                "string" => {}
                // `namespace A.B`: only `A` is a name of this scope.
                "nested_identifier" => {
                    let mut first = name;
                    while let Some(object) = first.child(0) {
                        first = object;
                    }
                    self.declare(first, declared, range.clone());
                }
                _ => self.declare(name, declared, range.clone()),
            }
        }
        match kind {
            Kind::Identifier
            | Kind::TypeIdentifier
            | Kind::ShorthandPropertyIdentifier
            | Kind::ShorthandPropertyIdentifierPattern
            | Kind::PropertyIdentifier => {
                if parent.name != Some(range.start) {
                    self.name(node, kind, role, parent);
                }
            }
            Kind::LexicalDeclaration | Kind::VariableDeclaration | Kind::UsingDeclaration => {
                frame.role = Role::Declare(declared_by(node.child(0)));
            }
            Kind::VariableDeclarator
            | Kind::RequiredParameter
            | Kind::OptionalParameter
            | Kind::ImportSpecifier
            | Kind::NamespaceImport => {
                frame.declaration = (range.start, range.end);
                if kind == Kind::ImportSpecifier {
                    frame.name = node
                        .child_by_field_name("alias")
                        .and(node.child_by_field_name("name"))
                        .map(|name| name.start_byte());
                }
            }
            Kind::ImportAlias | Kind::ImportRequireClause => frame.declaration = (range.start, range.end),
            Kind::ExportStatement => {
                frame.role = if node.child_by_field_name("source").is_some() {
                    Role::Nothing
                } else {
                    Role::Export { type_only: node.child(1).is_some_and(|second| second.kind() == "type") }
                };
            }
            Kind::ForInStatement => {
                frame.role = match node.child_by_field_name("kind") {
                    Some(keyword) => Role::Declare(declared_by(Some(keyword))),
                    None => Role::Target,
                };
            }
            Kind::TypeParameter | Kind::MappedTypeClause | Kind::InferType => {
                frame.declaration = (range.start, range.end)
            }
            _ => {}
        }
        if matches!(role, Role::Declare(_))
            && matches!(
                parent.kind,
                Kind::FormalParameters
                    | Kind::ArrowFunction
                    | Kind::CatchClause
                    | Kind::ForInStatement
                    | Kind::ImportClause
            )
            && !matches!(kind, Kind::RequiredParameter | Kind::OptionalParameter | Kind::NamespaceImport)
        {
            frame.declaration = (range.start, range.end);
        }
        if let Some((range, scope)) = scope_of(node, kind, parent.kind) {
            self.open(range, scope);
        }
        frame
    }

    /// An identifier that is not the name of the declaration above it.
    fn name(&mut self, node: Node<'t>, kind: Kind, role: Role, parent: Frame) {
        if kind == Kind::PropertyIdentifier {
            if matches!(parent.kind, Kind::EnumBody | Kind::EnumAssignment)
                && role == Role::Declare(Declared::EnumMember)
            {
                self.declare(node, Declared::EnumMember, node.byte_range());
            }
            return;
        }
        let (spaces, in_type, writes) = match role {
            Role::Declare(declared) => {
                let range = match parent.kind {
                    Kind::FormalParameters
                    | Kind::ArrowFunction
                    | Kind::CatchClause
                    | Kind::ForInStatement
                    | Kind::ImportClause => node.byte_range(),
                    _ => parent.declaration.0..parent.declaration.1,
                };
                self.declare(node, declared, range);
                return;
            }
            Role::Infer => {
                let around = self.conditional(node.start_byte());
                let inner = std::mem::replace(&mut self.current, around);
                self.declare(node, Declared::TypeParameter, parent.declaration.0..parent.declaration.1);
                self.current = inner;
                return;
            }
            Role::Nothing => return,
            Role::Element => {
                let text = self.tree.text(node);
                if text.starts_with(|first: char| first.is_ascii_lowercase()) || text.contains('-') {
                    return;
                }
                (Spaces::VALUE, false, false)
            }
            Role::Qualifier => (Spaces::NAMESPACE, true, false),
            _ if kind == Kind::TypeIdentifier => (Spaces::TYPE, true, false),
            Role::Type | Role::Query => (Spaces::VALUE, true, false),
            Role::Export { type_only } => (Spaces::ALL, type_only, false),
            Role::Value => (Spaces::VALUE, false, false),
            Role::Target => (Spaces::VALUE, false, true),
        };
        let name = self.intern(self.tree.text(node));
        self.uses.push(Use { range: node.byte_range(), name, scope: self.current, spaces, in_type, writes });
    }

    fn intern(&mut self, name: &'t str) -> u32 {
        let next = self.names.len() as u32;
        *self.names.entry(name).or_insert(next)
    }

    fn declare(&mut self, name: Node<'t>, declared: Declared, range: Range<usize>) {
        let text = self.tree.text(name);
        if text.is_empty() {
            return;
        }
        let word = self.intern(text);
        let mut scope = self.home(declared);
        // `function f(a) { var a }`: the variable is the parameter.
        if declared == Declared::Var && self.scopes[scope as usize].kind == ScopeKind::Body && scope != 0 {
            let outer = self.scopes[scope as usize].parent;
            let parameter = self
                .declared
                .get(&(outer, word))
                .is_some_and(|id| self.bindings[id.0 as usize].declared == Declared::Parameter);
            if parameter && self.scopes[outer as usize].range.end == self.scopes[scope as usize].range.end {
                scope = outer;
            }
        }
        let spaces = Spaces::of(declared);
        let name_range = name.byte_range();
        if let Some(id) = self.declared.get(&(scope, word)) {
            let binding = &mut self.bindings[id.0 as usize];
            binding.spaces = binding.spaces.and(spaces);
            self.declarations.push((name_range, *id));
            return;
        }
        let id = BindingId(self.bindings.len() as u32);
        self.declared.insert((scope, word), id);
        self.homes.push((word, scope));
        self.declarations.push((name_range.clone(), id));
        let top_level = scope == 0;
        let scope = self.scopes[scope as usize].range.clone();
        self.bindings.push(Binding {
            name: text.to_owned(),
            declared,
            name_range,
            range,
            scope,
            top_level,
            spaces,
        });
    }

    /// The scope that holds a declaration made here.
    fn home(&self, declared: Declared) -> u32 {
        let mut scope = self.current;
        while scope != 0 && declared == Declared::Var && self.scopes[scope as usize].kind != ScopeKind::Body {
            scope = self.scopes[scope as usize].parent;
        }
        scope
    }

    /// The conditional type whose `extends` part holds byte `at`.
    fn conditional(&self, at: usize) -> u32 {
        let mut id = self.current;
        while id != 0 {
            let scope = &self.scopes[id as usize];
            if scope.kind == ScopeKind::Conditional && scope.range.contains(&at) {
                return id;
            }
            id = scope.parent;
        }
        self.current
    }

    /// Looks up every use and builds the indexes.
    fn resolved(mut self) -> Scopes {
        self.scopes[0].last = self.scopes.len() as u32 - 1;
        let mut by_word: Vec<Vec<(u32, BindingId)>> = vec![Vec::new(); self.names.len()];
        for (index, (word, scope)) in self.homes.iter().enumerate() {
            by_word[*word as usize].push((*scope, BindingId(index as u32)));
        }
        for homes in &mut by_word {
            homes.sort_unstable();
        }
        let mut references = Vec::with_capacity(self.uses.len());
        for using in &self.uses {
            let homes = &by_word[using.name as usize];
            let reachable = homes.partition_point(|(scope, _)| *scope <= using.scope);
            let binding = homes[..reachable].iter().rev().find(|(scope, id)| {
                let home = &self.scopes[*scope as usize];
                using.scope <= home.last
                    && (home.kind != ScopeKind::Conditional || home.range.contains(&using.range.start))
                    && self.bindings[id.0 as usize].spaces.meets(using.spaces)
            });
            let binding = binding.map(|(_, id)| *id);
            if binding.is_none() && self.tree.source().get(using.range.clone()) == Some("arguments") {
                continue;
            }
            references.push(Reference {
                range: using.range.clone(),
                binding,
                in_type: using.in_type,
                writes: using.writes,
            });
        }
        let mut by_name: Vec<BindingId> = (0..self.bindings.len() as u32).map(BindingId).collect();
        by_name.sort_by(|a, b| {
            let key =
                |id: &BindingId| (self.bindings[id.0 as usize].name.as_str(), self.homes[id.0 as usize].1);
            key(a).cmp(&key(b))
        });
        self.declarations.sort_by_key(|(name, _)| name.start);
        let mut uses_start = vec![0_u32; self.bindings.len() + 1];
        for reference in &references {
            if let Some(id) = reference.binding {
                uses_start[id.0 as usize + 1] += 1;
            }
        }
        for at in 1..uses_start.len() {
            uses_start[at] += uses_start[at - 1];
        }
        let mut next = uses_start.clone();
        let mut uses = vec![0_u32; uses_start.last().map_or(0, |count| *count as usize)];
        for (index, reference) in references.iter().enumerate() {
            if let Some(id) = reference.binding {
                uses[next[id.0 as usize] as usize] = index as u32;
                next[id.0 as usize] += 1;
            }
        }
        Scopes {
            bindings: self.bindings,
            references,
            declarations: self.declarations,
            uses,
            uses_start,
            by_name,
        }
    }
}

/// The role of a child, from its parent and its place there.
fn role(parent: &Frame, kind: Kind, field: Option<&str>, node: Node<'_>) -> Role {
    match parent.kind {
        Kind::LexicalDeclaration | Kind::VariableDeclaration | Kind::UsingDeclaration => parent.role,
        Kind::VariableDeclarator if field == Some("name") => parent.role,
        Kind::ObjectPattern | Kind::ArrayPattern | Kind::RestPattern => match parent.role {
            role @ (Role::Declare(_) | Role::Target | Role::Nothing) => role,
            // A pattern where none is expected is left over from an error.
            _ => Role::Target,
        },
        Kind::PairPattern if field == Some("value") => parent.role,
        Kind::AssignmentPattern | Kind::ObjectAssignmentPattern if field == Some("left") => parent.role,
        Kind::ParenthesizedExpression
        | Kind::NonNullExpression
        | Kind::AsExpression
        | Kind::SatisfiesExpression
            if parent.role == Role::Target && kind != Kind::TypeAnnotation =>
        {
            Role::Target
        }
        Kind::FormalParameters => Role::Declare(Declared::Parameter),
        Kind::RequiredParameter | Kind::OptionalParameter => match field {
            Some("pattern") => Role::Declare(Declared::Parameter),
            Some("name") => Role::Nothing,
            Some("type") => Role::Type,
            _ => Role::Value,
        },
        Kind::ArrowFunction if field == Some("parameter") => Role::Declare(Declared::Parameter),
        Kind::CatchClause if field == Some("parameter") => Role::Declare(Declared::Catch),
        Kind::ForInStatement if field == Some("left") => parent.role,
        Kind::AssignmentExpression | Kind::AugmentedAssignmentExpression if field == Some("left") => {
            Role::Target
        }
        Kind::UpdateExpression if field == Some("argument") => Role::Target,
        Kind::ImportClause | Kind::NamespaceImport | Kind::ImportRequireClause | Kind::ImportSpecifier => {
            Role::Declare(Declared::Import)
        }
        Kind::ImportAlias => match kind {
            Kind::Identifier if node.prev_named_sibling().is_none() => Role::Declare(Declared::Import),
            _ => Role::Qualifier,
        },
        Kind::ExportStatement => match kind {
            Kind::Identifier if follows_namespace(node) => Role::Nothing,
            Kind::Identifier | Kind::ExportClause | Kind::NamespaceExport => parent.role,
            _ => Role::Value,
        },
        Kind::ExportClause => match parent.role {
            Role::Export { type_only } => {
                let marked = kind == Kind::ExportSpecifier
                    && node.child(0).is_some_and(|first| first.kind() == "type");
                Role::Export { type_only: type_only || marked }
            }
            role => role,
        },
        Kind::ExportSpecifier if field == Some("name") => parent.role,
        Kind::ExportSpecifier | Kind::NamespaceExport | Kind::JsxNamespaceName => Role::Nothing,
        Kind::JsxOpeningElement | Kind::JsxSelfClosingElement | Kind::JsxClosingElement
            if field == Some("name") =>
        {
            match kind {
                Kind::Identifier => Role::Element,
                _ => Role::Value,
            }
        }
        Kind::TypeParameter | Kind::MappedTypeClause if field == Some("name") => {
            Role::Declare(Declared::TypeParameter)
        }
        Kind::InferType if kind == Kind::TypeIdentifier && node.prev_named_sibling().is_none() => Role::Infer,
        Kind::IndexSignature if field == Some("name") => Role::Nothing,
        Kind::EnumBody => Role::Declare(Declared::EnumMember),
        Kind::EnumAssignment if field == Some("name") => parent.role,
        Kind::NestedTypeIdentifier if field == Some("name") => Role::Nothing,
        Kind::NestedTypeIdentifier | Kind::NestedIdentifier if parent.role != Role::Nothing => {
            Role::Qualifier
        }
        Kind::InternalModule | Kind::Module if field == Some("name") => Role::Nothing,
        Kind::TypeQuery => match kind {
            Kind::TypeArguments => Role::Type,
            _ => Role::Query,
        },
        Kind::TypeArguments
        | Kind::TypeAnnotation
        | Kind::TypePredicate
        | Kind::Asserts
        | Kind::ObjectType
        | Kind::InterfaceBody
        | Kind::TypeParameter
        | Kind::MappedTypeClause
        | Kind::InferType
        | Kind::FunctionType
        | Kind::ConstructorType
        | Kind::ConditionalType => Role::Type,
        _ => match parent.role {
            role @ (Role::Type | Role::Query | Role::Qualifier | Role::Nothing) => role,
            _ => Role::Value,
        },
    }
}

/// `export as namespace X`.
fn follows_namespace(node: Node<'_>) -> bool {
    node.prev_sibling().is_some_and(|before| before.kind() == "namespace")
}

/// By the keyword.
fn declared_by(keyword: Option<Node<'_>>) -> Declared {
    match keyword.map(|node| node.kind()) {
        Some("var") => Declared::Var,
        Some("let") => Declared::Let,
        _ => Declared::Const,
    }
}

/// Declarations whose name stands in the field `name` and belongs to the scope around them (or, in an expression, to themselves).
fn names_itself(kind: Kind) -> Option<Declared> {
    match kind {
        Kind::FunctionDeclaration
        | Kind::GeneratorFunctionDeclaration
        | Kind::FunctionSignature
        | Kind::FunctionExpression
        | Kind::GeneratorFunction => Some(Declared::Function),
        Kind::ClassDeclaration | Kind::AbstractClassDeclaration | Kind::Class => Some(Declared::Class),
        Kind::InterfaceDeclaration => Some(Declared::Interface),
        Kind::TypeAliasDeclaration => Some(Declared::TypeAlias),
        Kind::EnumDeclaration => Some(Declared::Enum),
        Kind::InternalModule | Kind::Module => Some(Declared::Namespace),
        _ => None,
    }
}

/// The scope that a node opens.
fn scope_of(node: Node<'_>, kind: Kind, parent: Kind) -> Option<(Range<usize>, ScopeKind)> {
    match kind {
        Kind::FunctionDeclaration
        | Kind::GeneratorFunctionDeclaration
        | Kind::FunctionExpression
        | Kind::GeneratorFunction
        | Kind::ArrowFunction
        | Kind::MethodDefinition
        | Kind::FunctionSignature
        | Kind::MethodSignature
        | Kind::AbstractMethodSignature
        | Kind::CallSignature
        | Kind::ConstructSignature
        | Kind::FunctionType
        | Kind::ConstructorType
        | Kind::ClassDeclaration
        | Kind::AbstractClassDeclaration
        | Kind::Class
        | Kind::InterfaceDeclaration
        | Kind::TypeAliasDeclaration
        | Kind::IndexSignature
        | Kind::EnumBody
        | Kind::ForStatement
        | Kind::ForInStatement
        | Kind::CatchClause
        | Kind::SwitchBody => Some((node.byte_range(), ScopeKind::Block)),
        Kind::StatementBlock => {
            let body = matches!(
                parent,
                Kind::FunctionDeclaration
                    | Kind::GeneratorFunctionDeclaration
                    | Kind::FunctionExpression
                    | Kind::GeneratorFunction
                    | Kind::ArrowFunction
                    | Kind::MethodDefinition
                    | Kind::ClassStaticBlock
                    | Kind::InternalModule
                    | Kind::Module
                    | Kind::AmbientDeclaration
            );
            Some((node.byte_range(), if body { ScopeKind::Body } else { ScopeKind::Block }))
        }
        // `infer` is seen from the `extends` part to the end of the branch that holds when it matches.
        Kind::ConditionalType => {
            let right = node.child_by_field_name("right")?;
            let consequence = node.child_by_field_name("consequence")?;
            Some((right.start_byte()..consequence.end_byte(), ScopeKind::Conditional))
        }
        _ => None,
    }
}
