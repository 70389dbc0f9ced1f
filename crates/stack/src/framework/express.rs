//! Servers of their own: Express and its like.

use super::{Entry, Framework, first_code, in_app, package, process_env};
use crate::{EnvAccess, Side};
use project::Project;
use project::package::App;

/// Express, Fastify, Koa, Hono or Nest on Node.
pub(super) struct Express;

/// The packages that make a server.
pub(crate) const SERVERS: &[&str] =
    &["express", "fastify", "koa", "hono", "@hono/node-server", "@nestjs/core"];

impl Framework for Express {
    fn id(&self) -> &'static str {
        "express"
    }
    fn title(&self) -> &'static str {
        "Express"
    }
    fn package(&self) -> &'static str {
        "express"
    }
    fn detect(&self, project: &Project, app: &App) -> bool {
        SERVERS.iter().any(|name| package(project, app).dependencies.contains_key(*name))
    }
    fn generation(&self, _project: &Project, _app: &App) -> &'static str {
        "express"
    }
    fn entries(&self, project: &Project, app: &App) -> Vec<Entry> {
        let json = &package(project, app).json;
        let scripts = ["start", "dev", "serve"].iter().filter_map(|name| json["scripts"][*name].as_str());
        let named = json["main"].as_str().into_iter().chain(scripts.flat_map(str::split_whitespace));
        let mut entries: Vec<Entry> = named
            .filter_map(|path| project.file(&in_app(app, path.trim_start_matches("./"))))
            .filter(|file| matches!(file.kind, project::Kind::Code(_)))
            .map(|file| Entry { file: file.id, side: Side::Server, reason: "the first module of the server" })
            .collect();
        let usual = [
            "server",
            "src/server",
            "index",
            "src/index",
            "app",
            "src/app",
            "main",
            "src/main",
            "server/index",
        ];
        if entries.is_empty() {
            let first = first_code(project, app, &usual);
            entries.extend(first.map(|file| Entry {
                file: file.id,
                side: Side::Server,
                reason: "the first module of the server",
            }));
        }
        entries
    }
    fn public_prefix(&self) -> Option<&'static str> {
        None
    }
    fn env(&self, side: Side, name: &str) -> EnvAccess {
        process_env(side, name, None)
    }
    fn ignores(&self) -> &'static [&'static str] {
        &["node_modules", "dist", "*.log", ".env", ".env.*", "!.env.example"]
    }
}
