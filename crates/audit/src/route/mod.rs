//! Routes: the table of URLs, for every router.
//!
//! One module per way of saying it: [`jsx`] elements and [`object`]s of React Router and its like, [`tree`] of route files of
//! TanStack Router, [`pages`] of the app and the pages router. Each says with a page also which components stand around it,
//! so that a guard's reach is a matter of looking. Screens that only a state or a hash tells apart have no URL and no route.

mod jsx;
mod layers;
mod nested;
mod object;
mod pages;

pub(crate) use pages::is_built_on_next;
mod tree;

use edit::{FileId, Span};
use project::{File, Kind, Project};
use rayon::prelude::*;
use stack::{Side, Stack};

/// One page.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where it is declared: the `<Route>`, the route object, the file.
    pub span: Span,
    /// Its URL, `:name` for parameters: `/projects/:id`; `*` for the one that takes the rest. Behind a `#` it never reaches a
    /// server.
    pub url: String,
    /// The file of the page's component, if it can be told.
    pub page: Option<FileId>,
    /// The whole of it is known: no part is computed.
    pub literal: bool,
    /// Guards around it: indices into `Survey::guards`. Filled in once guards are known.
    pub guards: Vec<usize>,
    /// What stands around the page, from the outside in; the page itself is the last.
    pub layers: Vec<Layer>,
    /// It only sends on to another one.
    pub redirects: bool,
}

/// A component, loader or layout file on the way to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layer {
    /// Where it is mounted: the element, the route, the file.
    pub at: Span,
    /// The function of it, if it can be told.
    pub function: Option<Span>,
}

/// Every route of the tree, by path and place.
pub(crate) fn read(project: &Project, stack: &Stack) -> Vec<Route> {
    let runs = |file: &File| stack.side(file.id) != Side::None || project.apps.is_empty();
    let code = project
        .files
        .par_iter()
        .filter(|file| matches!(file.kind, Kind::Code(_)) && file.skipped.is_none() && runs(file));
    let groups: Vec<nested::Group> = code
        .flat_map_iter(|file| {
            let mut groups = Vec::new();
            if ["<Route", "<Switch", ".Route"].iter().any(|token| file.text.contains(token)) {
                groups.extend(jsx::groups(project, file));
            }
            if OBJECTS.iter().any(|token| file.text.contains(token)) {
                groups.extend(object::groups(project, file));
            }
            groups
        })
        .collect();
    let mut routes = nested::joined(project, groups);
    routes.extend(tree::read(project, &runs));
    routes.extend(pages::read(project));
    routes.sort_by_key(|route| (route.span, route.url.clone()));
    routes
}

/// Makers of routes from objects.
const OBJECTS: &[&str] = &[
    "createBrowserRouter",
    "createHashRouter",
    "createMemoryRouter",
    "useRoutes",
    "createRoutesFromElements",
];

/// `child` seen from `parent`, as React Router joins them.
fn join(parent: &str, child: &str) -> String {
    let child = child.trim();
    let joined = if child.starts_with('/') {
        child.to_owned()
    } else {
        format!("{}/{child}", parent.trim_end_matches('*').trim_end_matches('/'))
    };
    let parts: Vec<&str> = joined.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// How a URL is told: `/*` at the end stays, optional marks go, the one that takes everything is `*`.
fn told(url: &str) -> String {
    let url = url.replace('?', "");
    if url == "/*" { "*".to_owned() } else { url }
}
