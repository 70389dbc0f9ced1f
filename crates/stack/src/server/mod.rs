//! Where server code lives and how it is spelled: a server beside a browser-only app, or the framework's own functions.
//!
//! A trait object each, one file each, one line in [`ALL`]. What the files hold is the business of the codemods, in their templates;
//! here is what several of them must agree on: the folder, the names of the modules, and how they call each other.

mod hono;

use crate::framework::Framework;
use edit::RelPath;
use project::Project;
use project::package::App;

/// What every codemod may ask of the server of an app.
pub trait Server: Sync {
    /// The name of template folders too: `hono`.
    fn id(&self) -> &'static str;
    /// For people: `a Hono server beside the app`.
    fn title(&self) -> &'static str;
    /// Whether apps of this framework get their server code so.
    fn serves(&self, framework: &dyn Framework) -> bool;
    /// The folder of server code, seen from the app: `server`. The one that is there already, else the first free name; `None` if all
    /// are taken by code of the app's own.
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str>;
    /// Whether the app has its server code already, as we write it.
    fn is_there(&self, project: &Project, app: &App) -> bool;
}

/// All of them.
pub static ALL: &[&dyn Server] = &[&hono::Hono];

/// The server that an app of this framework has or gets.
pub fn of(framework: &dyn Framework) -> Option<&'static dyn Server> {
    ALL.iter().find(|server| server.serves(framework)).copied()
}

/// `path` below the app's folder, as a path of the project.
pub fn in_app(app: &App, path: &str) -> Option<RelPath> {
    RelPath::new(if app.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", app.folder) })
}
