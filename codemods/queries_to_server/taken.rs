//! The schema of a value that is sent: no stricter than the database, as far as no compiler looked at what comes.

use super::column::{Column, Kind};
use super::guess::{Guess, declarator_around, parameter_around};
use super::read::Reader;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

/// How far names are followed.
const DEPTH: u8 = 6;

impl<'s> Reader<'s> {
    /// The schema of a value of which no more is known than `guess`.
    pub(super) fn schema(&self, column: Option<&Column>, guess: &Guess) -> String {
        self.taken(column, guess, !self.typed)
    }

    /// The schema of the value that stands at `node`.
    pub(super) fn schema_at(&self, node: Node<'_>, column: Option<&Column>, guess: &Guess) -> String {
        self.taken(column, guess, !self.typed || self.of_any(node))
    }

    /// Whether the schema of a value takes what the generated types do not have.
    pub(super) fn fits_no_type(&self, node: Node<'_>, column: Option<&Column>, guess: &Guess) -> bool {
        self.typed && self.schema_at(node, column, guess) != self.schema(column, guess)
    }

    /// What the column takes, as far as the value may differ from it; of `anything`, what the database takes too.
    pub(super) fn taken(&self, column: Option<&Column>, guess: &Guess, anything: bool) -> String {
        let Some(column) = column else {
            let text = guess.kind.as_ref().map_or_else(|| "json".to_owned(), Kind::zod);
            let missing = if text == "json" { ".optional()" } else { ".nullish()" };
            return if guess.there { text } else { text + missing };
        };
        let mut column = column.clone();
        if guess.there {
            column.optional = false;
            // A number that could not be read is null on its way.
            column.nullable &= guess.kind == Some(Kind::Number);
        }
        if column.kind == Kind::Unknown {
            column.kind = guess.kind.clone().unwrap_or(Kind::Unknown);
        }
        // Nothing kept the app from sending "3" for 3; the database takes both. What its own types let be null is refused there as well.
        if anything {
            column.nullable |= !self.typed && !guess.there && guess.kind.is_some();
            match (&column.kind, &guess.kind) {
                // A list may come as the database writes it: "{a,b}".
                (Kind::Number | Kind::Flag | Kind::List(_), Some(Kind::Text)) => column.kind = Kind::Text,
                (Kind::Text | Kind::Guid | Kind::Flag, Some(Kind::Number)) => column.kind = Kind::Number,
                (Kind::Text, Some(Kind::Flag)) => column.kind = Kind::Flag,
                (Kind::Number | Kind::Flag, None) => {
                    let (text, plain) = (column.zod(), column.kind.zod());
                    let tail = text.strip_prefix(&plain).unwrap_or_default();
                    return format!("z.union([{plain}, z.string()]){tail}");
                }
                _ => {}
            }
        }
        column.zod()
    }

    /// Whether a value may be anything for the compiler: it comes from what was declared so, or was not declared at all.
    pub(super) fn of_any(&self, node: Node<'_>) -> bool {
        self.reaches_any(node, DEPTH)
    }

    fn reaches_any(&self, node: Node<'_>, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let part =
            |name: &str| node.child_by_field_name(name).is_some_and(|part| self.reaches_any(part, depth));
        match node.kind() {
            "parenthesized_expression" | "non_null_expression" | "spread_element" => {
                view::code_children(node).any(|inner| self.reaches_any(inner, depth))
            }
            "as_expression" => {
                view::code_children(node).nth(1).is_some_and(|kind| says_any(self.tree.text(kind)))
            }
            "member_expression" | "subscript_expression" => part("object"),
            "binary_expression" => {
                let operator = node.child_by_field_name("operator").map(|operator| self.tree.text(operator));
                matches!(operator, Some("??" | "||")) && (part("left") || part("right"))
            }
            "ternary_expression" => part("consequence") || part("alternative"),
            "object" => view::code_children(node)
                .filter(|child| child.kind() == "spread_element")
                .any(|spread| self.reaches_any(spread, depth)),
            "identifier" | "shorthand_property_identifier" => self.names_any(node, depth),
            _ => false,
        }
    }

    fn names_any(&self, name: Node<'_>, depth: u8) -> bool {
        let Some(id) = self.scopes.binding_at(name.byte_range()) else { return false };
        let binding = self.scopes.binding(id);
        let Some(declaration) = self.tree.node_at(binding.range.clone()) else { return false };
        let told =
            |node: Node<'_>| node.child_by_field_name("type").map(|kind| says_any(self.tree.text(kind)));
        match binding.declared {
            Declared::Parameter => {
                let parameter = parameter_around(declaration);
                told(parameter).unwrap_or_else(|| is_undeclared(parameter))
            }
            Declared::Const | Declared::Let | Declared::Var => {
                let declarator = declarator_around(declaration);
                let value = declarator.child_by_field_name("value").map(view::unwrapped);
                told(declarator).unwrap_or_else(|| {
                    value.is_some_and(|value| match value.kind() {
                        // `useState<any>(null)`
                        "call_expression" => value
                            .child_by_field_name("type_arguments")
                            .and_then(|given| view::code_children(given).next())
                            .is_some_and(|kind| says_any(self.tree.text(kind))),
                        _ => self.reaches_any(value, depth),
                    })
                })
            }
            _ => false,
        }
    }
}

/// Whether a type says nothing of a value, or of what it holds.
fn says_any(kind: &str) -> bool {
    let kind = kind.trim_start_matches([':', ' ']);
    let one = |part: &str| {
        let part = part.trim().trim_end_matches("[]");
        matches!(
            part,
            "any"
                | "never"
                | "Record<string, any>"
                | "Array<any>"
                | "Partial<any>"
                | "{ [key: string]: any }"
        )
    };
    kind.split('|').any(one)
}

/// A parameter of a function that stands by itself: nothing says what it is.
fn is_undeclared(parameter: Node<'_>) -> bool {
    let function = parameter.parent().filter(|list| list.kind() == "formal_parameters");
    let Some(function) = function.and_then(|list| list.parent()) else { return false };
    let by_itself = match function.kind() {
        "function_declaration" => true,
        "arrow_function" | "function_expression" => function.parent().is_some_and(|around| {
            around.kind() == "variable_declarator" && around.child_by_field_name("type").is_none()
        }),
        _ => false,
    };
    by_itself && parameter.child_by_field_name("value").is_none()
}
