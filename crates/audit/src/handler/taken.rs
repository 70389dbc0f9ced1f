//! What a handler believes of the request: an identity, a price, a role that whoever calls it has chosen.

use super::{Taken, What};
use crate::identity::words;
use edit::Span;
use project::{File, Project};
use syntax::Node;
use syntax::Tree;
use syntax::scope::Declared;
use syntax::view;

/// The values of the request that the code at `function` goes on with; `parameters`: those of the function are the request's too.
pub(super) fn of(project: &Project, function: Span, parameters: bool) -> Vec<Taken> {
    let file = project.get(function.file);
    let Some((tree, scopes)) = file.syntax() else { return Vec::new() };
    let Some(node) = tree.node_at(function.range()) else { return Vec::new() };
    let mut found: Vec<Taken> = Vec::new();
    for binding in scopes.bindings.iter().filter(|binding| function.range().contains(&binding.range.start)) {
        let declared = tree.source().get(binding.range.clone()).unwrap_or_default();
        let sent = match binding.declared {
            Declared::Const | Declared::Let | Declared::Var => {
                ["request.json()", "req.json()", "req.body", "request.body", "c.req.json()", ".json()"]
                    .iter()
                    .any(|mark| declared.contains(mark))
                    && !declared.contains("fetch(")
                    && names_request(declared)
            }
            // What a middleware gave is not what was sent.
            Declared::Parameter => {
                parameters
                    && binding.name != "context"
                    && is_own_parameter(tree, node, binding.name_range.clone())
            }
            _ => false,
        };
        if !sent {
            continue;
        }
        let Some(name) = tree.node_at(binding.name_range.clone()) else { continue };
        let id = scopes.binding_at(binding.name_range.clone());
        let uses: Vec<Node<'_>> = id
            .into_iter()
            .flat_map(|id| scopes.references_of(id))
            .filter(|reference| !reference.in_type)
            .filter_map(|reference| tree.node_at(reference.range.clone()))
            .collect();
        if let Some(what) = what_of(&binding.name)
            && let Some(place) = uses.iter().find(|place| goes_on(tree, **place, what))
        {
            push(&mut found, file, tree, what, &binding.name, *place);
        } else if what_of(&binding.name).is_none()
            && name.parent().is_some_and(|parent| parent.kind() != "pair_pattern")
        {
            // `body.userId`
            for place in uses {
                let Some(member) = place.parent().filter(|parent| parent.kind() == "member_expression")
                else {
                    continue;
                };
                let Some(property) =
                    member.child_by_field_name("property").map(|property| tree.text(property))
                else {
                    continue;
                };
                if let Some(what) = what_of(property)
                    && goes_on(tree, member, what)
                {
                    push(&mut found, file, tree, what, property, member);
                }
            }
        }
    }
    // `req.body.role`, without a name between.
    view::walk(node, &mut |inner| {
        if inner.kind() == "member_expression"
            && let Some(object) = inner.child_by_field_name("object").map(|object| tree.text(object))
            && matches!(object, "req.body" | "request.body" | "ctx.request.body")
            && let Some(property) = inner.child_by_field_name("property").map(|property| tree.text(property))
            && let Some(what) = what_of(property)
            && goes_on(tree, inner, what)
        {
            push(&mut found, file, tree, what, property, inner);
        }
        true
    });
    found.sort_by_key(|taken| taken.span);
    found
}

fn push(found: &mut Vec<Taken>, file: &File, tree: &Tree, what: What, name: &str, place: Node<'_>) {
    // Compared with something, it is checked.
    let function = view::enclosing_function(place);
    let around = function.map_or("", |function| tree.text(function));
    let compared = ["!==", "===", "!="].iter().any(|operator| {
        what != What::Price
            && (around.contains(&format!("{name} {operator} "))
                || around.contains(&format!("{operator} {name}")))
    });
    let compared = compared || what == What::Role && is_one_of_few(tree, around, name);
    if !compared && !found.iter().any(|taken| taken.what == what && taken.name == name) {
        found.push(Taken { what, name: name.to_owned(), span: file.span(place.byte_range()) });
    }
}

/// Whether a function refuses all but a few words, and none of them gives power: `if (!ROLES.includes(role)) return`.
fn is_one_of_few(tree: &Tree, around: &str, name: &str) -> bool {
    let flat: String = around.split_whitespace().collect();
    let Some(at) = flat.find(&format!(".includes({name})")) else { return false };
    let before = &flat[..at];
    if !before.contains("if(!") {
        return false;
    }
    let list = before.rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or("");
    let words = if list.is_empty() {
        before.rsplit('[').next().map(str::to_owned)
    } else {
        let whole: String = tree.text(tree.root()).split_whitespace().collect();
        // A list of this function stands before one of the module.
        [flat.as_str(), whole.as_str()]
            .iter()
            .find_map(|text| text.split_once(&format!("const{list}=[")))
            .and_then(|(_, rest)| rest.split(']').next())
            .map(str::to_owned)
    };
    const POWER: &[&str] = &["admin", "owner", "super", "staff", "manager", "moderator"];
    words.is_some_and(|words| {
        let words = words.to_lowercase();
        words.contains(['"', '\'']) && !POWER.iter().any(|power| words.contains(power))
    })
}

/// Whether the text reads the request, not the answer of another service.
fn names_request(declared: &str) -> bool {
    ["req", "request", "c.req", "asked", "call", "event"].iter().any(|name| {
        declared.contains(&format!("{name}.json()")) || declared.contains(&format!("{name}.body"))
    })
}

fn is_own_parameter(tree: &Tree, function: Node<'_>, name: std::ops::Range<usize>) -> bool {
    let list =
        function.child_by_field_name("parameters").or_else(|| function.child_by_field_name("parameter"));
    list.is_some_and(|list| list.byte_range().contains(&name.start)) && tree.node_at(name).is_some()
}

/// Whether a value is stored, charged or passed on under a key: an element of an object literal or of an SQL template.
fn goes_on(tree: &Tree, place: Node<'_>, what: What) -> bool {
    let place = view::wrapped(place);
    let Some(parent) = place.parent() else { return false };
    match parent.kind() {
        "pair" | "template_substitution" | "object" => is_written(tree, parent, what),
        "binary_expression" => goes_on(tree, parent, what),
        "arguments" => {
            parent.parent().and_then(view::callee).is_some_and(|callee| {
                let name = tree.text(callee);
                ["Number", "parseFloat", "parseInt", "Math.round", "String"].contains(&name)
            }) && parent.parent().is_some_and(|call| goes_on(tree, call, what))
        }
        "shorthand_property_identifier" => is_written(tree, parent, what),
        _ => place.kind() == "shorthand_property_identifier" && is_written(tree, parent, what),
    }
}

/// Whether an object or template around `node` is what a call writes or charges.
fn is_written(tree: &Tree, node: Node<'_>, what: What) -> bool {
    let mut around = Some(node);
    while let Some(current) = around {
        match current.kind() {
            "call_expression" => {
                let name = view::callee(current).map_or("", |callee| tree.text(callee));
                let last = name.rsplit('.').next().unwrap_or(name);
                return meant(name, what)
                    && matches!(
                        last,
                        "insert"
                            | "upsert"
                            | "update"
                            | "create"
                            | "values"
                            | "set"
                            | "createUser"
                            | "insertOne"
                            | "sql"
                            | "query"
                            | "findByIdAndUpdate"
                            | "signUp"
                            | "createMany"
                    );
            }
            "template_string" => {
                let tag = current.parent().filter(|parent| parent.kind() == "call_expression");
                let upper = tree.text(current).to_ascii_uppercase();
                return tag.is_some()
                    && meant(tree.text(current), what)
                    && (upper.contains("INSERT INTO")
                        || upper.contains("UPDATE ") && upper.contains(" SET "));
            }
            "return_statement" | "expression_statement" | "statement_block" | "variable_declarator" => {
                return false;
            }
            _ => around = current.parent(),
        }
    }
    false
}

/// A role is a right only where people are written; elsewhere it is a job, a part in a play, a speaker of a chat.
fn meant(written: &str, what: What) -> bool {
    const PEOPLE: &[&str] = &[
        "user", "profile", "member", "account", "role", "auth", "admin", "invit", "staff", "employee",
        "teacher", "student", "person", "people", "customer", "client", "sign", "usuario", "perfil",
        "perfis",
    ];
    what != What::Role || {
        let written = aim(written);
        PEOPLE.iter().any(|word| written.contains(word))
    }
}

/// Into what is written, in lower case: the table of a statement, and of a call what stands behind its client, which may be one
/// of an administrator.
fn aim(written: &str) -> String {
    let written = written.to_lowercase();
    let table = ["insert into", "update"].iter().find_map(|mark| written.split_once(mark));
    match table.filter(|_| written.starts_with('`')) {
        Some((_, rest)) => rest.split_whitespace().next().unwrap_or_default().to_owned(),
        // `Member.create` is of its model alone.
        None => match written.split_once('.') {
            Some((_, behind)) if behind.contains('.') => behind.to_owned(),
            _ => written,
        },
    }
}

/// What a name of the request would be.
fn what_of(name: &str) -> Option<What> {
    let words = words(name);
    let joined = words.concat();
    let is = |list: &[&str]| list.contains(&joined.as_str());
    if is(&[
        "userid",
        "uid",
        "ownerid",
        "authorid",
        "createdby",
        "accountid",
        "memberid",
        "customerid",
        "studentid",
        "senderid",
    ]) {
        Some(What::Identity)
    } else if is(&["role", "isadmin", "admin", "userrole", "roles"]) {
        Some(What::Role)
    } else if is(&[
        "price",
        "amount",
        "total",
        "cents",
        "cost",
        "totalprice",
        "totalamount",
        "unitamount",
        "subtotal",
        "grandtotal",
    ]) {
        Some(What::Price)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{What, meant};

    #[test]
    fn a_role_gives_rights_where_people_are_written() {
        assert!(meant("adminClient.from(\"members\").insert", What::Role));
        assert!(meant("adminClient.auth.admin.createUser", What::Role));
        assert!(meant("db.insert(users).values", What::Role));
        assert!(meant("Member.create", What::Role));
        assert!(meant("`insert into crew_roles (id, role) values (${id}, ${role})`", What::Role));
        assert!(!meant("adminClient.from(\"lessons\").insert", What::Role));
        assert!(!meant("`INSERT INTO lessons (role) VALUES (${role})`", What::Role));
    }
}
