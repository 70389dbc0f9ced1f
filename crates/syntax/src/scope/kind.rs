//! The kinds of nodes that scopes depend on, as an enum: a table per grammar spares the walk comparing strings.

use crate::Language;
use std::sync::OnceLock;

macro_rules! kinds {
    ($($kind:ident = $name:literal,)*) => {
        /// A kind of node; everything that is of no interest here is `Other`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind {
            Other,
            $($kind,)*
        }

        impl Kind {
            fn named(name: &str) -> Self {
                match name {
                    $($name => Self::$kind,)*
                    _ => Self::Other,
                }
            }
        }
    };
}

kinds! {
    AbstractClassDeclaration = "abstract_class_declaration",
    AbstractMethodSignature = "abstract_method_signature",
    AmbientDeclaration = "ambient_declaration",
    ArrayPattern = "array_pattern",
    ArrowFunction = "arrow_function",
    AsExpression = "as_expression",
    Asserts = "asserts",
    AssignmentExpression = "assignment_expression",
    AssignmentPattern = "assignment_pattern",
    AugmentedAssignmentExpression = "augmented_assignment_expression",
    CallSignature = "call_signature",
    CatchClause = "catch_clause",
    Class = "class",
    ClassDeclaration = "class_declaration",
    ClassStaticBlock = "class_static_block",
    ComputedPropertyName = "computed_property_name",
    ConditionalType = "conditional_type",
    ConstructSignature = "construct_signature",
    ConstructorType = "constructor_type",
    EnumAssignment = "enum_assignment",
    EnumBody = "enum_body",
    EnumDeclaration = "enum_declaration",
    ExportClause = "export_clause",
    ExportSpecifier = "export_specifier",
    ExportStatement = "export_statement",
    ForInStatement = "for_in_statement",
    ForStatement = "for_statement",
    FormalParameters = "formal_parameters",
    FunctionDeclaration = "function_declaration",
    FunctionExpression = "function_expression",
    FunctionSignature = "function_signature",
    FunctionType = "function_type",
    GeneratorFunction = "generator_function",
    GeneratorFunctionDeclaration = "generator_function_declaration",
    Identifier = "identifier",
    ImportAlias = "import_alias",
    ImportClause = "import_clause",
    ImportRequireClause = "import_require_clause",
    ImportSpecifier = "import_specifier",
    IndexSignature = "index_signature",
    InferType = "infer_type",
    InterfaceBody = "interface_body",
    InterfaceDeclaration = "interface_declaration",
    InternalModule = "internal_module",
    JsxClosingElement = "jsx_closing_element",
    JsxNamespaceName = "jsx_namespace_name",
    JsxOpeningElement = "jsx_opening_element",
    JsxSelfClosingElement = "jsx_self_closing_element",
    LexicalDeclaration = "lexical_declaration",
    MappedTypeClause = "mapped_type_clause",
    MethodDefinition = "method_definition",
    MethodSignature = "method_signature",
    Module = "module",
    NamespaceExport = "namespace_export",
    NamespaceImport = "namespace_import",
    NestedIdentifier = "nested_identifier",
    NestedTypeIdentifier = "nested_type_identifier",
    NonNullExpression = "non_null_expression",
    ObjectAssignmentPattern = "object_assignment_pattern",
    ObjectPattern = "object_pattern",
    ObjectType = "object_type",
    OptionalParameter = "optional_parameter",
    PairPattern = "pair_pattern",
    ParenthesizedExpression = "parenthesized_expression",
    Program = "program",
    PropertyIdentifier = "property_identifier",
    RequiredParameter = "required_parameter",
    RestPattern = "rest_pattern",
    SatisfiesExpression = "satisfies_expression",
    ShorthandPropertyIdentifier = "shorthand_property_identifier",
    ShorthandPropertyIdentifierPattern = "shorthand_property_identifier_pattern",
    StatementBlock = "statement_block",
    SwitchBody = "switch_body",
    TypeAliasDeclaration = "type_alias_declaration",
    TypeAnnotation = "type_annotation",
    TypeArguments = "type_arguments",
    TypeIdentifier = "type_identifier",
    TypeParameter = "type_parameter",
    TypePredicate = "type_predicate",
    TypeQuery = "type_query",
    Undefined = "undefined",
    UpdateExpression = "update_expression",
    UsingDeclaration = "using_declaration",
    VariableDeclaration = "variable_declaration",
    VariableDeclarator = "variable_declarator",
}

/// The kinds of one grammar, by the grammar's numbers.
pub(super) struct Kinds(Vec<Kind>);

impl Kinds {
    /// The table of a grammar, made once.
    pub(super) fn of(language: Language) -> &'static Self {
        static TABLES: [OnceLock<Kinds>; 3] = [const { OnceLock::new() }; 3];
        TABLES[language as usize].get_or_init(|| {
            let grammar = language.grammar();
            let numbers = 0..u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
            let name =
                |number| grammar.node_kind_for_id(number).filter(|_| grammar.node_kind_is_named(number));
            Self(numbers.map(|number| name(number).map_or(Kind::Other, Kind::named)).collect())
        })
    }

    pub(super) fn kind(&self, node: crate::Node<'_>) -> Kind {
        self.0.get(usize::from(node.kind_id())).copied().unwrap_or(Kind::Other)
    }
}
