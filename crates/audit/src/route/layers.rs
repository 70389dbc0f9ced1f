//! From the element of a route to the components around the page, from the outside in.

use super::Layer;
use crate::component;
use edit::FileId;
use project::{File, Project};
use syntax::Node;
use syntax::Tree;
use syntax::view;

/// What an element says of its page.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub(super) layers: Vec<Layer>,
    pub(super) page: Option<FileId>,
    pub(super) redirects: bool,
}

/// Reads the expression of `element`, `component` or the children of a route.
pub(super) fn of<'p>(project: &'p Project, file: &'p File, node: Node<'p>) -> Read {
    let mut read = Read::default();
    descend(project, file, node, &mut read, 0);
    read.page = read.layers.last().and_then(|layer| layer.function).map(|function| function.file);
    if read.redirects {
        read.page = None;
    }
    read
}

fn descend<'p>(project: &'p Project, file: &'p File, node: Node<'p>, read: &mut Read, depth: usize) {
    if depth > 20 {
        return;
    }
    let Some((tree, _)) = file.syntax() else { return };
    let node = view::unwrapped(node);
    let layer = |name: Node<'_>, at: Node<'_>| Layer {
        at: file.span(at.byte_range()),
        function: component::of(project, file, name),
    };
    match node.kind() {
        "jsx_element" | "jsx_self_closing_element" => {
            let name = tag_name(node);
            let text = name.map_or("", |name| tree.text(name));
            let last = text.rsplit('.').next().unwrap_or(text);
            if matches!(last, "Navigate" | "Redirect") {
                read.redirects = true;
                return;
            }
            if let Some(name) = name
                && last.starts_with(|first: char| first.is_uppercase())
            {
                let own = layer(name, node);
                if own.function.is_some() {
                    read.layers.push(own);
                }
            }
            let inner =
                children(node).into_iter().filter(|child| holds_component(tree, *child)).collect::<Vec<_>>();
            let inner = match inner.as_slice() {
                [] => attribute_component(tree, node),
                [one] => Some(*one),
                several => Some(page_like(project, file, several)),
            };
            if let Some(inner) = inner {
                descend(project, file, inner, read, depth + 1);
            }
        }
        "jsx_expression" => {
            if let Some(inner) = view::code_children(node).next() {
                descend(project, file, inner, read, depth + 1);
            }
        }
        "ternary_expression" => {
            let arms = ["consequence", "alternative"].map(|arm| node.child_by_field_name(arm));
            let sends = |arm: &Node<'_>| {
                let text = tree.text(*arm);
                text.contains("<Navigate")
                    || text.contains("<Redirect")
                    || matches!(text, "null" | "undefined")
            };
            let stays = arms.iter().flatten().find(|arm| !sends(arm)).or(arms[0].as_ref());
            if let Some(arm) = stays {
                descend(project, file, *arm, read, depth + 1);
            }
        }
        "binary_expression" => {
            if let Some(right) = node.child_by_field_name("right") {
                descend(project, file, right, read, depth + 1);
            }
        }
        "identifier" | "member_expression" => {
            let own = layer(node, node);
            if own.function.is_some() {
                read.layers.push(own);
            } else {
                if let Some((holder, value)) = crate::constant::value(project, file, node)
                    && matches!(value.kind(), "jsx_element" | "jsx_self_closing_element")
                {
                    descend(project, holder, value, read, depth + 1);
                }
            }
        }
        // `guarded(<Page />)`: the function that is called stands around it.
        "call_expression" => {
            let callee = node.child_by_field_name("function");
            if let Some(callee) = callee.filter(|callee| callee.kind() == "identifier") {
                let own = layer(callee, node);
                if own.function.is_some() {
                    read.layers.push(own);
                }
            }
            match view::arguments(node).first() {
                Some(first) if holds_component(tree, *first) || first.kind() == "identifier" => {
                    descend(project, file, *first, read, depth + 1);
                }
                _ => read.layers.extend(Some(layer(node, node)).filter(|own| own.function.is_some())),
            }
        }
        "arrow_function" | "function_expression" => {
            if let Some(jsx) = returned(node) {
                descend(project, file, jsx, read, depth + 1);
            }
        }
        _ => {}
    }
}

/// The elements and expressions between the tags of `element`.
pub(super) fn children(element: Node<'_>) -> Vec<Node<'_>> {
    if element.kind() != "jsx_element" {
        return Vec::new();
    }
    let inner = |child: &Node<'_>| {
        matches!(child.kind(), "jsx_element" | "jsx_self_closing_element" | "jsx_expression")
    };
    view::code_children(element).filter(inner).collect()
}

/// The name in the opening tag; none for a fragment.
pub(crate) fn tag_name(element: Node<'_>) -> Option<Node<'_>> {
    let tag = element.child_by_field_name("open_tag").unwrap_or(element);
    tag.child_by_field_name("name")
}

fn holds_component(tree: &Tree, node: Node<'_>) -> bool {
    let mut found = false;
    view::walk(node, &mut |node| {
        let is_element = matches!(node.kind(), "jsx_element" | "jsx_self_closing_element");
        if is_element
            && tag_name(node)
                .is_some_and(|name| tree.text(name).starts_with(|first: char| first.is_uppercase()))
        {
            found = true;
        }
        !found
    });
    found
}

/// `component={Page}`, `element={<Page />}`: a component handed to the one around it.
fn attribute_component<'t>(tree: &'t Tree, element: Node<'t>) -> Option<Node<'t>> {
    let attributes = view::jsx_attributes(tree, element);
    let named =
        |name: &str| matches!(name, "component" | "Component" | "element" | "page" | "children" | "as");
    attributes.into_iter().filter(|(name, ..)| named(name)).find_map(|(.., value)| {
        let value = value?;
        let component = matches!(value.kind(), "jsx_element" | "jsx_self_closing_element")
            || (value.kind() == "identifier"
                && tree.text(value).starts_with(|first: char| first.is_uppercase()));
        component.then_some(value)
    })
}

/// Of several children the one whose file is a page by its folder; else the first.
fn page_like<'p>(project: &'p Project, file: &'p File, several: &[Node<'p>]) -> Node<'p> {
    let is_page = |node: &&Node<'p>| {
        let mut read = Read::default();
        descend(project, file, **node, &mut read, 10);
        read.layers.last().and_then(|layer| layer.function).is_some_and(|function| {
            let path = project.get(function.file).path.as_str();
            ["pages/", "views/", "screens/", "routes/"].iter().any(|folder| path.contains(folder))
        })
    };
    *several.iter().find(is_page).unwrap_or(&several[0])
}

/// What a function without branches returns.
fn returned(function: Node<'_>) -> Option<Node<'_>> {
    let body = function.child_by_field_name("body")?;
    if body.kind() != "statement_block" {
        return Some(body);
    }
    let last = view::code_children(body).last()?;
    (last.kind() == "return_statement").then(|| view::code_children(last).next())?
}
