//! How code reaches the client: through imports, re-exports, namespaces and dynamic imports, by another name, by a function that gives
//! it, and by a parameter that it is handed to by everyone.

use super::carried;
use super::client::Client;
use super::held;
use super::leads::{self, alias, assigned, giver, memoised};
use super::takers::{Taken, is_nameable, taken};
use crate::strictness;
use audit::Survey;
use edit::FileId;
use project::File;
use project::graph::{Graph, Origin};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::module::{Import, ImportKind, Imported};
use syntax::scope::{BindingId, Scopes};
use syntax::view::{arguments, code_children, wrapped};

/// Every place, and every other name.
pub(super) struct Reached<'s> {
    pub(super) places: Vec<Place<'s>>,
    pub(super) held: Vec<Held>,
}

/// An expression that is the client.
pub(super) struct Place<'s> {
    pub(super) file: FileId,
    pub(super) node: Node<'s>,
    pub(super) in_type: bool,
    /// A function that gives the client, used otherwise than by a call.
    pub(super) is_odd: bool,
}

/// A name that holds the client besides its own.
pub(super) struct Held {
    pub(super) file: FileId,
    pub(super) name: Range<usize>,
    /// The type that it says it has, colon included.
    pub(super) typed: Option<Range<usize>>,
    pub(super) by: By,
}

/// How a name comes to hold the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// A declaration says so: its type can be told from it.
    Declaration,
    /// Whoever calls the function hands it over.
    Caller,
    /// A component puts it into its state.
    State,
    /// A part of a larger type names it.
    Part,
}

/// A function that is handed the client.
struct Taker<'s> {
    file: FileId,
    name: Range<usize>,
    index: usize,
    /// The expressions that hand it over, for the report.
    from: Place<'s>,
}

/// What a declared name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// The client.
    Client,
    /// A function whose call gives it.
    Giver,
    /// One whose call has to be awaited.
    Promiser,
}

/// A declared name.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) holder: FileId,
    /// `None` for the default export.
    pub(super) name: Option<Range<usize>>,
    /// The member of it that counts, where it is an object.
    pub(super) member: Option<String>,
    pub(super) is: Is,
}

impl Target {
    /// A name without members.
    pub(super) fn named(holder: FileId, name: Range<usize>, is: Is) -> Self {
        Self { holder, name: Some(name), member: None, is }
    }
}

/// Follows the client.
pub(super) fn of<'s>(survey: &'s Survey<'_>, client: &Client) -> Reached<'s> {
    let mut reached = Reached { places: Vec::new(), held: Vec::new() };
    let mut carriers_of: BTreeMap<FileId, Vec<FileId>> = BTreeMap::new();
    let mut seen: BTreeSet<(FileId, usize)> = BTreeSet::new();
    let is = match &client.getter {
        Some(getter) if getter.inline => Is::Client,
        Some(getter) if getter.waits => Is::Promiser,
        Some(_) => Is::Giver,
        None => Is::Client,
    };
    let (name, member) = (client.name.clone(), client.member.clone());
    let mut waiting = vec![Target { holder: client.file, name, member, is }];
    // What keeps the client is a name of it as well, outside of the function.
    let kept = client.getter.as_ref().and_then(|getter| getter.kept.clone());
    waiting.extend(kept.map(|(_, name)| Target::named(client.file, name, Is::Client)));
    let mut takers: Vec<Taker<'s>> = Vec::new();
    let mut passed: BTreeSet<(FileId, usize)> = BTreeSet::new();
    let mut carried_from: BTreeSet<(FileId, usize)> = BTreeSet::new();
    while let Some(target) = waiting.pop() {
        if !seen.insert((target.holder, target.name.as_ref().map_or(usize::MAX, |name| name.start))) {
            continue;
        }
        let carriers = carriers_of.entry(target.holder).or_insert_with(|| carriers(survey, target.holder));
        for (file, node, in_type) in references(survey, carriers, &target) {
            let inside = |range: &Range<usize>| super::owned::covers(range, &node.byte_range());
            if client.getter.is_some() && file.id == client.file && inside(&client.value) {
                continue;
            }
            let Some((tree, _)) = file.syntax() else { continue };
            let place = |node, is_odd| Place { file: file.id, node, in_type, is_odd };
            let node = match target.is {
                // What is put there is followed where it comes from.
                Is::Client if is_written(node) => continue,
                Is::Client => node,
                _ if is_passed_on(node) => continue,
                // `ReturnType<typeof getClient>`: whatever it gives.
                _ if in_type && is_of_return(tree, node) => continue,
                is => match (given(node, is), alias(tree, node)) {
                    (Some(node), _) => node,
                    (None, _) if let Some((name, typed, is)) = then_param(tree, node, is) => {
                        let name = name.byte_range();
                        waiting.push(Target::named(file.id, name.clone(), is));
                        reached.held.push(Held { file: file.id, name, typed, by: By::Declaration });
                        continue;
                    }
                    // `export const makeClient = createClient`
                    (None, Some((name, None, _))) if !in_type => {
                        waiting.push(Target::named(file.id, name.byte_range(), is));
                        continue;
                    }
                    (None, _) => {
                        reached.places.push(place(node, true));
                        continue;
                    }
                },
            };
            let mut open = vec![(file, node, in_type)];
            while let Some((file, node, in_type)) = open.pop() {
                let Some((tree, _)) = file.syntax() else { continue };
                let place = |node, is_odd| Place { file: file.id, node, in_type, is_odd };
                let node = memoised(tree, node);
                let lead = || {
                    alias(tree, node)
                        .or_else(|| giver(tree, node))
                        .or_else(|| assigned(file, node))
                        .or_else(|| leads::proxied(tree, node))
                };
                let lead = if in_type { None } else { lead() };
                if let Some((name, typed, is)) = lead {
                    let name = name.byte_range();
                    waiting.push(Target::named(file.id, name.clone(), is));
                    reached.held.push(Held { file: file.id, name, typed, by: By::Declaration });
                } else if let Some((name, typed)) = in_state(survey, client, file, node).filter(|_| !in_type)
                {
                    waiting.push(Target::named(file.id, name.clone(), Is::Client));
                    reached.held.push(Held { file: file.id, name, typed: Some(typed), by: By::State });
                } else if let Some(Taken { holder, function, parameter, index, by }) =
                    taken(survey, file, node)
                    && !in_type
                    && (by == By::Declaration || is_nameable(survey, client, holder, parameter))
                {
                    let pattern = parameter.child_by_field_name("pattern").unwrap_or(parameter);
                    let typed = parameter.child_by_field_name("type").map(|typed| typed.byte_range());
                    let name = pattern.byte_range();
                    passed.insert((file.id, wrapped(node).start_byte()));
                    let from = place(node, true);
                    takers.push(Taker { file: holder, name: function.byte_range(), index, from });
                    let target = Target::named(holder, name.clone(), Is::Client);
                    if !waiting.iter().any(|one| one.holder == holder && one.name == target.name) {
                        waiting.push(target);
                    }
                    if !reached.held.iter().any(|held| held.file == holder && held.name == name) {
                        reached.held.push(Held { file: holder, name, typed, by });
                    }
                } else if !in_type
                    && carried_from.insert((file.id, node.start_byte()))
                    && let Some(carried) = carried::of(survey, client, file, node)
                {
                    let places = carried.places.into_iter();
                    open.extend(places.map(|(file, node)| (survey.project.get(file), node, false)));
                    for (holder, name) in carried.names {
                        let held =
                            Held { file: holder, name: name.clone(), typed: None, by: By::Declaration };
                        reached.held.push(held);
                        waiting.push(Target::named(holder, name, Is::Client));
                    }
                    reached.held.extend(carried.typed);
                } else {
                    reached.places.push(place(node, false));
                }
            }
        }
    }
    // Whoever calls such a function hands over this client, or leaves it to the default.
    for taker in takers {
        if !is_handed_by_all(survey, &taker, &passed) {
            reached.places.push(taker.from);
        }
    }
    reached
}

/// The name in a component's state that the client is put into, with what says its type there; `None` where that cannot name it.
fn in_state(
    survey: &Survey<'_>,
    client: &Client,
    file: &File,
    node: Node<'_>,
) -> Option<(Range<usize>, Range<usize>)> {
    let (name, typed, _) = leads::in_state(file, node)?;
    let (name, typed) = (name.byte_range(), typed?);
    let says = held::says_itself(&file.text[typed.clone()]);
    (says || held::named(survey, client, file.span(name.clone())).is_some()).then_some((name, typed))
}

/// Whether every call of a function hands over the client, and nothing else is done with the function.
fn is_handed_by_all(survey: &Survey<'_>, taker: &Taker<'_>, passed: &BTreeSet<(FileId, usize)>) -> bool {
    let target = Target::named(taker.file, taker.name.clone(), Is::Giver);
    let all = references(survey, &carriers(survey, taker.file), &target);
    all.into_iter().all(|(file, node, in_type)| {
        if in_type || is_passed_on(node) {
            return true;
        }
        let Some(call) = called(node) else { return false };
        let handed = arguments(call);
        let spread = handed.iter().take(taker.index + 1).any(|one| one.kind() == "spread_element");
        let argument = handed.get(taker.index);
        !spread && argument.is_none_or(|one| passed.contains(&(file.id, one.start_byte())))
    })
}

/// Everything in the app that a target's name stands for.
pub(super) fn references<'s>(
    survey: &'s Survey<'_>,
    carriers: &[FileId],
    target: &Target,
) -> Vec<(&'s File, Node<'s>, bool)> {
    let mut found = Vec::new();
    for file in carriers {
        let file = survey.project.get(*file);
        if is_beside(survey, file) {
            continue;
        }
        let Some((tree, scopes)) = file.syntax() else { continue };
        let (names, direct) = names(survey, file, (tree, scopes), target);
        for (binding, member) in names {
            for reference in scopes.references_of(binding) {
                let node = tree.node_at(reference.range.clone());
                let node = node.and_then(|node| below(tree, node, member.as_deref()));
                found.extend(node.map(|node| (file, node, reference.in_type)));
            }
        }
        found.extend(direct.into_iter().map(|node| (file, node, false)));
    }
    found
}

/// A test, which makes of the client what it likes, or documentation that no type check looks at: no part of the app.
fn is_beside(survey: &Survey<'_>, file: &File) -> bool {
    let reason = survey.stack.side_reasons[file.id.0 as usize];
    let unseen =
        || !survey.project.apps.iter().any(|app| strictness::looks_at(survey, app, file.path.as_str()));
    reason == "a test" || reason == "documentation" && unseen()
}

/// The file, and every file that imports it or something that passes it on.
pub(super) fn carriers(survey: &Survey<'_>, holder: FileId) -> Vec<FileId> {
    let (mut found, _) = survey.project.graph.importers_through(survey.project, holder);
    found.insert(holder);
    found.into_iter().collect()
}

/// A local name, with the member of it that counts where it is a namespace.
type Name = (BindingId, Option<String>);

/// The local names of `file` that hold the target, and the expressions that are it without any name.
fn names<'s>(
    survey: &'s Survey<'_>,
    file: &'s File,
    (tree, scopes): (&'s Tree, &Scopes),
    target: &Target,
) -> (Vec<Name>, Vec<Node<'s>>) {
    let (mut found, mut direct) = (Vec::new(), Vec::new());
    if file.id == target.holder
        && let Some(name) = &target.name
    {
        found.extend(scopes.binding_at(name.clone()).map(|binding| (binding, target.member.clone())));
    }
    let is_target =
        |module: FileId, name: &str| match (Graph::export_origin(survey.project, module, name), &target.name)
        {
            (Origin::Local(holder, range), Some(name)) => holder == target.holder && range == *name,
            (Origin::Local(holder, _), None) => holder == target.holder && name == "default",
            _ => false,
        };
    for import in &file.module.imports {
        if import.type_only
            || !matches!(import.kind, ImportKind::Static | ImportKind::Dynamic | ImportKind::Require)
        {
            continue;
        }
        let Some(module) = Graph::resolve(survey.project, file.id, &import.specifier) else { continue };
        let exports = || survey.project.get(module).module.exports.iter().map(|export| export.name.as_str());
        let held = || exports().filter(|name| *name != "*").find(|name| is_target(module, name));
        for name in &import.names {
            let binding = scopes.bindings.iter().position(|binding| {
                binding.name == name.local
                    && (name.range.start <= binding.name_range.start
                        && binding.name_range.end <= name.range.end)
            });
            let Some(binding) = binding.map(|at| BindingId(at as u32)) else { continue };
            match &name.imported {
                Imported::Namespace => found.extend(held().map(|member| (binding, Some(member.to_owned())))),
                Imported::Named(there) if is_target(module, there) => {
                    found.push((binding, target.member.clone()))
                }
                Imported::Default if is_target(module, "default") => {
                    found.push((binding, target.member.clone()));
                }
                _ => {}
            }
        }
        if import.kind == ImportKind::Dynamic && import.names.is_empty() {
            let there = |name: &str| is_target(module, name);
            loaded((tree, scopes), import, &there, held(), (&mut found, &mut direct));
        }
    }
    (found, direct)
}

/// What a dynamic import gives that no declaration takes apart: `(await import("x")).client`, `import("x").then((x) => x.client)`.
fn loaded<'s>(
    (tree, scopes): (&'s Tree, &Scopes),
    import: &Import,
    is_target: &dyn Fn(&str) -> bool,
    held: Option<&str>,
    (names, direct): (&mut Vec<Name>, &mut Vec<Node<'s>>),
) {
    let Some(call) = tree.node_at(import.range.clone()) else { return };
    let mut value = wrapped(call);
    if let Some(parent) = value.parent().filter(|parent| parent.kind() == "await_expression") {
        value = wrapped(parent);
    }
    let Some(member) = value.parent().filter(|parent| parent.kind() == "member_expression") else { return };
    let Some(property) = member.child_by_field_name("property").map(|property| tree.text(property)) else {
        return;
    };
    if is_target(property) {
        direct.push(member);
        return;
    }
    let then = wrapped(member).parent().filter(|call| property == "then" && call.kind() == "call_expression");
    let Some(function) = then.and_then(|call| arguments(call).first().copied()) else { return };
    let parameter = function.child_by_field_name("parameter").or_else(|| {
        let all = function.child_by_field_name("parameters")?;
        let first = code_children(all).next()?;
        Some(first.child_by_field_name("pattern").unwrap_or(first))
    });
    let Some(parameter) = parameter else { return };
    if parameter.kind() == "identifier" {
        let binding = scopes.binding_at(parameter.byte_range());
        names.extend(binding.zip(held).map(|(binding, held)| (binding, Some(held.to_owned()))));
        return;
    }
    for part in code_children(parameter) {
        let (key, local) = match part.kind() {
            "shorthand_property_identifier_pattern" => (part, Some(part)),
            "pair_pattern" => match part.child_by_field_name("key") {
                Some(key) => (key, part.child_by_field_name("value")),
                None => continue,
            },
            _ => continue,
        };
        if is_target(tree.text(key)) {
            let binding = local.and_then(|local| scopes.binding_at(local.byte_range()));
            names.extend(binding.map(|binding| (binding, None)));
        }
    }
}

/// The expression that is the client: the name itself, or the member of the namespace; `None` for another member.
fn below<'t>(tree: &'t Tree, node: Node<'t>, member: Option<&str>) -> Option<Node<'t>> {
    let Some(member) = member else { return Some(node) };
    let parent = wrapped(node).parent()?;
    let is_member = parent.kind() == "member_expression"
        && parent.child_by_field_name("property").is_some_and(|property| tree.text(property) == member);
    is_member.then_some(parent)
}

/// The name that an assignment puts something in.
fn is_written(node: Node<'_>) -> bool {
    let set = wrapped(node).parent().filter(|parent| parent.kind() == "assignment_expression");
    set.and_then(|set| set.child_by_field_name("left")).is_some_and(|left| left.id() == wrapped(node).id())
}

/// `ReturnType<typeof name>`
fn is_of_return(tree: &Tree, node: Node<'_>) -> bool {
    let query = node.parent().filter(|query| query.kind() == "type_query");
    let named = query.and_then(|query| query.parent()?.parent()?.child_by_field_name("name"));
    named.is_some_and(|name| tree.text(name) == "ReturnType")
}

/// Only exported or imported again.
pub(super) fn is_passed_on(node: Node<'_>) -> bool {
    let parent = wrapped(node).parent();
    parent.is_some_and(|parent| {
        matches!(parent.kind(), "export_specifier" | "import_specifier" | "export_statement")
    })
}

/// The call of a function that gives the client, awaited where it is.
fn given(node: Node<'_>, is: Is) -> Option<Node<'_>> {
    let call = called(node)?;
    let awaited = wrapped(call).parent().filter(|parent| parent.kind() == "await_expression");
    // `await createClient()`, also where nothing has to be awaited.
    if is == Is::Promiser { awaited } else { awaited.or(Some(call)) }
}

/// The parameter that takes the client, of a promise of it.
fn then_param<'t>(tree: &'t Tree, node: Node<'t>, is: Is) -> Option<leads::Lead<'t>> {
    called(node).filter(|_| is == Is::Promiser).and_then(|call| leads::then_taken(tree, call))
}

/// The call of the function at `node`.
fn called(node: Node<'_>) -> Option<Node<'_>> {
    let outer = wrapped(node);
    let call = outer.parent().filter(|parent| parent.kind() == "call_expression")?;
    let is_callee = call.child_by_field_name("function").is_some_and(|function| function.id() == outer.id());
    is_callee.then_some(call)
}
