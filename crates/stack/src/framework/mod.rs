//! Frameworks: a trait object each, one file each, one line in [`ALL`].

pub(crate) mod cut;
mod expo;
mod express;
mod next;
mod none;
mod tanstack_start;
mod vite;

use crate::production::{self, Production, ServerFunction};
use crate::{EnvAccess, Side};
use edit::FileId;
use project::package::{App, Package};
use project::{File, Kind, Project};
use std::ops::Range;

/// What every codemod may ask of a framework.
pub trait Framework: Sync {
    /// `vite`, `next`, `tanstack-start`, `expo`, `express`, `none`: the name of template folders too.
    fn id(&self) -> &'static str;
    /// For people: `Vite + React`.
    fn title(&self) -> &'static str;
    /// The npm package whose version is the framework's.
    fn package(&self) -> &'static str;
    /// Whether the app at this package is of this framework.
    fn detect(&self, project: &Project, app: &App) -> bool;
    /// `vite-spa`, `next-app`, …
    fn generation(&self, project: &Project, app: &App) -> &'static str;
    /// Files from which the browser bundle, and those from which server code is reached ([`Side::Both`]: from both). The reason is
    /// a few words for people.
    fn entries(&self, project: &Project, app: &App) -> Vec<Entry>;
    /// Whether `target`, imported by `importer`, becomes part of what `importer` is part of on `side` (browser or server): a
    /// framework cuts some imports, such as those of server actions in the browser.
    fn follows(&self, _side: Side, _importer: &File, _target: &File) -> bool {
        true
    }
    /// Parts of `file` that run on the server alone although the file is in the browser too, such as the handler of a server
    /// function: the framework removes them from the browser's copy.
    fn server_parts(&self, _file: &File) -> Vec<Range<usize>> {
        Vec::new()
    }
    /// The prefix that publishes a variable: `VITE_`, `NEXT_PUBLIC_`, `EXPO_PUBLIC_`; `None` if none does.
    fn public_prefix(&self) -> Option<&'static str>;
    /// How `name` is read on `side`.
    fn env(&self, side: Side, name: &str) -> EnvAccess;
    /// Whether the migration supports it; if not, what to tell the user.
    fn unsupported(&self) -> Option<&'static str> {
        None
    }
    /// The file that configures it, `name.config.ts` in any of its spellings.
    fn config_file<'p>(&self, project: &'p Project, app: &App) -> Option<&'p File> {
        let stem = self.config_stem()?;
        ["ts", "mts", "js", "mjs", "cjs"]
            .iter()
            .find_map(|extension| project.file(&in_app(app, &format!("{stem}.config.{extension}"))))
    }
    /// The first word of that file's name.
    fn config_stem(&self) -> Option<&'static str> {
        None
    }
    /// Whether its pages are one file, which the host must answer every address with.
    fn needs_fallback(&self) -> bool {
        false
    }
    /// Whether parameters of a route are promises, by its version.
    fn params_are_promises(&self, _version: Option<&str>) -> bool {
        false
    }
    /// What gives the cookies and headers of a request as promises, by its version: the module, and its functions.
    fn promised(&self, _version: Option<&str>) -> Option<(&'static str, &'static [&'static str])> {
        None
    }
    /// Whether its configuration has a function that says the headers of every answer.
    fn says_headers(&self) -> bool {
        false
    }
    /// Whether its build runs the linter, by its version; `None` if it never did.
    fn lints_in_build(&self, _version: Option<&str>) -> Option<bool> {
        None
    }
    /// Lines that its `.gitignore` needs: env files and build output.
    fn ignores(&self) -> &'static [&'static str];
    /// The versions of Node that this version of the framework runs on, as `engines` in `package.json` says it; never one that is
    /// no longer maintained.
    fn node(&self, _version: Option<&str>) -> &'static str {
        ">=20"
    }
    /// How what was built is started and asked.
    fn production(&self) -> &'static Production {
        &production::NONE
    }
    /// Functions of the server that the browser may call.
    fn functions(&self, _project: &Project, _app: &App) -> Vec<ServerFunction> {
        Vec::new()
    }
}

/// A file at which the framework starts.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The file.
    pub file: FileId,
    /// Where it runs.
    pub side: Side,
    /// Why, in words.
    pub reason: &'static str,
}

pub(crate) use express::SERVERS;

/// All frameworks, most specific first. The last one fits everything.
pub static ALL: &[&dyn Framework] =
    &[&next::Next, &tanstack_start::TanStackStart, &expo::Expo, &vite::Vite, &express::Express, &none::None];

/// The framework of an app; [`none`] is the answer for all others.
pub fn of(project: &Project, app: &App) -> &'static dyn Framework {
    ALL.iter().find(|framework| framework.detect(project, app)).copied().unwrap_or(&none::None)
}

/// What stands for an app that is not there.
pub fn none() -> &'static dyn Framework {
    &none::None
}

/// The first number of a version.
fn major(version: Option<&str>) -> Option<u32> {
    version?.split('.').next()?.parse().ok()
}

/// The package of an app.
fn package<'p>(project: &'p Project, app: &App) -> &'p Package {
    &project.packages[app.package]
}

/// `path` below the app's folder, as a path of the project.
fn in_app(app: &App, path: &str) -> String {
    if app.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", app.folder) }
}

/// The code files below `folder` of the app, with their path seen from there.
fn code_below<'p>(
    project: &'p Project,
    app: &App,
    folder: &str,
) -> impl Iterator<Item = (&'p File, &'p str)> {
    let prefix = format!("{}/", in_app(app, folder));
    let code = project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_)));
    code.filter_map(move |file| Some((file, file.path.as_str().strip_prefix(&prefix)?)))
}

/// The first of these names, each with any code extension, that the app has.
fn first_code<'p>(project: &'p Project, app: &App, stems: &[&str]) -> Option<&'p File> {
    stems.iter().find_map(|stem| with_extension(project, app, stem))
}

/// `stem` of the app with any code extension.
fn with_extension<'p>(project: &'p Project, app: &App, stem: &str) -> Option<&'p File> {
    ["tsx", "ts", "jsx", "js", "mjs", "mts", "cjs"]
        .iter()
        .find_map(|extension| project.file(&in_app(app, &format!("{stem}.{extension}"))))
}

/// `process.env.NAME`, and `Deno.env.get("NAME")` in an edge function.
fn process_env(side: Side, name: &str, prefix: Option<&str>) -> EnvAccess {
    let public = prefix.is_some_and(|prefix| name.starts_with(prefix)) && side != Side::Edge;
    let expression =
        if side == Side::Edge { format!("Deno.env.get(\"{name}\")") } else { format!("process.env.{name}") };
    EnvAccess { expression, public }
}

/// `import.meta.env.NAME` in the bundle, else as [`process_env`].
fn vite_env(side: Side, name: &str) -> EnvAccess {
    let bundled = matches!(side, Side::Browser | Side::Both | Side::None);
    if bundled {
        EnvAccess { expression: format!("import.meta.env.{name}"), public: name.starts_with("VITE_") }
    } else {
        process_env(side, name, Some("VITE_"))
    }
}
