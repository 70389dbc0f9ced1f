//! How a page asks for the session itself: what a server page looks like around what the browser draws, and the one file that runs
//! before every request.

use edit::{FileId, RelPath};
use project::package::App;
use project::{File, Project};

/// What is asked of a framework whose server draws pages by themselves, whatever stands around them.
pub trait Pages: Sync {
    /// Whether the file is a page that the server draws by itself.
    fn is_page(&self, file: &File) -> bool;
    /// Whether the file is code of the browser as it stands.
    fn in_browser(&self, file: &File) -> bool;
    /// Names for what the browser draws, once a page of the server stands in its place; the best first.
    fn parts(&self, page: &File) -> Vec<RelPath>;
    /// What keeps a page from asking at each request: a sentence, and what to do.
    fn fixed(&self, page: &File) -> Option<String>;
    /// Whether a file of the browser may export this beside its component, and mean nothing to others by it.
    fn is_setting(&self, name: &str) -> bool;
    /// Whether what the page is given can be handed on by another one; else what to do. `parameter`: as written.
    fn hands_on(&self, project: &Project, app: &App, page: &File, parameter: &str) -> Result<(), String>;
    /// The page of the server around what the browser draws.
    fn around(&self, page: &Around<'_>) -> String;
    /// The file that runs before every request, if there is one.
    fn guard_file(&self, project: &Project, app: &App) -> Option<FileId>;
    /// The place of a new one, and the name that its function must have.
    fn new_guard_file(&self, project: &Project, app: &App) -> Option<(RelPath, &'static str)>;
    /// The place of the handler of a path: `api/x`.
    fn route(&self, project: &Project, app: &App, path: &str) -> Option<RelPath>;
    /// The place of a route that says that the server is well, where none does.
    fn health(&self, project: &Project, app: &App) -> Option<RelPath>;
}

/// A page of the server around what the browser draws.
#[derive(Clone, Copy, Debug)]
pub struct Around<'p> {
    /// The component that the browser draws.
    pub component: &'p str,
    /// How its module is named.
    pub from: &'p str,
    /// How the module of the check is named.
    pub guard: &'p str,
    /// Whether the component is given anything.
    pub takes: bool,
    /// Whether the page has types.
    pub typed: bool,
    /// The quote of its strings.
    pub quote: char,
    /// `;`, or nothing.
    pub end: &'p str,
}
