//! The one walk that reads declarations and uses: with a cursor and a stack, for sources nest deeply.
//!
//! Every node is entered with a [`Role`], which follows from its parent's kind, role and the field it stands in: an identifier under
//! `Role::Declare` is a declaration, under `Role::Value` a use, and so on.

use super::kind::{Kind, Kinds};
use super::role::{Frame, Role, ScopeKind, declared_by, names_itself, role, scope_of};
use super::{Binding, BindingId, Declared, Reference, Scopes, Spaces};
use crate::Node;
use crate::{Language, Tree};
use std::collections::HashMap;
use std::ops::Range;

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
    walk.nodes(tree.root(), tree.language(), None);
    let within = walk.scopes.len();
    walk.masked_types();
    walk.resolved(within)
}

impl<'t> Walk<'t> {
    /// Reads `root` and all below it, given the frame of what is above it.
    fn nodes(&mut self, root: Node<'_>, language: Language, above: Option<Frame>) {
        let kinds = Kinds::of(language);
        let mut open: Vec<(Node<'_>, Frame)> = Vec::new();
        for node in root.subtree() {
            while let Some((_, frame)) = open.pop_if(|(around, _)| !around.holds(node)) {
                self.close(frame.outer);
            }
            let frame = match open.last().map(|(_, frame)| frame).or(above.as_ref()).copied() {
                Some(parent) => {
                    let kind = kinds.kind(node);
                    let role = role(&parent, kind, node.field_name(), node);
                    self.enter(node, kind, role, parent)
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
            open.push((node, frame));
        }
        while let Some((_, frame)) = open.pop() {
            self.close(frame.outer);
        }
    }

    /// The types of ``tag<Row>`...` ``, which the tree does not show because they were masked to read the rest.
    fn masked_types(&mut self) {
        for range in self.tree.masked() {
            let Some(types) = self.tree.masked_types(range.clone()) else { continue };
            let around =
                self.scopes.iter().rposition(|scope| scope.range.contains(&range.start)).unwrap_or(0) as u32;
            self.current = around;
            let above = Frame {
                kind: Kind::Other,
                role: Role::Value,
                declaration: (0, 0),
                name: None,
                outer: around,
            };
            self.nodes(types.root(), Language::TypeScript, Some(above));
            self.close(around);
        }
        self.current = 0;
        self.uses.sort_by_key(|using| using.range.start);
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
    fn enter(&mut self, node: Node<'_>, kind: Kind, role: Role, parent: Frame) -> Frame {
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
            | Kind::Undefined
            | Kind::TypeIdentifier
            | Kind::ShorthandPropertyIdentifier
            | Kind::ShorthandPropertyIdentifierPattern
            | Kind::PropertyIdentifier
                if parent.name != Some(range.start) =>
            {
                self.name(node, kind, role, parent);
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
            // `using a = b`, in the TypeScript grammar.
            Kind::AssignmentExpression if node.child(0).is_some_and(|first| first.kind() == "using") => {
                frame.role = Role::Declare(Declared::Const);
                frame.declaration = (range.start, range.end);
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
    fn name(&mut self, node: Node<'_>, kind: Kind, role: Role, parent: Frame) {
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
        let text = self.tree.text(node);
        // `<this.Row />` is read as a name, and so is a masked `import("x")`.
        // `bigint` is a type of the language that the grammar takes for a name.
        let is_keyword = text == "this" || (text == "bigint" && kind == Kind::TypeIdentifier);
        if is_keyword || text.starts_with("import(") {
            return;
        }
        let name = self.intern(text);
        self.uses.push(Use { range: node.byte_range(), name, scope: self.current, spaces, in_type, writes });
    }

    fn intern(&mut self, name: &'t str) -> u32 {
        let next = self.names.len() as u32;
        *self.names.entry(name).or_insert(next)
    }

    fn declare(&mut self, name: Node<'_>, declared: Declared, range: Range<usize>) {
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

    /// The innermost of the bindings of one name that a use sees from `scope`.
    fn visible(&self, homes: &[(u32, BindingId)], using: &Use, scope: u32) -> Option<BindingId> {
        let reachable = homes.partition_point(|(home, _)| *home <= scope);
        let found = homes[..reachable].iter().rev().find(|(home, id)| {
            let home = &self.scopes[*home as usize];
            scope <= home.last
                && (home.kind != ScopeKind::Conditional || home.range.contains(&using.range.start))
                && self.bindings[id.0 as usize].spaces.meets(using.spaces)
        });
        found.map(|(_, id)| *id)
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

    /// Looks up every use and builds the indexes. Scopes from `within` on belong to masked types and were numbered last.
    fn resolved(mut self, within: usize) -> Scopes {
        if let Some(root) = self.scopes.first_mut() {
            root.last = (within as u32).saturating_sub(1);
        }
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
            let mut scope = using.scope;
            let mut binding = self.visible(homes, using, scope);
            while binding.is_none() && scope as usize >= within {
                scope = self.scopes[scope as usize].parent;
                binding = self.visible(homes, using, scope);
            }
            if binding.is_none()
                && matches!(self.tree.source().get(using.range.clone()), Some("arguments" | "undefined"))
            {
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
