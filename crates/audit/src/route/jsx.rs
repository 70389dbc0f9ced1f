//! `<Route>` elements: nested, with layouts and index routes, under aliases, inside `Routes`, `Switch` or a router made of elements.

use super::nested::{Branch, Group};
use super::{layers, object};
use crate::constant;
use project::graph::{Graph, Origin};
use project::{File, Project};
use syntax::Node;
use syntax::Tree;
use syntax::view;

/// The trees of `<Route>` elements in a file.
pub(super) fn groups(project: &Project, file: &File) -> Vec<Group> {
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut groups: Vec<Group> = Vec::new();
    let reader = Reader { project, file, tree };
    view::walk(tree.root(), &mut |node| {
        if !matches!(node.kind(), "jsx_element" | "jsx_self_closing_element") {
            return true;
        }
        match reader.role(node) {
            Role::Holder => {
                let branches: Vec<Branch> =
                    layers::children(node).into_iter().flat_map(|child| reader.branches(child)).collect();
                if !branches.is_empty() {
                    groups.push(Group {
                        holder: file.span(node.byte_range()),
                        base: reader.base(),
                        branches,
                    });
                }
                // Elements of routes may hold routes of their own.
                true
            }
            Role::Route => {
                if !reader.is_held(node) {
                    let branches = reader.branches(node);
                    groups.push(Group {
                        holder: file.span(node.byte_range()),
                        base: reader.base(),
                        branches,
                    });
                }
                true
            }
            Role::Other => true,
        }
    });
    groups
}

enum Role {
    /// `Routes`, `Switch`.
    Holder,
    /// `Route`.
    Route,
    Other,
}

struct Reader<'p> {
    project: &'p Project,
    file: &'p File,
    tree: &'p Tree,
}

impl<'p> Reader<'p> {
    fn role(&self, element: Node<'p>) -> Role {
        let Some(name) = layers::tag_name(element) else { return Role::Other };
        let text = self.tree.text(name);
        // An alias is resolved; a component of the app that is named so is not the router's.
        if !text.starts_with(|first: char| first.is_uppercase()) {
            return Role::Other;
        }
        match Graph::origin(self.project, self.file.id, name.byte_range()) {
            Origin::Package(package, name) if is_router(&package) => match name.as_str() {
                "Routes" | "Switch" => Role::Holder,
                "Route" => Role::Route,
                _ => Role::Other,
            },
            _ => Role::Other,
        }
    }

    /// Whether a holder or another route stands around it.
    fn is_held(&self, element: Node<'p>) -> bool {
        let mut around = element.parent();
        while let Some(node) = around {
            if matches!(node.kind(), "jsx_element" | "jsx_self_closing_element")
                && !matches!(self.role(node), Role::Other)
            {
                return true;
            }
            around = node.parent();
        }
        false
    }

    /// `basename` of a router in this file; `#` for one that keeps its paths behind the hash.
    fn base(&self) -> String {
        let mut base = String::new();
        if !self.file.text.contains("basename") && !self.file.text.contains("HashRouter") {
            return base;
        }
        view::walk(self.tree.root(), &mut |node| {
            if matches!(node.kind(), "jsx_element" | "jsx_self_closing_element")
                && let Some(name) = layers::tag_name(node)
                && let Origin::Package(package, name) =
                    Graph::origin(self.project, self.file.id, name.byte_range())
                && is_router(&package)
                && name.ends_with("Router")
            {
                if name == "HashRouter" {
                    "/#".clone_into(&mut base);
                } else if let Some(named) =
                    self.attribute(node, "basename").or_else(|| self.attribute(node, "base"))
                {
                    base = constant::text(self.project, self.file, named).unwrap_or_default();
                }
            }
            true
        });
        base
    }

    fn attribute(&self, element: Node<'p>, name: &str) -> Option<Node<'p>> {
        let found = view::jsx_attributes(self.tree, element).into_iter().find(|(own, ..)| *own == name);
        found.and_then(|(.., value)| value)
    }

    /// The routes in what stands between the tags: elements, fragments, conditions, lists that are mapped.
    fn branches(&self, node: Node<'p>) -> Vec<Branch> {
        let node = view::unwrapped(node);
        match node.kind() {
            "jsx_element" | "jsx_self_closing_element" => match self.role(node) {
                Role::Route => self.route(node).into_iter().collect(),
                _ => {
                    let holds_path = self.attribute(node, "path").is_some();
                    let fragment = layers::tag_name(node).is_none();
                    if holds_path {
                        // `<PrivateRoute path="/x" component={Page} />`: a component of the app that is a route.
                        self.route(node).into_iter().collect()
                    } else if fragment
                        || matches!(
                            self.name(node),
                            "Fragment" | "React.Fragment" | "Suspense" | "React.Suspense"
                        )
                    {
                        self.inner(node)
                    } else {
                        // A wrapper around routes (older routers): its routes stand behind it.
                        let mut own = layers::of(self.project, self.file, node).layers;
                        own.truncate(1);
                        let children = self.inner(node);
                        if children.is_empty() {
                            return Vec::new();
                        }
                        vec![Branch {
                            span: self.file.span(node.byte_range()),
                            path: Some(String::new()),
                            layers: own,
                            children,
                            ..Branch::default_at(self.file.span(node.byte_range()))
                        }]
                    }
                }
            },
            "jsx_expression" | "array" | "arguments" => {
                view::code_children(node).flat_map(|child| self.branches(child)).collect()
            }
            "ternary_expression" => ["consequence", "alternative"]
                .iter()
                .filter_map(|arm| node.child_by_field_name(arm))
                .flat_map(|arm| self.branches(arm))
                .collect(),
            "binary_expression" => {
                node.child_by_field_name("right").map(|right| self.branches(right)).unwrap_or_default()
            }
            "call_expression" => self.mapped(node),
            "identifier" => match constant::value(self.project, self.file, node) {
                Some((holder, value)) => match holder.syntax() {
                    Some((tree, _)) => Reader { project: self.project, file: holder, tree }.branches(value),
                    None => Vec::new(),
                },
                None => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    fn inner(&self, element: Node<'p>) -> Vec<Branch> {
        layers::children(element).into_iter().flat_map(|child| self.branches(child)).collect()
    }

    fn name(&self, element: Node<'p>) -> &'p str {
        layers::tag_name(element).map_or("", |name| self.tree.text(name))
    }

    /// One `<Route>` with what is nested in it.
    fn route(&self, element: Node<'p>) -> Option<Branch> {
        let span = self.file.span(element.byte_range());
        let mut branch = Branch::default_at(span);
        let attributes = view::jsx_attributes(self.tree, element);
        for (name, _, value) in &attributes {
            match (*name, value) {
                ("path", Some(value)) => {
                    branch.path = constant::text(self.project, self.file, *value);
                    branch.literal = branch.path.is_some();
                }
                ("index", _) => branch.index = true,
                ("element" | "Component" | "component" | "render" | "lazy", Some(value)) => {
                    let read = match *name {
                        "lazy" => object::lazy(self.project, self.file, *value),
                        _ => layers::of(self.project, self.file, *value),
                    };
                    branch.take(read);
                }
                ("loader", Some(value)) => {
                    branch.loader = crate::component::of(self.project, self.file, *value);
                }
                _ => {}
            }
        }
        let has_path = attributes.iter().any(|(name, ..)| *name == "path");
        if !has_path {
            branch.path = Some(String::new());
        }
        // `<PrivateRoute path component>`: the component that stands for the route is a layer.
        if !matches!(self.role(element), Role::Route) {
            let name = layers::tag_name(element)?;
            if let Some(function) = crate::component::of(self.project, self.file, name) {
                branch.layers.insert(0, super::Layer { at: span, function: Some(function) });
            }
        }
        branch.children = self.inner(element);
        if branch.children.is_empty() && branch.layers.is_empty() && !branch.redirects {
            // Older routers have the page between the tags.
            let inner = layers::children(element);
            if let Some(first) = inner.first() {
                branch.take(layers::of(self.project, self.file, *first));
            }
        }
        Some(branch)
    }

    /// `list.map((item) => <Route path={item.path} … />)`, the list written out: its objects are the routes.
    fn mapped(&self, call: Node<'p>) -> Vec<Branch> {
        let Some(callee) = call.child_by_field_name("function") else { return Vec::new() };
        let maps = callee.child_by_field_name("property").is_some_and(|name| self.tree.text(name) == "map");
        let text = self.tree.text(call);
        if !maps || !text.contains("Route") {
            return Vec::new();
        }
        let list = callee.child_by_field_name("object");
        let found = list.map(|list| object::list(self.project, self.file, list)).unwrap_or_default();
        if !found.is_empty() {
            return found;
        }
        let span = self.file.span(call.byte_range());
        vec![Branch { path: None, literal: false, ..Branch::default_at(span) }]
    }
}

/// Whether a package is a router with `Route` elements.
pub(super) fn is_router(package: &str) -> bool {
    matches!(package, "react-router-dom" | "react-router" | "react-router-native" | "wouter")
        || package.starts_with("react-router/")
        || package.starts_with("wouter/")
}
