//! Pages of Next's app router that ask for the session themselves. A layout does not keep its pages: a request for the page alone
//! draws it without waiting for what the layout decides.

use crate::server::in_app;
use crate::server::pages::{Around, Pages};
use edit::{FileId, RelPath};
use project::package::App;
use project::{File, Project};

/// The app router.
pub(super) struct AppRouter;

/// Settings of a page: read from pages of the server only.
const SETTINGS: &[&str] = &["dynamic", "revalidate", "fetchCache", "preferredRegion", "maxDuration"];

impl Pages for AppRouter {
    fn is_page(&self, file: &File) -> bool {
        let path = file.path.as_str();
        file.path.name().split('.').next() == Some("page")
            && (path.starts_with("app/") || path.contains("/app/"))
    }
    fn in_browser(&self, file: &File) -> bool {
        file.module.directives.iter().any(|directive| directive == "use client")
    }
    fn parts(&self, page: &File) -> Vec<RelPath> {
        let folder = page.path.folder();
        let named = |name: &str| RelPath::new(format!("{folder}/{name}.{}", page.path.extension()));
        ["page-client", "page-view"].into_iter().filter_map(named).collect()
    }
    fn fixed(&self, page: &File) -> Option<String> {
        let exported = |name: &str| page.module.exports.iter().find(|export| export.name == name);
        let text = |name: &str| {
            let range = exported(name)?.range.clone();
            page.text.get(range)
        };
        let fixed =
            text("dynamic").is_some_and(|text| text.contains("force-static") || text.contains("\"error\""));
        let at_build = exported("generateStaticParams").is_some();
        let cached = page.module.directives.iter().any(|directive| directive.starts_with("use cache"));
        let what = if fixed {
            "says that it is static (`dynamic`)"
        } else if at_build {
            "is made at build time (`generateStaticParams`)"
        } else if cached {
            "is kept for everyone (`use cache`)"
        } else {
            return None;
        };
        Some(format!("It {what}. Take that out, if the page is for signed-in visitors only, then run again."))
    }
    fn is_setting(&self, name: &str) -> bool {
        SETTINGS.contains(&name)
    }
    fn hands_on(&self, project: &Project, app: &App, page: &File, parameter: &str) -> Result<(), String> {
        let major = major(project, app);
        // From 15 on what a page is given is a promise. Read at once it is there in a page of the browser, and not in a part of one.
        let waits = parameter.contains("Promise<") || page.text.contains("use(");
        if major.is_some_and(|major| major < 15) || waits {
            return Ok(());
        }
        Err("It reads what it is given without waiting for it. Read it with `use(params)` of `react`, or take `useParams()`, then run again.".to_owned())
    }
    fn around(&self, page: &Around<'_>) -> String {
        let Around { component, from, guard, takes, typed, quote, end } = *page;
        let mut text = String::new();
        if takes && typed {
            text += &format!("import type {{ ComponentProps }} from {quote}react{quote}{end}\n");
        }
        text += &format!("import {{ requireUser }} from {quote}{guard}{quote}{end}\n");
        text += &format!("import {component} from {quote}{from}{quote}{end}\n\n");
        let (parameter, given) = match (takes, typed) {
            (false, _) => (String::new(), ""),
            (true, true) => (format!("props: ComponentProps<typeof {component}>"), " {...props}"),
            (true, false) => ("props".to_owned(), " {...props}"),
        };
        let own = if component == "Page" { "GuardedPage" } else { "Page" };
        text += &format!("export default async function {own}({parameter}) {{\n");
        text += &format!("  await requireUser(){end}\n  return <{component}{given} />{end}\n}}\n");
        text
    }
    fn guard_file(&self, project: &Project, app: &App) -> Option<FileId> {
        let stems = ["middleware", "proxy", "src/middleware", "src/proxy"];
        let mut names =
            stems.iter().flat_map(|stem| ["ts", "js", "mjs", "tsx"].map(|ending| format!("{stem}.{ending}")));
        names.find_map(|name| Some(project.file(in_app(app, &name)?.as_str())?.id))
    }
    fn new_guard_file(&self, project: &Project, app: &App) -> Option<(RelPath, &'static str)> {
        let name = if major(project, app).is_some_and(|major| major >= 16) { "proxy" } else { "middleware" };
        let source = format!("{}/", in_app(app, "src/app")?);
        let within = project.files.iter().any(|file| file.path.as_str().starts_with(&source));
        let folder = if within { "src/" } else { "" };
        Some((in_app(app, &format!("{folder}{name}.ts"))?, name))
    }
    fn health(&self, project: &Project, app: &App) -> Option<RelPath> {
        let names =
            ["app/api/health/route", "app/healthz/route", "pages/api/health", "pages/api/health/index"];
        let answers = names.iter().flat_map(|name| [(*name).to_owned(), format!("src/{name}")]).any(|stem| {
            ["ts", "js", "tsx"].iter().any(|ending| {
                let path = in_app(app, &format!("{stem}.{ending}"));
                path.is_some_and(|path| project.file(path.as_str()).is_some())
            })
        });
        if answers { None } else { self.route(project, app, "api/health") }
    }
    fn route(&self, project: &Project, app: &App, path: &str) -> Option<RelPath> {
        let holds = |folder: &&&str| {
            let prefix = in_app(app, folder).map(|path| format!("{path}/"));
            prefix.is_some_and(|prefix| {
                project.files.iter().any(|file| file.path.as_str().starts_with(&prefix))
            })
        };
        let folder = ["app", "src/app"].iter().find(holds)?;
        in_app(app, &format!("{folder}/{path}/route.ts"))
    }
}

fn major(project: &Project, app: &App) -> Option<u32> {
    project.packages[app.package].version("next")?.split('.').next()?.parse().ok()
}
