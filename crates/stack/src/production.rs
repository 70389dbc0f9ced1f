//! Production: how a built app is started and what can be asked of it. The proof that a migrated app runs rests on this; nothing here
//! touches a disk or a process.

use project::package::App;
use project::{File, Kind, Project};
use syntax::module::Export;

/// How a framework's build is run.
pub struct Production {
    /// Folders of the build that browsers get, below the app's folder.
    pub browser: &'static [&'static str],
    /// Ways to start what was built: the first whose file is there.
    pub starts: &'static [Start],
    /// Addresses at which it may say that it is well.
    pub health: &'static [&'static str],
    /// Where a session is made over HTTP, if it can be.
    pub sign_up: Option<SignUp>,
    /// How its server functions are called.
    pub calls: Calls,
}

/// One way to start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The file that shows that this way was built.
    pub needs: &'static str,
    /// Arguments of `node`; `{port}` and `{host}` are filled in. `PORT` and `HOST` are set as well.
    pub arguments: &'static [&'static str],
    /// Whether a server of the app's own answers, and not only a server of files.
    pub own_server: bool,
}

/// A request that signs a new visitor up: JSON with `email` and `password`.
#[derive(Clone, Copy, Debug)]
pub struct SignUp {
    /// Its path.
    pub path: &'static str,
    /// Signs the same visitor in again.
    pub sign_in: &'static str,
    /// Says who is signed in, as JSON.
    pub session: &'static str,
    /// Ends the session.
    pub sign_out: &'static str,
    /// Where links of mails and other sign-in pages come back to.
    pub callback: &'static str,
}

/// How server functions are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// It has none.
    None,
    /// `POST` to this path and the function's name, with JSON.
    Path(&'static str),
    /// `POST` to a page with the function's id in a header; ids are in the browser's files of this folder.
    Action(&'static str),
    /// `POST` to this path and the function's id; ids are in the server's files of these folders.
    Id {
        /// What stands before the id.
        path: &'static str,
        /// Where the ids are.
        manifests: &'static [&'static str],
    },
}

/// A function of the server that the browser may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFunction {
    /// Its name.
    pub name: String,
    /// The file, relative to the root.
    pub path: String,
    /// Its line, from 1.
    pub line: usize,
    /// Whether it says that it needs a session.
    pub needs_session: bool,
    /// Whether it reads only, and is asked with `GET`.
    pub is_get: bool,
    /// Whether its schema takes any input that JSON carries.
    pub takes_any: bool,
}

/// No server, no build to start.
pub(crate) const NONE: Production =
    Production { browser: &[], starts: &[], health: &[], sign_up: None, calls: Calls::None };

/// A browser-only app, alone or with the server beside it that the migration writes.
pub(crate) const BESIDE: Production = Production {
    browser: &["dist"],
    starts: &[
        Start { needs: "dist-server/node.js", arguments: &["dist-server/node.js"], own_server: true },
        Start {
            needs: "dist/index.html",
            arguments: &[
                "node_modules/vite/bin/vite.js",
                "preview",
                "--host",
                "{host}",
                "--port",
                "{port}",
                "--strictPort",
            ],
            own_server: false,
        },
    ],
    health: &["/api/health"],
    sign_up: Some(SignUp {
        path: "/api/auth/sign-up",
        sign_in: "/api/auth/sign-in",
        session: "/api/auth/session",
        sign_out: "/api/auth/sign-out",
        callback: "/api/auth/callback",
    }),
    calls: Calls::Path("/api/fn/"),
};

/// A server that renders the pages itself.
pub(crate) const NEXT: Production = Production {
    browser: &[".next/static", "public"],
    starts: &[Start {
        needs: ".next/BUILD_ID",
        arguments: &["node_modules/next/dist/bin/next", "start", "-H", "{host}", "-p", "{port}"],
        own_server: true,
    }],
    health: &["/api/health", "/healthz"],
    sign_up: None,
    calls: Calls::Action(".next/static"),
};

/// A server made by nitro, or a bare handler of requests.
pub(crate) const START: Production = Production {
    browser: &[".output/public", "dist/client", ".vercel/output/static"],
    starts: &[
        Start {
            needs: ".output/server/index.mjs",
            arguments: &[".output/server/index.mjs"],
            own_server: true,
        },
        Start { needs: "dist/server/index.mjs", arguments: &["dist/server/index.mjs"], own_server: true },
        // A handler of requests, which the framework's own library serves.
        Start {
            needs: "dist/server/server.js",
            arguments: &[
                "node_modules/srvx/bin/srvx.mjs",
                "serve",
                "--prod",
                "--entry",
                "dist/server/server.js",
                "--static",
                "../client",
                "--host",
                "{host}",
                "--port",
                "{port}",
            ],
            own_server: true,
        },
    ],
    health: &["/api/health", "/healthz"],
    sign_up: None,
    calls: Calls::Id { path: "/_serverFn/", manifests: &[".output/server", "dist/server"] },
};

/// The functions of the server beside a browser-only app: exports of its `functions` folder that are made by `authed` or `anyone`.
pub(crate) fn functions_beside(project: &Project, app: &App) -> Vec<ServerFunction> {
    let of_app = |file: &&File| {
        let path = file.path.as_str();
        path.starts_with(&app.folder) && path.contains("/functions/") && file.text.contains("lib/rpc")
    };
    let files = project.files.iter().filter(|file| is_code(file)).filter(of_app);
    files.flat_map(|file| exported(file, &declared_beside)).collect()
}

/// The functions of `createServerFn`.
pub(crate) fn start_functions(project: &Project, app: &App) -> Vec<ServerFunction> {
    let of_app =
        |file: &&File| file.path.as_str().starts_with(&app.folder) && file.text.contains("createServerFn");
    let files = project.files.iter().filter(|file| is_code(file)).filter(of_app);
    let judge = |initialiser: &str| {
        let call = initialiser.strip_prefix("createServerFn")?;
        let options = call.split(')').next().unwrap_or("");
        let is_get = !options.contains("POST");
        // The check is a middleware whose name says so, or a call at the top of the handler.
        let before_handler = call.split(".handler(").next().unwrap_or("");
        let needs = ["requireSupabaseAuth", "requireSession", ".middleware([authed])"]
            .iter()
            .any(|check| before_handler.contains(check));
        Some((needs, is_get))
    };
    files.flat_map(|file| exported(file, &judge)).collect()
}

/// The exported functions of `'use server'` modules. They say by their first calls whether they need a session, or what they hand on
/// to does.
pub(crate) fn actions(project: &Project, app: &App) -> Vec<ServerFunction> {
    let of_app = |file: &&File| {
        file.path.as_str().starts_with(&app.folder)
            && file.module.directives.iter().any(|directive| directive == "use server")
    };
    let mut found = Vec::new();
    for file in project.files.iter().filter(|file| is_code(file)).filter(of_app) {
        for export in file.module.exports.iter().filter(|export| !export.type_only) {
            let name = export.local.clone().unwrap_or_else(|| export.name.clone());
            let body = file.text.get(export.range.clone()).unwrap_or("");
            let needs_session = asks(body) || behind(project, file, body).is_some_and(asks);
            // Without a parameter there is nothing to refuse.
            let takes_any = body.contains(&format!("function {name}()"));
            found.push(ServerFunction {
                name,
                path: file.path.as_str().to_owned(),
                line: file.line_column(export.range.start).0,
                needs_session,
                is_get: false,
                takes_any,
            });
        }
    }
    found
}

/// Whether a function asks for a session.
fn asks(body: &str) -> bool {
    ["assertUser(", "assertSignedIn(", "requireUser(", "requireRole("]
        .iter()
        .any(|check| body.contains(check))
}

/// The text of the function that an action hands on to: `toResult(() => dal.NAME(…))`.
fn behind<'p>(project: &'p Project, file: &File, body: &str) -> Option<&'p str> {
    let called = body.split_once("toResult(() => dal.")?.1;
    let name = called.split('(').next()?;
    let links = &project.graph.links[file.id.0 as usize];
    links.iter().map(|link| project.get(link.target)).find_map(|module| {
        let exported = module.module.exports.iter().find(|export| export.name == name)?;
        module.text.get(exported.range.clone())
    })
}

/// Whether the module's export is a function, by its initialiser.
fn declared_beside(initialiser: &str) -> Option<(bool, bool)> {
    let maker = initialiser.split('(').next()?.trim();
    match maker {
        "authed" => Some((true, false)),
        "anyone" => Some((false, false)),
        _ => None,
    }
}

/// Whether a function's schema takes any input: it is the first argument of those beside a browser-only app (`authed(json, …)`), and a
/// call of its own in those of `createServerFn`.
fn takes_any(initialiser: &str) -> bool {
    if initialiser.starts_with("createServerFn") {
        let before_handler = initialiser.split(".handler(").next().unwrap_or("");
        let validators = [".inputValidator(", ".validator("];
        let validator = validators.iter().find_map(|call| Some(before_handler.split_once(call)?.1));
        return !validator.is_some_and(is_schema);
    }
    let schema = initialiser.split_once('(').map_or("", |(_, rest)| rest.trim_start());
    schema.strip_prefix("json").is_some_and(|rest| rest.trim_start().starts_with(','))
}

/// Whether a validator is a schema that refuses something. One that is plain code may hand on what it gets.
fn is_schema(validator: &str) -> bool {
    let validator = validator.trim_start();
    match validator.strip_prefix("z.") {
        Some(kind) => !["any(", "unknown(", "json("].iter().any(|any| kind.starts_with(any)),
        None => validator.contains(".parse("),
    }
}

/// The exports `const NAME = …` of a file that `judge` takes for functions.
pub(crate) fn exported(file: &File, judge: &dyn Fn(&str) -> Option<(bool, bool)>) -> Vec<ServerFunction> {
    let one = |export: &Export| {
        let name = export.local.clone().or_else(|| Some(export.name.clone()))?;
        let (at, initialiser) = initialiser(&file.text, &name)?;
        let (needs_session, is_get) = judge(initialiser)?;
        let line = file.line_column(at).0;
        let (path, takes_any) = (file.path.as_str().to_owned(), takes_any(initialiser));
        Some(ServerFunction { name, path, line, needs_session, is_get, takes_any })
    };
    file.module.exports.iter().filter_map(one).collect()
}

/// What stands after `const NAME =`, up to the next export; and where the name stands.
fn initialiser<'t>(text: &'t str, name: &str) -> Option<(usize, &'t str)> {
    let declaration = format!("const {name}");
    let at = text.match_indices(&declaration).map(|(at, _)| at).find(|at| {
        !text[at + declaration.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
    })?;
    let rest = &text[at + declaration.len()..];
    let equals = rest.find('=')?;
    let rest = &rest[equals + 1..];
    let end = rest.find("\nexport ").unwrap_or(rest.len());
    Some((at, rest[..end].trim_start()))
}

pub(crate) fn is_code(file: &File) -> bool {
    matches!(file.kind, Kind::Code(_)) && file.skipped.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(initialiser: &str, any: bool) {
        assert_eq!(takes_any(initialiser), any, "{initialiser}");
    }

    #[test]
    fn what_is_refused_is_told_by_the_schema() {
        check("authed(json, run)", true);
        check("authed(z.strictObject({ id: z.guid() }), run)", false);
        check(
            "createServerFn({ method: 'POST' }).inputValidator(z.object({ id: z.string() })).handler(run)",
            false,
        );
        check(
            "createServerFn()\n  .validator((data: unknown) => schema.parse(data))\n  .handler(run)",
            false,
        );
        // Nothing is looked at: without a validator, or with one that hands everything on.
        check("createServerFn({ method: 'POST' }).handler(() => schema.parse(1))", true);
        check("createServerFn().inputValidator((data: { id: string }) => data).handler(run)", true);
        check("createServerFn().inputValidator(z.any()).handler(run)", true);
    }
}
