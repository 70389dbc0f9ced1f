//! What the names in a node are, and the scope it opens: the grammar's knowledge of scopes, as functions of kind and place.

use super::Declared;
use super::kind::Kind;
use crate::Node;
use std::ops::Range;

/// What the names in a node are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
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
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) role: Role,
    /// The declaration that names below belong to.
    pub(super) declaration: (usize, usize),
    /// The start of the child that is this declaration's own name, already declared.
    pub(super) name: Option<usize>,
    /// The scope to return to when the node is left.
    pub(super) outer: u32,
}

/// What ends the search of a declaration for its scope.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    /// `let`, `const`, classes, types.
    Block,
    /// `var` as well.
    Body,
    /// `infer`.
    Conditional,
}

/// The role of a child, from its parent and its place there.
pub(super) fn role(parent: &Frame, kind: Kind, field: Option<&str>, node: Node<'_>) -> Role {
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
        Kind::AssignmentExpression if field == Some("left") && matches!(parent.role, Role::Declare(_)) => {
            parent.role
        }
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
pub(super) fn declared_by(keyword: Option<Node<'_>>) -> Declared {
    match keyword.map(|node| node.kind()) {
        Some("var") => Declared::Var,
        Some("let") => Declared::Let,
        _ => Declared::Const,
    }
}

/// Declarations whose name stands in the field `name` and belongs to the scope around them (or, in an expression, to themselves).
pub(super) fn names_itself(kind: Kind) -> Option<Declared> {
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
pub(super) fn scope_of(node: Node<'_>, kind: Kind, parent: Kind) -> Option<(Range<usize>, ScopeKind)> {
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
