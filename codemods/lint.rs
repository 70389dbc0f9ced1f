//! The linter of the app: where it is set up, whether it can run, and what it says of a type that nobody knows.

use crate::repository_hygiene::commands::Commands;
use audit::Survey;
use edit::Span;
use project::{File, Kind};

/// The linter of the app.
pub(crate) struct Linter<'s> {
    /// Its configuration.
    pub(crate) config: &'s File,
    /// A package that the configuration imports and that is not installed, and where.
    pub(crate) missing: Option<(String, Span)>,
}

impl<'s> Linter<'s> {
    /// ESLint, where the package has it and a configuration lies with the app.
    pub(crate) fn of(survey: &Survey<'s>, commands: &Commands<'_>) -> Option<Self> {
        if !commands.package.dependencies.contains_key("eslint") {
            return None;
        }
        let folder = &commands.app.folder;
        let is_config = |file: &&File| {
            let name = file.path.name();
            file.path.folder() == folder.as_str()
                && file.skipped.is_none()
                && (name.starts_with("eslint.config.") || name.starts_with(".eslintrc"))
        };
        // The newer kind is the one that counts.
        let files = survey.project.files.iter().filter(is_config);
        let config = files.max_by_key(|file| file.path.name().starts_with("eslint.config."))?;
        Some(Self { config, missing: missing(config, commands) })
    }

    /// Whether it may complain of `any`.
    fn minds_any(&self) -> bool {
        let text = &self.config.text;
        let plugin = text.contains("typescript-eslint") || text.contains("next/typescript");
        let off = text
            .split_once("no-explicit-any")
            .is_some_and(|(_, rest)| rest.trim_start_matches(['"', '\'', ':', '[', ' ']).starts_with("off"));
        plugin && !off
    }
}

/// Whether the linter of the main app may complain of `any`. Where it has no such rule, a comment that names it is an error itself.
pub(crate) fn minds_any(survey: &Survey<'_>) -> bool {
    let commands = Commands::of(survey);
    commands.and_then(|commands| Linter::of(survey, &commands)).is_some_and(|linter| linter.minds_any())
}

/// The first package that a configuration imports, and that no manifest and no lockfile names.
fn missing(config: &File, commands: &Commands<'_>) -> Option<(String, Span)> {
    if !matches!(config.kind, Kind::Code(_)) {
        return None;
    }
    let imports = config.module.imports.iter().filter(|import| !installed(commands, &import.specifier));
    let import = imports.into_iter().next()?;
    Some((package_of(&import.specifier).to_owned(), config.span(import.range.clone())))
}

/// Whether a module is there once the app is installed, as far as manifest and lockfile tell.
fn installed(commands: &Commands<'_>, specifier: &str) -> bool {
    let package = commands.package;
    let name = package_of(specifier);
    let own =
        specifier.starts_with(['.', '/', '#']) || specifier.starts_with("@/") || specifier.contains(':');
    // A lockfile that cannot be read may hold anything.
    own || BUILT_IN.contains(&name)
        || package.resolved.is_empty()
        || package.resolved.contains_key(name)
        || package.dependencies.contains_key(name)
}

/// Modules of Node that a configuration imports without `node:`.
const BUILT_IN: &[&str] = &["path", "fs", "url", "module", "process", "util", "os"];

/// `@scope/name` of `@scope/name/below`.
fn package_of(specifier: &str) -> &str {
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    specifier.match_indices('/').nth(parts - 1).map_or(specifier, |(at, _)| &specifier[..at])
}
