//! Where the new files go.

use super::client::Client;
use crate::env_contract::contract;
use audit::Survey;
use edit::{FileId, RelPath};
use project::package::App;
use stack::server::{Server, in_app};

/// Paths and module specifiers.
pub(super) struct Places {
    pub(super) app: App,
    pub(super) server: &'static dyn Server,
    /// The folder of server code, seen from the app.
    pub(super) folder: &'static str,
    /// The folder of the page's sources, seen from the app, with a `/` at its end; empty for the app's own.
    pub(super) source: &'static str,
    /// The folder of the client's module, as a path of the project.
    pub(super) facade: String,
    client: FileId,
}

impl Places {
    /// For an app that can get its server; `None` if it has one, or no name for its folder is free.
    pub(super) fn of(survey: &Survey<'_>, client: &Client) -> Option<Self> {
        let app = survey.project.apps.first()?;
        let server = survey.stack.server?;
        let path = &survey.project.get(client.file).path;
        let below = app.folder.is_empty() || path.as_str().starts_with(&format!("{}/", app.folder));
        if !below || server.is_there(survey.project, app) {
            return None;
        }
        let folder = server.folder(survey.project, app)?;
        let holds = |source: &&&str| {
            let prefix = in_app(app, source).map(|path| format!("{path}/"));
            prefix.is_some_and(|prefix| {
                survey.project.files.iter().any(|file| file.path.as_str().starts_with(&prefix))
            })
        };
        let source = if holds(&&"src") { "src/" } else { "" };
        Some(Self {
            app: app.clone(),
            server,
            folder,
            source,
            facade: path.folder().to_owned(),
            client: client.file,
        })
    }

    /// For an app whose own server has the session already: everything of its pages stands beside the client.
    pub(super) fn beside_client(survey: &Survey<'_>, client: &Client) -> Option<Self> {
        let app = survey.project.apps.first()?.clone();
        let own = survey.project.get(client.file).path.folder().to_owned();
        // A component that makes a client for itself is no place for what all have in common.
        let inline = client.getter.as_ref().is_some_and(|getter| getter.inline);
        let source = in_app(&app, "src/app").filter(|source| {
            let prefix = format!("{source}/");
            survey.project.files.iter().any(|file| file.path.as_str().starts_with(&prefix))
        });
        let common = if source.is_some() { "src/lib/supabase" } else { "lib/supabase" };
        Some(Self {
            facade: if inline { in_app(&app, common)?.to_string() } else { own },
            app,
            server: survey.stack.server?,
            folder: "",
            source: "",
            client: client.file,
        })
    }

    /// A file of the app.
    pub(super) fn at(&self, path: &str) -> Option<RelPath> {
        in_app(&self.app, path)
    }

    /// A file of the server.
    pub(super) fn of_server(&self, path: &str) -> Option<RelPath> {
        self.at(&format!("{}/{path}", self.folder))
    }

    /// A file for the session where the framework serves: see `Server::session_folder`.
    pub(super) fn of_session(&self, name: &str) -> Option<RelPath> {
        self.at(&format!("{}/{name}", self.server.session_folder()?))
    }

    /// The module from which pages call server functions, and the one that sends their requests: under another name where an app has
    /// one of that name.
    pub(super) fn sends(&self, survey: &Survey<'_>, name: &str) -> Option<RelPath> {
        let plain = self.of_page(&format!("lib/{name}.ts"))?;
        if is_free(survey, &plain) { Some(plain) } else { self.of_page(&format!("lib/server-{name}.ts")) }
    }

    /// A file of the page's sources.
    fn of_page(&self, path: &str) -> Option<RelPath> {
        self.at(&format!("{}{path}", self.source))
    }

    /// A file beside the client's module.
    pub(super) fn beside(&self, name: &str) -> Option<RelPath> {
        RelPath::new(if self.facade.is_empty() { name.to_owned() } else { format!("{}/{name}", self.facade) })
    }

    /// How the client's module, and what stands beside it, names another module of the page.
    pub(super) fn specifier(&self, survey: &Survey<'_>, to: &RelPath) -> String {
        contract::specifier(survey, self.client, to)
    }
}

/// Whether no module has the name, with whatever ending.
pub(super) fn is_free(survey: &Survey<'_>, path: &RelPath) -> bool {
    let stem = path.as_str().trim_end_matches(".ts");
    // A module beside a folder of its name is found in its place.
    let there = |ending: &str| {
        ["", "/index"].iter().any(|inner| survey.project.file(&format!("{stem}{inner}.{ending}")).is_some())
    };
    !["ts", "tsx", "js", "jsx"].into_iter().any(there)
}

/// How a module at `from` names the one at `to`, relative.
pub(crate) fn relative(from: &RelPath, to: &RelPath) -> String {
    let own: Vec<&str> = from.folder().split('/').filter(|part| !part.is_empty()).collect();
    let other: Vec<&str> = to.as_str().split('/').collect();
    let shared = own.iter().zip(&other).take_while(|(one, other)| one == other).count();
    let up = "../".repeat(own.len() - shared);
    format!("{}{}", if up.is_empty() { "./" } else { &up }, other[shared..].join("/"))
}
