//! What carries the client on: a field of a class and of the classes that extend it, or a context with what its hooks give.
//!
//! ```text
//! class Base { protected db = client }            // this.db
//! <Db.Provider value={{ db: client }}>            // useContext(Db).db, const { db } = useDb()
//! ```

use super::client::Client;
use super::held;
use super::leads::{function_name, memoised};
use super::reach::{self, By, Held, Is, Target};
use super::uses;
use audit::Survey;
use edit::FileId;
use project::File;
use project::graph::{Graph, Origin};
use std::ops::Range;
use syntax::view::{
    callee, code_children, enclosing_function, jsx_attributes, key_name, unwrapped, walk, wrapped,
};
use syntax::{Node, Tree};

/// Where the client comes out again.
#[derive(Default)]
pub(super) struct Carried<'s> {
    /// Expressions that are it.
    pub(super) places: Vec<(FileId, Node<'s>)>,
    /// Names that hold it.
    pub(super) names: Vec<(FileId, Range<usize>)>,
    /// What says the type of it on the way.
    pub(super) typed: Vec<Held>,
}

/// What carries the client that stands at `node`; `None` if nothing does that can be followed to its end.
pub(super) fn of<'s>(
    survey: &'s Survey<'_>,
    client: &Client,
    file: &'s File,
    node: Node<'s>,
) -> Option<Carried<'s>> {
    in_field(survey, client, file, node).or_else(|| in_context(survey, client, file, node))
}

/// `protected db = client`, `this.db = client`: each `this.db` of the class and of those that extend it.
fn in_field<'s>(
    survey: &'s Survey<'_>,
    client: &Client,
    file: &'s File,
    node: Node<'s>,
) -> Option<Carried<'s>> {
    let (tree, _) = file.syntax()?;
    let outer = wrapped(node);
    let parent = outer.parent()?;
    let is_own = |member: &Node<'_>| {
        member.child_by_field_name("object").is_some_and(|object| object.kind() == "this")
    };
    let (name, field) = match parent.kind() {
        "public_field_definition" => (parent.child_by_field_name("name")?, Some(parent)),
        "assignment_expression" => {
            let left = parent.child_by_field_name("left").filter(is_own)?;
            (left.child_by_field_name("property")?, None)
        }
        _ => return None,
    };
    let name = tree.text(name);
    let body =
        std::iter::successors(Some(parent), |node| node.parent()).find(|node| node.kind() == "class_body")?;
    let field = field.or_else(|| {
        code_children(body).find(|member| {
            member.kind() == "public_field_definition"
                && member.child_by_field_name("name").is_some_and(|own| tree.text(own) == name)
        })
    })?;
    let says = |word: &str| field.children().any(|child| tree.text(child) == word);
    if says("static") {
        return None;
    }
    let mut found = Carried::default();
    if let Some(typed) = field.child_by_field_name("type") {
        let by = if field.child_by_field_name("value").is_some() { By::Declaration } else { By::Caller };
        let span = file.span(field.child_by_field_name("name")?.byte_range());
        let said = held::says_itself(tree.text(typed));
        (said || by == By::Declaration || held::named(survey, client, span).is_some()).then_some(())?;
        found.typed.push(Held { file: file.id, name: span.range(), typed: Some(typed.byte_range()), by });
    }
    let family = family(survey, file, body.parent()?);
    let hidden = says("private") || says("protected") || name.starts_with('#');
    let mut fine = true;
    let everywhere = if hidden { Vec::new() } else { reach::carriers(survey, file.id) };
    for other in everywhere.into_iter().map(|id| survey.project.get(id)) {
        let Some((there, _)) = other.syntax().filter(|_| other.text.contains(name)) else { continue };
        walk(there.root(), &mut |node| {
            let asked =
                node.child_by_field_name("property").is_some_and(|property| there.text(property) == name);
            fine &= !(asked && node.kind() == "member_expression" && !is_own(&node));
            fine
        });
    }
    for (holder, class) in family {
        let (there, _) = holder.syntax()?;
        walk(class, &mut |node| {
            match node.kind() {
                "member_expression"
                    if is_own(&node)
                        && node
                            .child_by_field_name("property")
                            .is_some_and(|own| there.text(own) == name) =>
                {
                    let set = node.parent().filter(|parent| parent.kind() == "assignment_expression");
                    let set = set.filter(|set| {
                        set.child_by_field_name("left").is_some_and(|left| left.id() == node.id())
                    });
                    match set.and_then(|set| set.child_by_field_name("right")) {
                        Some(right) => fine &= there.text(right) == tree.text(outer),
                        None => found.places.push((holder.id, node)),
                    }
                }
                // `const { db } = this`
                "variable_declarator" => {
                    fine &= node.child_by_field_name("value").is_none_or(|value| value.kind() != "this");
                }
                _ => {}
            }
            fine
        });
    }
    fine.then_some(found)
}

/// A class, and those that extend it, near or far.
fn family<'s>(survey: &'s Survey<'_>, file: &'s File, class: Node<'s>) -> Vec<(&'s File, Node<'s>)> {
    let mut found = vec![(file, class)];
    let mut at = 0;
    while let Some((holder, class)) = found.get(at).copied() {
        at += 1;
        let Some(name) = class.child_by_field_name("name") else { continue };
        let target = Target::named(holder.id, name.byte_range(), Is::Client);
        for (user, node, _) in reach::references(survey, &reach::carriers(survey, holder.id), &target) {
            let heritage = std::iter::successors(node.parent(), |node| node.parent())
                .take(3)
                .find(|node| node.kind() == "class_heritage");
            let Some(extends) = heritage.and_then(|heritage| heritage.parent()) else { continue };
            if !found.iter().any(|(known, class)| known.id == user.id && class.id() == extends.id()) {
                found.push((user, extends));
            }
        }
    }
    found
}

/// `<Db.Provider value={client}>`, `value={{ db: client }}`: what its consumers ask for.
fn in_context<'s>(
    survey: &'s Survey<'_>,
    client: &Client,
    file: &'s File,
    node: Node<'s>,
) -> Option<Carried<'s>> {
    let (tree, _) = file.syntax()?;
    let (value, key) = put_in(tree, node)?;
    let tag = provided_by(tree, value).or_else(|| provided_by(tree, held_once(file, value)?))?;
    let Origin::Local(holder, name) = Graph::origin(survey.project, file.id, tag.byte_range()) else {
        return None;
    };
    let home = survey.project.get(holder);
    let (there, _) = home.syntax()?;
    let declarator =
        there.node_at(name.clone())?.parent().filter(|node| node.kind() == "variable_declarator")?;
    let made = unwrapped(declarator.child_by_field_name("value")?);
    if !there.text(callee(made)?).ends_with("createContext")
        || declarator.child_by_field_name("type").is_some()
    {
        return None;
    }
    let mut found = Carried::default();
    if let Some(typed) = made.child_by_field_name("type_arguments") {
        found.typed.extend(type_of(survey, client, home, typed, key.as_deref())?);
    }
    let target = Target::named(holder, name, Is::Client);
    let mut providers = 0;
    for (user, node, in_type) in reach::references(survey, &reach::carriers(survey, holder), &target) {
        let (own, _) = user.syntax()?;
        if in_type || reach::is_passed_on(node) {
            continue;
        }
        let member = wrapped(node)
            .parent()
            .filter(|member| matches!(member.kind(), "member_expression" | "nested_identifier"));
        let asked = member.and_then(|member| member.child_by_field_name("property"));
        let element = member.unwrap_or(node).parent()?;
        match element.kind() {
            "jsx_closing_element" => {}
            "jsx_opening_element" | "jsx_self_closing_element"
                if asked.is_none_or(|asked| own.text(asked) == "Provider") =>
            {
                providers += 1;
            }
            // `Db.displayName = "Db"`
            "assignment_expression" if asked.is_some_and(|asked| own.text(asked) == "displayName") => {}
            "arguments" if member.is_none() => {
                let call = element.parent()?;
                let hook = own.text(callee(call)?).trim_start_matches("React.");
                matches!(hook, "useContext" | "use").then_some(())?;
                match &key {
                    None => found.places.push((user.id, call)),
                    Some(key) => taken_out(survey, user, call, key, 0, &mut found)?,
                }
            }
            _ => return None,
        }
    }
    (providers == 1).then_some(found)
}

/// The value that a context may be given, and the key of it that holds the client, if it is an object.
fn put_in<'t>(tree: &'t Tree, node: Node<'t>) -> Option<(Node<'t>, Option<String>)> {
    let outer = wrapped(node);
    let parent = outer.parent()?;
    match parent.kind() {
        "jsx_expression" => Some((outer, None)),
        "object" => Some((memoised(tree, parent), Some(tree.text(node).to_owned()))),
        "pair" => {
            let key = key_name(tree, parent.child_by_field_name("key")?)?.into_owned();
            Some((memoised(tree, parent.parent()?), Some(key)))
        }
        _ => None,
    }
}

/// The name of the context whose provider is given the value.
fn provided_by<'t>(tree: &'t Tree, value: Node<'t>) -> Option<Node<'t>> {
    let braces = wrapped(value).parent().filter(|parent| parent.kind() == "jsx_expression")?;
    let attribute = braces.parent().filter(|parent| parent.kind() == "jsx_attribute")?;
    let tag = attribute.parent()?;
    jsx_attributes(tree, tag)
        .iter()
        .any(|(name, whole, _)| *name == "value" && whole.id() == attribute.id())
        .then_some(())?;
    let name = tag.child_by_field_name("name")?;
    match name.kind() {
        "identifier" => Some(name),
        _ => name.child_by_field_name("object").or_else(|| name.named_child(0)),
    }
}

/// `const value = { … }`: the one place that names it.
fn held_once<'s>(file: &'s File, value: Node<'s>) -> Option<Node<'s>> {
    let (tree, scopes) = file.syntax()?;
    let declarator = wrapped(value).parent().filter(|parent| parent.kind() == "variable_declarator")?;
    let name = declarator.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
    let mut references = scopes.references_of(scopes.binding_at(name.byte_range())?);
    let only = references.next()?;
    references.next().is_none().then(|| tree.node_at(only.range.clone()))?
}

/// Follows an object whose member `key` is the client; `None` where it goes on in a way that is not followed.
fn taken_out<'s>(
    survey: &'s Survey<'_>,
    file: &'s File,
    node: Node<'s>,
    key: &str,
    depth: usize,
    found: &mut Carried<'s>,
) -> Option<()> {
    let (tree, scopes) = file.syntax()?;
    let outer = wrapped(node);
    let parent = outer.parent().filter(|_| depth < 6)?;
    if uses::is_test(outer) {
        return Some(());
    }
    let function = match parent.kind() {
        "expression_statement" => return Some(()),
        "member_expression" => {
            if tree.text(parent.child_by_field_name("property")?) == key {
                found.places.push((file.id, parent));
            }
            return Some(());
        }
        "variable_declarator" => {
            let name = parent.child_by_field_name("name")?;
            if name.kind() == "object_pattern" {
                return taken_apart(tree, file.id, name, key, found);
            }
            let binding = scopes.binding_at(name.byte_range()).filter(|_| name.kind() == "identifier")?;
            for reference in scopes.references_of(binding) {
                (!reference.writes && !reference.in_type).then_some(())?;
                taken_out(survey, file, tree.node_at(reference.range.clone())?, key, depth + 1, found)?;
            }
            return Some(());
        }
        "return_statement" => enclosing_function(parent)?,
        "arrow_function" => parent,
        _ => return None,
    };
    let name = function_name(function)?;
    let target = Target::named(file.id, name.byte_range(), Is::Giver);
    for (user, node, in_type) in reach::references(survey, &reach::carriers(survey, file.id), &target) {
        if in_type || reach::is_passed_on(node) {
            continue;
        }
        let call = wrapped(node).parent().filter(|call| call.kind() == "call_expression")?;
        callee(call).filter(|callee| callee.id() == wrapped(node).id())?;
        taken_out(survey, user, call, key, depth + 1, found)?;
    }
    Some(())
}

/// `const { key, other: name } = …`
fn taken_apart(
    tree: &Tree,
    file: FileId,
    pattern: Node<'_>,
    key: &str,
    found: &mut Carried<'_>,
) -> Option<()> {
    for part in code_children(pattern) {
        match part.kind() {
            "shorthand_property_identifier_pattern" if tree.text(part) == key => {
                found.names.push((file, part.byte_range()));
            }
            "shorthand_property_identifier_pattern" => {}
            "pair_pattern" if tree.text(part.child_by_field_name("key")?) == key => {
                let name = part.child_by_field_name("value").filter(|name| name.kind() == "identifier")?;
                found.names.push((file, name.byte_range()));
            }
            "pair_pattern" => {}
            _ => return None,
        }
    }
    Some(())
}

/// What says the client's type in the type of a context: nothing where it says that of itself; `None` where it cannot name the client.
fn type_of(
    survey: &Survey<'_>,
    client: &Client,
    file: &File,
    given: Node<'_>,
    key: Option<&str>,
) -> Option<Option<Held>> {
    let (tree, _) = file.syntax()?;
    let within = match key {
        None => given,
        Some(key) => {
            let whole = alternatives(tree, given)?;
            member_type(tree, whole, key)?
        }
    };
    let text = tree.text(within);
    if held::says_itself(text) {
        return Some(None);
    }
    let mut said = None;
    walk(within, &mut |node| {
        let name = match node.kind() {
            "generic_type" => node.child_by_field_name("name"),
            "type_identifier" => Some(node),
            _ => None,
        };
        if said.is_none() && name.is_some_and(|name| tree.text(name) == "SupabaseClient") {
            said = Some(node);
        }
        said.is_none()
    });
    let said = said?.byte_range();
    held::named(survey, client, file.span(said.clone()))?;
    Some(Some(Held { file: file.id, name: said.clone(), typed: Some(said), by: By::Part }))
}

/// `Value | undefined` of a list of type arguments: the first that is no keyword.
fn alternatives<'t>(tree: &'t Tree, given: Node<'t>) -> Option<Node<'t>> {
    let mut found = None;
    walk(given, &mut |node| {
        if found.is_none() && matches!(node.kind(), "type_identifier" | "object_type") {
            found = Some(node);
        }
        found.is_none()
    });
    let found = found?;
    if found.kind() == "object_type" {
        return Some(found);
    }
    let declares = |statement: Node<'t>| {
        let declaration = statement.child_by_field_name("declaration").unwrap_or(statement);
        let name = declaration.child_by_field_name("name")?;
        let own = matches!(declaration.kind(), "interface_declaration" | "type_alias_declaration");
        (own && tree.text(name) == tree.text(found))
            .then(|| declaration.child_by_field_name("body").or(declaration.child_by_field_name("value")))?
    };
    code_children(tree.root()).find_map(declares)
}

/// The type of a member of an object type.
fn member_type<'t>(tree: &'t Tree, whole: Node<'t>, key: &str) -> Option<Node<'t>> {
    let is_it =
        |member: &Node<'t>| member.child_by_field_name("name").is_some_and(|name| tree.text(name) == key);
    code_children(whole).find(is_it)?.child_by_field_name("type")
}
