//! Frameworks: a trait object each, one line in [`ALL`]. (To become `framework/mod.rs` with a file per framework.)

use crate::{EnvAccess, Side};
use edit::FileId;
use project::Project;

/// What every codemod may ask of a framework.
pub trait Framework: Sync {
    /// `vite`, `next`, `tanstack-start`, `expo`, `express`, `none`: the name of template folders too.
    fn id(&self) -> &'static str;
    /// For people: `Vite + React`.
    fn title(&self) -> &'static str;
    /// The npm package whose version is the framework's.
    fn package(&self) -> &'static str;
    /// Whether the app at this package is of this framework.
    fn detect(&self, project: &Project, app: &project::package::App) -> bool;
    /// `vite-spa`, `next-app`, …
    fn generation(&self, project: &Project, app: &project::package::App) -> &'static str;
    /// Files from which the browser bundle, and those from which server code is reached (both may name one file).
    fn entries(&self, project: &Project, app: &project::package::App) -> Vec<(FileId, Side)>;
    /// The prefix that publishes a variable: `VITE_`, `NEXT_PUBLIC_`, `EXPO_PUBLIC_`; `None` if none does.
    fn public_prefix(&self) -> Option<&'static str>;
    /// How `name` is read on `side`.
    fn env(&self, side: Side, name: &str) -> EnvAccess;
    /// Whether the migration supports it; if not, what to tell the user.
    fn unsupported(&self) -> Option<&'static str> {
        None
    }
    /// Lines that its `.gitignore` needs: env files and build output.
    fn ignores(&self) -> &'static [&'static str];
}

/// All frameworks, most specific first.
pub static ALL: &[&dyn Framework] = &[];
