//! A Hono server beside a browser-only app: same origin, everything of it below `/api`.

use super::{Server, in_app};
use crate::framework::Framework;
use project::Project;
use project::package::App;

/// Hono, for what has no server of its own.
pub(super) struct Hono;

/// Names for the folder, the best first: an export may hold an Express server in `server/`.
const FOLDERS: &[&str] = &["server", "app-server", "web-server"];

impl Server for Hono {
    fn id(&self) -> &'static str {
        "hono"
    }
    fn title(&self) -> &'static str {
        "a Hono server beside the app"
    }
    fn serves(&self, framework: &dyn Framework) -> bool {
        framework.id() == "vite"
    }
    fn folder(&self, project: &Project, app: &App) -> Option<&'static str> {
        let taken = |folder: &&&str| {
            let Some(prefix) = in_app(app, folder) else { return true };
            let prefix = format!("{prefix}/").to_lowercase();
            project.files.iter().any(|file| file.path.as_str().to_lowercase().starts_with(&prefix))
        };
        let ours = FOLDERS.iter().find(|folder| is_ours(project, app, folder));
        ours.or_else(|| FOLDERS.iter().find(|folder| !taken(folder))).copied()
    }
    fn is_there(&self, project: &Project, app: &App) -> bool {
        FOLDERS.iter().any(|folder| is_ours(project, app, folder))
    }
}

/// Whether the folder holds our server: known by the two functions that everything in it goes through.
fn is_ours(project: &Project, app: &App, folder: &str) -> bool {
    let holds = |path: &str, text: &str| {
        let file = in_app(app, &format!("{folder}/lib/{path}")).and_then(|path| project.file(path.as_str()));
        file.is_some_and(|file| file.text.contains(text))
    };
    holds("session.ts", "export function createDb(") && holds("rpc.ts", "export function authed<")
}
