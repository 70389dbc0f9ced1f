//! Trees of routes made flat: paths joined, layouts inherited, and routes inside the page of a `/*` route put below it.

use super::layers::Read;
use super::{Layer, Route, join, told};
use edit::{FileId, Span};
use project::Project;
use syntax::view;

/// One route as written, with what is nested in it.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) span: Span,
    /// `None` if it is computed, `""` if it adds nothing.
    pub(super) path: Option<String>,
    pub(super) index: bool,
    pub(super) literal: bool,
    pub(super) layers: Vec<Layer>,
    pub(super) page: Option<FileId>,
    pub(super) redirects: bool,
    pub(super) loader: Option<Span>,
    pub(super) children: Vec<Branch>,
}

impl Branch {
    pub(super) fn default_at(span: Span) -> Self {
        Self {
            span,
            path: None,
            index: false,
            literal: true,
            layers: Vec::new(),
            page: None,
            redirects: false,
            loader: None,
            children: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, read: Read) {
        self.layers.extend(read.layers);
        self.page = read.page.or(self.page);
        self.redirects |= read.redirects;
    }
}

/// The routes of one router or of one `<Routes>`.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The element or call that holds them.
    pub(super) holder: Span,
    /// What stands before every path.
    pub(super) base: String,
    pub(super) branches: Vec<Branch>,
}

/// What a group of routes stands in: the prefix and the layers of the route whose page holds it.
#[derive(Clone, Default)]
struct Place {
    prefix: String,
    /// The route takes what stands below its path: `/*`.
    open: bool,
    literal: bool,
    layers: Vec<Layer>,
}

/// All routes of all groups.
pub(super) fn joined(project: &Project, groups: Vec<Group>) -> Vec<Route> {
    let holders: Vec<Vec<Span>> =
        groups.iter().map(|group| functions_around(project, group.holder)).collect();
    let base =
        groups.iter().map(|group| &group.base).find(|base| !base.is_empty()).cloned().unwrap_or_default();
    let mut placed = vec![false; groups.len()];
    let mut routes: Vec<Vec<Route>> = vec![Vec::new(); groups.len()];
    // A group inside the page of a route waits for that route; three levels are more than anyone writes.
    for _ in 0..4 {
        for at in 0..groups.len() {
            if placed[at] {
                continue;
            }
            let mine = |layer: &Layer| layer.function.is_some_and(|own| holders[at].contains(&own));
            let outer =
                routes.iter().enumerate().filter(|(other, _)| *other != at).flat_map(|(_, routes)| routes);
            let mut around: Vec<Place> = outer
                .filter(|route| route.layers.iter().any(mine))
                .map(|route| Place {
                    prefix: route.url.trim_end_matches('*').trim_end_matches('/').to_owned(),
                    open: route.url.ends_with('*'),
                    literal: route.literal,
                    layers: route.layers.clone(),
                })
                .collect();
            if around.is_empty() {
                if has_parent(&groups, &holders, at) {
                    continue;
                }
                around.push(Place { prefix: base.clone(), open: true, literal: true, layers: Vec::new() });
            }
            // A layout around several pages holds routes of its own, which take whole paths: they stand below none of those pages.
            if let [first, _, ..] = &around[..]
                && !around.iter().any(|place| place.open)
            {
                let within = first.layers.iter().position(mine).map_or(0, |at| at + 1);
                let layers = first.layers[..within].to_vec();
                around = vec![Place { prefix: base.clone(), layers, ..first.clone() }];
            }
            for place in &around {
                for branch in &groups[at].branches {
                    flatten(branch, place, &mut routes[at]);
                }
            }
            placed[at] = true;
        }
    }
    for at in (0..groups.len()).filter(|at| !placed[*at]).collect::<Vec<_>>() {
        for branch in &groups[at].branches {
            let place = Place { prefix: base.clone(), open: true, literal: true, layers: Vec::new() };
            flatten(branch, &place, &mut routes[at]);
        }
    }
    let mut routes: Vec<Route> = routes.into_iter().flatten().collect();
    let mut seen = std::collections::BTreeSet::new();
    routes.retain(|route| seen.insert((route.span, route.url.clone())));
    routes
}

/// Whether some route of another group has as its page a component that holds this group.
fn has_parent(groups: &[Group], holders: &[Vec<Span>], at: usize) -> bool {
    fn mounts(branch: &Branch, wanted: &[Span]) -> bool {
        branch.layers.iter().any(|layer| layer.function.is_some_and(|own| wanted.contains(&own)))
            || branch.children.iter().any(|child| mounts(child, wanted))
    }
    let others = groups.iter().enumerate().filter(|(other, _)| *other != at);
    others.flat_map(|(_, group)| &group.branches).any(|branch| mounts(branch, &holders[at]))
}

/// The functions around a place, from the inside out.
fn functions_around(project: &Project, span: Span) -> Vec<Span> {
    let file = project.get(span.file);
    let Some((tree, _)) = file.syntax() else { return Vec::new() };
    let mut found = Vec::new();
    let mut around = tree.node_at(span.range()).and_then(view::enclosing_function);
    while let Some(function) = around {
        found.push(file.span(function.byte_range()));
        around = view::enclosing_function(function);
    }
    found
}

fn flatten(branch: &Branch, place: &Place, routes: &mut Vec<Route>) {
    let own = branch.path.as_deref();
    let url = join_below(&place.prefix, own.unwrap_or("*"));
    let mut layers = place.layers.clone();
    if let Some(loader) = branch.loader {
        layers.push(Layer { at: branch.span, function: Some(loader) });
    }
    layers.extend(&branch.layers);
    let literal = place.literal && branch.literal && own.is_some();
    let layout = !branch.children.is_empty();
    let has_index = branch.children.iter().any(|child| child.index || child.path.as_deref() == Some(""));
    // A layout answers its own path unless an index route does, or it has no path or shows nothing.
    let answers = own.is_some_and(|path| !path.is_empty()) && !has_index && !branch.layers.is_empty();
    if !layout || answers {
        routes.push(Route {
            span: branch.span,
            url: told(&url),
            page: branch.page,
            literal,
            guards: Vec::new(),
            layers: layers.clone(),
            redirects: branch.redirects,
        });
    }
    let inner = Place { prefix: url, open: true, literal, layers };
    for child in &branch.children {
        flatten(child, &inner, routes);
    }
}

/// A path below a prefix. An absolute path of a nested route says its prefix again, or stands below what the router adds.
fn join_below(prefix: &str, path: &str) -> String {
    let prefix = prefix.trim_end_matches('*').trim_end_matches('/');
    if path.starts_with('/')
        && (prefix.is_empty() || path.starts_with(&format!("{prefix}/")) || path == prefix)
    {
        return join("", path);
    }
    if path.starts_with('/') && prefix.starts_with("/#") && !prefix[2..].is_empty() {
        return join("/#", path.trim_start_matches('/'));
    }
    join(prefix, path.trim_start_matches('/'))
}
