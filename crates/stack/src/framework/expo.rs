//! Expo: React Native, on the web as well. Read and reported, not migrated.

use super::{Entry, Framework, code_below, first_code, package, process_env};
use crate::{EnvAccess, Side};
use project::Project;
use project::package::App;

/// Expo, with or without its router.
pub(super) struct Expo;

impl Framework for Expo {
    fn id(&self) -> &'static str {
        "expo"
    }
    fn title(&self) -> &'static str {
        "Expo"
    }
    fn package(&self) -> &'static str {
        "expo"
    }
    fn detect(&self, project: &Project, app: &App) -> bool {
        package(project, app).dependencies.contains_key("expo")
    }
    fn generation(&self, _project: &Project, _app: &App) -> &'static str {
        "expo"
    }
    fn entries(&self, project: &Project, app: &App) -> Vec<Entry> {
        let routes = ["app", "src/app"].into_iter().flat_map(|folder| code_below(project, app, folder));
        let mut entries: Vec<Entry> = routes
            .map(|(file, path)| {
                let (side, reason) = if path.contains("+api.") {
                    (Side::Server, "an API route of Expo's router")
                } else {
                    (Side::Browser, "a screen of Expo's router")
                };
                Entry { file: file.id, side, reason }
            })
            .collect();
        let first = first_code(project, app, &["App", "src/App", "index"]);
        entries.extend(first.map(|file| Entry {
            file: file.id,
            side: Side::Browser,
            reason: "the first module of the app",
        }));
        entries
    }
    fn public_prefix(&self) -> Option<&'static str> {
        Some("EXPO_PUBLIC_")
    }
    fn env(&self, side: Side, name: &str) -> EnvAccess {
        process_env(side, name, Some("EXPO_PUBLIC_"))
    }
    fn unsupported(&self) -> Option<&'static str> {
        Some(
            "An Expo app ships its code to the device and has no server of its own; it is audited, and nothing is rewritten.",
        )
    }
    fn ignores(&self) -> &'static [&'static str] {
        &["node_modules", ".expo", "dist", "web-build", "expo-env.d.ts", ".env", ".env.*", "!.env.example"]
    }
}
