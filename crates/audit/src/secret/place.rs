//! Where in the code a value stands, what it is called there, and what holds it.

use super::Place;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::view;

/// The surroundings of a value.
#[derive(Debug)]
pub(super) struct Position<'t> {
    /// How it can be replaced.
    pub(super) place: Place,
    /// The string or template that holds it.
    pub(super) literal: Option<Range<usize>>,
    /// Its name.
    pub(super) named: Option<String>,
    /// The object, class or callee around it.
    pub(super) owner: Option<String>,
    /// The object literal in which it is a value.
    pub(super) object: Option<Node<'t>>,
    /// The other side, where it is compared: `password === "…"`.
    pub(super) compared_with: Option<Node<'t>>,
    /// An import specifier, an object's key, a directive: no value at all.
    pub(super) no_value: bool,
}

/// The surroundings of the value at `range`.
pub(super) fn of_range<'t>(tree: &'t Tree, range: &Range<usize>) -> Position<'t> {
    let mut node = tree.node_at(range.clone());
    while let Some(inner) = node.filter(|node| matches!(node.kind(), "string_fragment" | "escape_sequence")) {
        node = inner.parent();
    }
    let nowhere = |place| Position {
        place,
        literal: None,
        named: None,
        owner: None,
        object: None,
        compared_with: None,
        no_value: false,
    };
    let Some(node) = node else { return nowhere(Place::Text) };
    match node.kind() {
        "string" | "template_string" => of_string(tree, node, range),
        "comment" | "html_comment" | "hash_bang_line" => nowhere(Place::Comment),
        "jsx_text" => nowhere(Place::Jsx),
        _ => nowhere(Place::Text),
    }
}

/// The surroundings of the value at `range` inside the string or template `node`.
pub(super) fn of_string<'t>(tree: &'t Tree, node: Node<'t>, range: &Range<usize>) -> Position<'t> {
    let whole = node.byte_range();
    let exact = range.start == whole.start + 1 && range.end + 1 == whole.end;
    let mut position = Position {
        place: if exact { Place::Literal } else { Place::InsideString },
        literal: Some(whole),
        named: None,
        owner: None,
        object: None,
        compared_with: None,
        no_value: false,
    };
    climb(tree, node, &mut position);
    position
}

fn climb<'t>(tree: &'t Tree, string: Node<'t>, position: &mut Position<'t>) {
    let mut at = string;
    let name = |node: Option<Node<'t>>| node.map(|node| last_name(tree.text(node)));
    while let Some(parent) = at.parent() {
        match parent.kind() {
            "parenthesized_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression"
            | "array"
            | "jsx_expression"
            | "await_expression"
            | "spread_element"
            | "type_assertion" => {}
            "binary_expression" => {
                let field = |name| parent.child_by_field_name(name);
                match field("operator").map_or("", |operator| tree.text(operator)) {
                    "||" | "??" => {
                        if field("right") == Some(at)
                            && position.place == Place::Literal
                            && names_env(tree, field("left"))
                        {
                            position.place = Place::Fallback;
                        }
                    }
                    "===" | "!==" | "==" | "!=" => {
                        let other = field("left").filter(|left| *left != at).or(field("right"));
                        // `typeof password === "string"`
                        if other.is_some_and(|other| tree.text(other).starts_with("typeof ")) {
                            return;
                        }
                        position.compared_with = other;
                        position.named = name(position.compared_with);
                        return;
                    }
                    "+" => {}
                    _ => return,
                }
            }
            "ternary_expression" => {
                if parent.child_by_field_name("condition") == Some(at) {
                    return;
                }
            }
            "arguments" => {
                let Some(call) = parent.parent() else { return };
                let callee = call.child_by_field_name("function").or(call.child_by_field_name("constructor"));
                let callee = name(callee).unwrap_or_default();
                let arguments = view::arguments(call);
                match callee.as_str() {
                    "set" | "append" | "header" | "setHeader" | "setRequestHeader" | "setItem" | "define" => {
                        let key = arguments.first().filter(|first| **first != at);
                        position.named =
                            key.and_then(|key| view::string_value(tree, *key)).map(|key| key.into_owned());
                        return;
                    }
                    // What only wraps a value leaves it its name.
                    "useState" | "useRef" | "atom" | "signal" | "ref" | "String" | "encode" | "from"
                    | "createSecretKey" | "trim" | "atob" | "btoa" | "freeze" | "Uint8Array" | "parse"
                    | "stringify" => at = call,
                    _ => {
                        position.owner = Some(callee);
                        return;
                    }
                }
                continue;
            }
            "member_expression" | "call_expression" | "new_expression" => {}
            "variable_declarator" => {
                let declared = parent.child_by_field_name("name");
                // `const [password, setPassword] = useState("…")`
                let first = declared
                    .filter(|declared| declared.kind() == "array_pattern")
                    .and_then(|pattern| pattern.named_child(0));
                position.named = name(first.or(declared.filter(|declared| declared.kind() == "identifier")));
                return;
            }
            "pair" => {
                if parent.child_by_field_name("key") == Some(at) {
                    position.no_value = true;
                    return;
                }
                position.named = name(parent.child_by_field_name("key"))
                    .map(|key| key.trim_matches(['"', '\'', '`']).to_owned());
                position.object = parent.parent();
                position.owner = position.object.and_then(|object| owner(tree, object));
                return;
            }
            "assignment_expression" | "augmented_assignment_expression" => {
                position.named = name(parent.child_by_field_name("left"));
                return;
            }
            "public_field_definition" | "field_definition" => {
                let field = parent.child_by_field_name("name").or(parent.child_by_field_name("property"));
                position.named = name(field);
                position.owner = owner(tree, parent);
                return;
            }
            "required_parameter" | "optional_parameter" => {
                position.named = name(parent.child_by_field_name("pattern"));
                if position.place != Place::TypePosition {
                    position.place = Place::DefaultParameter;
                }
                return;
            }
            "assignment_pattern" | "object_assignment_pattern" => {
                position.named = name(parent.child_by_field_name("left"));
                if position.place != Place::InsideString {
                    position.place = Place::DefaultParameter;
                }
                return;
            }
            "jsx_attribute" => {
                position.named = name(parent.named_child(0));
                // An attribute for scripts stands in the page that everybody gets.
                position.no_value |=
                    parent.named_child(0).is_some_and(|key| tree.text(key).starts_with("data-"));
                if at == string && position.place == Place::Literal {
                    position.place = Place::Jsx;
                }
                return;
            }
            "literal_type" => position.place = Place::TypePosition,
            "type_annotation" | "union_type" => {}
            "property_signature" => {
                position.named = name(parent.child_by_field_name("name"));
                return;
            }
            // An enum's values are constants of the program text.
            "enum_assignment" => {
                position.place = Place::Text;
                position.named = name(parent.child_by_field_name("name"));
                return;
            }
            "return_statement" | "statement_block" => {}
            "function_declaration" | "method_definition" | "generator_function_declaration" => {
                let called = name(parent.child_by_field_name("name")).unwrap_or_default();
                position.named = Some(called.strip_prefix("get").unwrap_or(&called).to_owned());
                return;
            }
            "arrow_function" | "function_expression" => {
                if parent.child_by_field_name("body") != Some(at) {
                    return;
                }
            }
            "import_statement" | "export_statement" => {
                position.no_value = parent.child_by_field_name("source") == Some(at);
                return;
            }
            "subscript_expression" => {
                position.no_value = true;
                return;
            }
            // A tag decides itself what its template means.
            "expression_statement" => {
                position.no_value = at == string;
                return;
            }
            _ => return,
        }
        at = parent;
    }
}

fn names_env(tree: &Tree, node: Option<Node<'_>>) -> bool {
    node.is_some_and(|node| {
        let text = tree.text(node);
        text.contains("env.") || text.contains("env[") || text.contains("env?.")
    })
}

/// The name of what holds `node`: the variable, property, class or callee around it.
fn owner(tree: &Tree, node: Node<'_>) -> Option<String> {
    let mut at = node;
    while let Some(parent) = at.parent() {
        let field = match parent.kind() {
            "variable_declarator" | "class_declaration" | "public_field_definition" => "name",
            "pair" => "key",
            "assignment_expression" => "left",
            "call_expression" => "function",
            "new_expression" => "constructor",
            "statement_block" | "program" => return None,
            _ => {
                at = parent;
                continue;
            }
        };
        let name = parent.child_by_field_name(field).map(|name| last_name(tree.text(name)));
        return name.filter(|name| name != "headers" && !name.is_empty());
    }
    None
}

/// `form.password` as `password`, `this.#key` as `key`, `row["pass"]` as `pass`, `word.trim()` as `word`.
pub(super) fn last_name(text: &str) -> String {
    let text = text.trim();
    // `headers.get("x-password")` is called what it asks for.
    let text = text.strip_suffix(')').filter(|call| call.ends_with(['"', '\''])).unwrap_or(text);
    let called =
        text.strip_suffix("()").and_then(|call| call.rsplit_once('.')).map_or(text, |(object, _)| object);
    let called = called.trim_end_matches(['!', '?']);
    let bare = called.trim_end_matches([']', '"', '\'', '`']);
    let name =
        bare.rsplit(|character: char| !(character.is_alphanumeric() || "_$-".contains(character))).next();
    name.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::last_name;

    #[test]
    fn the_last_part_names_a_value() {
        for (text, name) in [
            ("form.password", "password"),
            ("this.#key", "key"),
            ("row[\"pass\"]", "pass"),
            ("word.trim()", "word"),
            ("user?.pin!", "pin"),
            ("\"x-api-key\"", "x-api-key"),
            ("request.headers.get('x-password')", "x-password"),
        ] {
            assert_eq!(last_name(text), name);
        }
    }
}
