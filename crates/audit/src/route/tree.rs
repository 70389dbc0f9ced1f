//! TanStack Router: route files (`createFileRoute("/_auth/tasks/$id")`) and routes made in code (`createRoute({ getParentRoute, path })`).

use super::{Layer, Route};
use crate::{component, constant};
use edit::Span;
use project::graph::{Graph, Origin};
use project::{File, Kind, Project};
use std::collections::BTreeMap;
use syntax::Node;
use syntax::view;

/// One route as declared.
struct Declared {
    span: Span,
    /// Its id: `/_auth/tasks/$id`; `None` for the root.
    id: Option<String>,
    literal: bool,
    /// The name that a child refers to, for routes made in code.
    parent: Option<Span>,
    binding: Option<Span>,
    component: Option<Span>,
    /// Only answers requests: no page.
    serves: bool,
    redirects: bool,
}

/// Every page of the route files.
pub(super) fn read(project: &Project, runs: &dyn Fn(&File) -> bool) -> Vec<Route> {
    let marks = ["createFileRoute", "createLazyFileRoute", "createRootRoute", "createRoute("];
    let candidate = |file: &&File| {
        matches!(file.kind, Kind::Code(_))
            && file.skipped.is_none()
            && runs(file)
            && !file.path.name().contains(".gen.")
            && marks.iter().any(|mark| file.text.contains(mark))
    };
    let mut declared: Vec<Declared> = Vec::new();
    for file in project.files.iter().filter(candidate) {
        declarations(project, file, &mut declared);
    }
    name_code_routes(&mut declared);
    // A lazy part brings its component to the route of the same id.
    let mut lazy: BTreeMap<String, Span> = BTreeMap::new();
    for one in &declared {
        if let (Some(id), Some(component)) = (&one.id, one.component) {
            lazy.entry(id.clone()).or_insert(component);
        }
    }
    let mut routes: Vec<Route> = Vec::new();
    for (at, one) in declared.iter().enumerate() {
        let Some(id) = &one.id else { continue };
        let again = declared[..at].iter().any(|earlier| earlier.id.as_deref() == Some(id));
        let last = id.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let pathless = last.starts_with('_') || (last.starts_with('(') && last.ends_with(')'));
        // A layout that has an index route, or none of its own, is no page by itself.
        let index = format!("{}/", id.trim_end_matches('/'));
        let has_index =
            !id.ends_with('/') && declared.iter().any(|other| other.id.as_deref() == Some(&index));
        if again || one.serves || (pathless && !id.ends_with('/')) || has_index {
            continue;
        }
        let mut around: Vec<&Declared> = declared.iter().filter(|other| is_above(other, id)).collect();
        around.sort_by_key(|other| other.id.as_ref().map_or(0, |id| id.trim_end_matches('/').len() + 1));
        let mut layers: Vec<Layer> =
            around.iter().map(|other| Layer { at: other.span, function: other.component }).collect();
        let function = one.component.or_else(|| lazy.get(id).copied());
        layers.push(Layer { at: one.span, function });
        routes.push(Route {
            span: one.span,
            url: url(id),
            page: Some(function.map_or(one.span.file, |function| function.file)),
            literal: one.literal,
            guards: Vec::new(),
            layers,
            redirects: one.redirects && function.is_none(),
        });
    }
    routes
}

fn is_above(other: &Declared, id: &str) -> bool {
    match &other.id {
        None => true,
        Some(above) => {
            above != id
                && !above.ends_with('/')
                && id.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/'))
        }
    }
}

/// The calls that declare routes in a file.
fn declarations(project: &Project, file: &File, declared: &mut Vec<Declared>) {
    let Some((tree, _)) = file.syntax() else { return };
    view::walk(tree.root(), &mut |node| {
        if node.kind() != "call_expression" {
            return true;
        }
        let Some(callee) = view::callee(node) else { return true };
        // `createFileRoute("/x")({ … })` is a call of a call; `createRoute({ … })` is one.
        let (maker, id, options) = if callee.kind() == "call_expression" {
            let Some(maker) = view::callee(callee) else { return true };
            (maker, view::arguments(callee).first().copied(), view::arguments(node).first().copied())
        } else {
            (callee, None, view::arguments(node).first().copied())
        };
        let name = tree.text(maker);
        let options = options.map(view::unwrapped).filter(|options| options.kind() == "object");
        let value = |key: &str| options.and_then(|options| view::value_of(tree, options, key));
        let component = value("component").and_then(|component| component::of(project, file, component));
        let text = options.map_or("", |options| tree.text(options));
        let mut one = Declared {
            span: file.span(node.byte_range()),
            id: None,
            literal: true,
            parent: None,
            binding: binding_of(node).map(|name| file.span(name.byte_range())),
            component,
            serves: value("component").is_none() && text.contains("handlers"),
            redirects: value("component").is_none() && text.contains("redirect("),
        };
        match name {
            "createFileRoute" | "createLazyFileRoute" => {
                let Some(id) = id.and_then(|id| view::string_value(tree, id)) else { return true };
                one.serves |= name == "createFileRoute" && file.path.name().contains("[.]");
                one.id = Some(id.into_owned());
            }
            "createRootRoute" | "createRootRouteWithContext" => {}
            "createRoute" | "createLazyRoute" if options.is_some() => {
                let path = value("path").or_else(|| value("id"));
                let Some(path) = path else { return true };
                one.id = Some(constant::text(project, file, path).unwrap_or_else(|| "$".to_owned()));
                one.literal = constant::text(project, file, path).is_some();
                if value("path").is_none() {
                    one.id = one.id.map(|id| format!("_{}", id.trim_start_matches('_')));
                }
                one.parent = value("getParentRoute").and_then(|getter| {
                    let returned = getter.child_by_field_name("body")?;
                    match Graph::origin(project, file.id, returned.byte_range()) {
                        Origin::Local(holder, range) => Some(project.get(holder).span(range)),
                        _ => None,
                    }
                });
                if one.parent.is_none() {
                    return true;
                }
            }
            _ => return true,
        }
        declared.push(one);
        false
    });
}

/// The constant that holds a call.
fn binding_of(call: Node<'_>) -> Option<Node<'_>> {
    let mut around = view::wrapped(call).parent()?;
    // `createRoute({…}).update({…})` and `.lazy(…)`
    while matches!(around.kind(), "member_expression" | "call_expression") {
        around = around.parent()?;
    }
    (around.kind() == "variable_declarator").then(|| around.child_by_field_name("name"))?
}

/// Routes made in code say their parent: their ids are the paths from the root.
fn name_code_routes(declared: &mut [Declared]) {
    let whole = |declared: &[Declared], at: usize| -> Option<String> {
        let mut parts = Vec::new();
        let (mut current, mut depth) = (at, 0);
        while let Some(parent) = declared[current].parent {
            parts.push(declared[current].id.clone()?);
            current = declared.iter().position(|other| other.binding == Some(parent))?;
            depth += 1;
            if depth > 20 {
                return None;
            }
        }
        if let Some(id) = &declared[current].id {
            parts.push(id.clone());
        }
        parts.reverse();
        let index = parts.last().is_some_and(|last| last == "/");
        let joined: Vec<&str> =
            parts.iter().flat_map(|part| part.split('/')).filter(|part| !part.is_empty()).collect();
        Some(format!("/{}{}", joined.join("/"), if index && !joined.is_empty() { "/" } else { "" }))
    };
    let ids: Vec<Option<String>> = (0..declared.len())
        .map(|at| if declared[at].parent.is_some() { whole(declared, at) } else { declared[at].id.clone() })
        .collect();
    for (one, id) in declared.iter_mut().zip(ids) {
        if one.id.is_some() {
            one.id = id.or_else(|| one.id.clone());
        }
    }
}

/// `/_auth/tasks_/$id/` is `/tasks/:id`.
fn url(id: &str) -> String {
    let parts = id.split('/').filter_map(|part| {
        let grouped = part.starts_with('(') && part.ends_with(')');
        if part.is_empty() || part.starts_with('_') || grouped {
            return None;
        }
        let part = part.trim_end_matches('_').replace("[.]", ".");
        let bare = part.trim_start_matches("{-").trim_end_matches('}');
        Some(match bare.strip_prefix('$') {
            Some("") => "*".to_owned(),
            Some(name) => format!(":{name}"),
            None => part.clone(),
        })
    });
    let path = format!("/{}", parts.collect::<Vec<_>>().join("/"));
    if path == "/*" { "*".to_owned() } else { path }
}
