//! Route objects: `createBrowserRouter([...])`, `useRoutes([...])`, lists in constants and in other files.

use super::jsx::is_router;
use super::layers::{self, Read};
use super::nested::{Branch, Group};
use crate::{component, constant};
use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::Node;
use syntax::view;

/// The trees of route objects that a file hands to a router.
pub(super) fn groups(project: &Project, file: &File) -> Vec<Group> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut groups = Vec::new();
    view::walk(tree.root(), &mut |node| {
        if node.kind() != "call_expression" {
            return true;
        }
        let Some(callee) = view::callee(node) else { return true };
        let Origin::Package(package, name) = Graph::origin(project, file.id, callee.byte_range()) else {
            return true;
        };
        let makes = matches!(
            name.as_str(),
            "createBrowserRouter" | "createHashRouter" | "createMemoryRouter" | "useRoutes"
        );
        if !is_router(&package) || !makes {
            return true;
        }
        let arguments = view::arguments(node);
        let base = match name.as_str() {
            "createHashRouter" => "/#".to_owned(),
            _ => arguments
                .get(1)
                .filter(|options| options.kind() == "object")
                .and_then(|options| view::value_of(tree, *options, "basename"))
                .and_then(|base| constant::text(project, file, base))
                .unwrap_or_default(),
        };
        if let Some(first) = arguments.first() {
            let branches = list(project, file, *first);
            if !branches.is_empty() {
                groups.push(Group { holder: file.span(node.byte_range()), base, branches });
            }
        }
        true
    });
    groups
}

/// The routes of a list of objects; spreads and constants are followed.
pub(super) fn list<'p>(project: &'p Project, file: &'p File, node: Node<'p>) -> Vec<Branch> {
    list_within(project, file, node, 0)
}

fn list_within<'p>(project: &'p Project, file: &'p File, node: Node<'p>, depth: usize) -> Vec<Branch> {
    let node = view::unwrapped(node);
    if depth > 6 {
        return Vec::new();
    }
    match node.kind() {
        "array" => view::code_children(node)
            .flat_map(|item| match item.kind() {
                "object" => object(project, file, item, depth + 1).into_iter().collect(),
                "spread_element" => view::code_children(item)
                    .next()
                    .map(|inner| list_within(project, file, inner, depth + 1))
                    .unwrap_or_default(),
                "identifier" => constant::value(project, file, item)
                    .filter(|(_, value)| value.kind() == "object")
                    .and_then(|(holder, value)| object(project, holder, value, depth + 1))
                    .into_iter()
                    .collect(),
                _ => list_within(project, file, item, depth + 1),
            })
            .collect(),
        "identifier" | "member_expression" => constant::value(project, file, node)
            .map(|(holder, value)| list_within(project, holder, value, depth + 1))
            .unwrap_or_default(),
        "ternary_expression" => ["consequence", "alternative"]
            .iter()
            .filter_map(|arm| node.child_by_field_name(arm))
            .flat_map(|arm| list_within(project, file, arm, depth + 1))
            .collect(),
        _ => Vec::new(),
    }
}

fn object<'p>(project: &'p Project, file: &'p File, node: Node<'p>, depth: usize) -> Option<Branch> {
    let (tree, _) = file.syntax()?;
    let pairs = view::pairs(tree, node);
    let telling = |name: &str| {
        matches!(name, "path" | "index" | "element" | "Component" | "component" | "children" | "lazy")
    };
    if !pairs.iter().any(|(name, ..)| telling(name)) {
        return None;
    }
    let mut branch = Branch::default_at(file.span(node.byte_range()));
    branch.path = Some(String::new());
    for (name, _, value) in pairs {
        match &*name {
            "path" => {
                branch.path = constant::text(project, file, value);
                branch.literal = branch.path.is_some();
            }
            "index" => branch.index = tree.text(value) == "true",
            "element" | "Component" | "component" => branch.take(layers::of(project, file, value)),
            "lazy" => branch.take(lazy(project, file, value)),
            "loader" => branch.loader = component::of(project, file, value),
            "children" | "routes" => branch.children = list_within(project, file, value, depth + 1),
            _ => {}
        }
    }
    Some(branch)
}

/// `lazy: () => import("./page")`: the page is the module's `Component` or its default export.
pub(super) fn lazy(project: &Project, file: &File, node: Node<'_>) -> Read {
    let mut read = Read::default();
    let inside = file.module.imports.iter().find(|import| {
        import.kind == syntax::module::ImportKind::Dynamic
            && node.start_byte() <= import.range.start
            && import.range.end <= node.end_byte()
    });
    let target = inside.and_then(|import| Graph::resolve(project, file.id, &import.specifier));
    if let Some(target) = target {
        let function = component::exported(project, target, "Component")
            .or_else(|| component::exported(project, target, "default"));
        read.layers.push(super::Layer { at: file.span(node.byte_range()), function });
        read.page = Some(target);
    }
    read
}
