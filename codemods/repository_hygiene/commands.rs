//! How the app is installed, checked, built and started: as commands, for notes, pipelines and images.

use audit::Survey;
use edit::RelPath;
use project::package::{App, Package, PackageManager};

/// The main app and its commands.
#[derive(Clone, Copy)]
pub struct Commands<'s> {
    /// The app.
    pub app: &'s App,
    /// Its package.
    pub package: &'s Package,
    /// Who installs it.
    pub manager: PackageManager,
    /// Its lockfile, the one that counts.
    pub lockfile: Option<&'s RelPath>,
}

impl<'s> Commands<'s> {
    /// Those of the main app. `None` where nobody but the user can say which app it is, and where the framework is not supported.
    pub fn of(survey: &Survey<'s>) -> Option<Self> {
        let project = survey.project;
        if !project.ambiguous_roots.is_empty() || survey.stack.framework.unsupported().is_some() {
            return None;
        }
        let app = project.apps.first()?;
        let package = project.packages.get(app.package)?;
        let kept = super::lockfiles::kept(survey, package);
        let lockfile = kept.or(package.lockfiles.first());
        let manager = lockfile.map_or(app.manager, |lockfile| lockfile.manager);
        Some(Self { app, package, manager, lockfile: lockfile.map(|lockfile| &lockfile.path) })
    }

    /// A path of the app as a path of the project.
    pub fn path(&self, below: &str) -> Option<RelPath> {
        let folder = &self.app.folder;
        RelPath::new(if folder.is_empty() { below.to_owned() } else { format!("{folder}/{below}") })
    }

    /// Installs exactly what the lockfile says.
    pub fn install(&self) -> &'static str {
        match (self.manager, self.lockfile) {
            (PackageManager::Npm, Some(_)) => "npm ci",
            (PackageManager::Npm, None) => "npm install",
            (PackageManager::Pnpm, _) => "pnpm install --frozen-lockfile",
            (PackageManager::Bun, _) => "bun install --frozen-lockfile",
            (PackageManager::Yarn, _) => "yarn install --frozen-lockfile",
        }
    }

    /// Installs, and brings the lockfile up to date.
    pub fn update(&self) -> String {
        format!("{} install", self.manager.id())
    }

    /// Runs a script of the manifest.
    pub fn run(&self, script: &str) -> String {
        match (self.manager, script) {
            (PackageManager::Npm, "start" | "test") => format!("npm {script}"),
            (PackageManager::Npm, _) => format!("npm run {script}"),
            (PackageManager::Bun, _) => format!("bun run {script}"),
            (manager, _) => format!("{} {script}", manager.id()),
        }
    }

    /// Runs a program of the installed packages.
    pub fn exec(&self, program: &str) -> String {
        match self.manager {
            PackageManager::Npm => format!("npx {program}"),
            PackageManager::Bun => format!("bunx {program}"),
            manager => format!("{} exec {program}", manager.id()),
        }
    }

    /// The text of a script, if the manifest has it.
    pub fn script(&self, name: &str) -> Option<&'s str> {
        self.package.json["scripts"][name].as_str()
    }
}
