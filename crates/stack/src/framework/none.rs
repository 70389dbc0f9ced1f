//! No framework that is known: files are still read and reported.

use super::{Entry, Framework, process_env};
use crate::{EnvAccess, Side};
use project::Project;
use project::package::App;

/// Stands for a tree without an app of a known kind.
pub(super) struct None;

impl Framework for None {
    fn id(&self) -> &'static str {
        "none"
    }
    fn title(&self) -> &'static str {
        "No known framework"
    }
    fn package(&self) -> &'static str {
        ""
    }
    fn detect(&self, _project: &Project, _app: &App) -> bool {
        true
    }
    fn generation(&self, _project: &Project, _app: &App) -> &'static str {
        "unknown"
    }
    fn entries(&self, _project: &Project, _app: &App) -> Vec<Entry> {
        Vec::new()
    }
    fn public_prefix(&self) -> Option<&'static str> {
        Option::None
    }
    fn env(&self, side: Side, name: &str) -> EnvAccess {
        process_env(side, name, Option::None)
    }
    fn unsupported(&self) -> Option<&'static str> {
        Some(
            "No app of a known framework was found: no package.json declares Vite, Next.js, TanStack Start, Expo or Express beside its entry. Files are audited, and nothing is rewritten.",
        )
    }
    fn ignores(&self) -> &'static [&'static str] {
        &["node_modules", ".env", ".env.*", "!.env.example"]
    }
}
