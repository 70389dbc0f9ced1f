//! Routes: the table of URLs, for every router.

use edit::{FileId, Span};
use project::Project;
use stack::Stack;

/// One page.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where it is declared: the `<Route>`, the route object, the file.
    pub span: Span,
    /// Its URL, `:name` for parameters: `/projects/:id`; `*` for the one that takes the rest.
    pub url: String,
    /// The file of the page's component, if it can be told.
    pub page: Option<FileId>,
    /// The whole of it is known: no part is computed.
    pub literal: bool,
    /// Guards around it: indices into `Survey::guards`. Filled in once guards are known.
    pub guards: Vec<usize>,
}

/// Every route of the tree, by path and place.
pub(crate) fn read(_project: &Project, _stack: &Stack) -> Vec<Route> {
    Vec::new()
}
