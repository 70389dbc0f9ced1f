//! AUDIT. The [`Survey`]: the inventory of what is there; and [`Finding`]: what is wrong. Data to data.

mod component;
pub mod config;
mod constant;
pub mod env;
pub mod finding;
pub mod guard;
pub mod handler;
mod identity;
pub mod memo;
pub mod query;
pub mod route;
pub mod secret;
pub mod session;
mod trace;

pub use constant::text as constant_text;
pub use finding::{Confidence, Finding, Related, Rule, Severity, Treatment};
pub use identity::is_hook;
pub use trace::on_deep_stacks;

use edit::{FileId, RelPath};
use project::Project;
use rayon::prelude::*;
use stack::Stack;
use std::collections::BTreeSet;

/// Everything that is there, for all codemods.
pub struct Survey<'p> {
    /// The tree.
    pub project: &'p Project,
    /// What it is made of.
    pub stack: &'p Stack,
    /// Environment names: reads, definitions, scope. Sorted by name.
    pub env: Vec<env::EnvName>,
    /// Reads whose name is computed: `process.env[name]`.
    pub dynamic_env: Vec<env::EnvRead>,
    /// Secrets and public-by-design keys, by path and place.
    pub secrets: Vec<secret::Secret>,
    /// Database clients, by path and place.
    pub clients: Vec<query::Client>,
    /// Database calls, by path and place.
    pub queries: Vec<query::Query>,
    /// Auth calls, tokens and sign-ins, by path and place.
    pub sessions: Vec<session::Session>,
    /// Guards, by path and place.
    pub guards: Vec<guard::Guard>,
    /// Pages, by path and place.
    pub routes: Vec<route::Route>,
    /// Whatever answers a request, by path and place.
    pub handlers: Vec<handler::Handler>,
    /// Configuration files, by path.
    pub configs: Vec<config::Config>,
    /// The database that the SQL of the tree makes.
    pub schema: schema::Schema,
    /// Files whose queries are left where they are: an earlier plan of this run could not keep its promises there.
    pub spared: BTreeSet<RelPath>,
    /// What codemods have worked out of the survey.
    pub memo: memo::Memo,
}

impl<'p> Survey<'p> {
    /// Reads the whole project once, in parallel.
    pub fn of(project: &'p Project, stack: &'p Stack) -> Self {
        Self::sparing(project, stack, BTreeSet::new())
    }

    /// [`Survey::of`] for a run that leaves the queries of some files alone.
    pub fn sparing(project: &'p Project, stack: &'p Stack, spared: BTreeSet<RelPath>) -> Self {
        Self { spared, ..on_deep_stacks(|| Self::read(project, stack)) }
    }

    /// Whether the queries of a file are left alone.
    pub fn spares(&self, file: FileId) -> bool {
        !self.spared.is_empty() && self.spared.contains(&self.project.get(file).path)
    }

    fn read(project: &'p Project, stack: &'p Stack) -> Self {
        let read = || {
            let (env, dynamic_env, secrets) = environment(project, stack);
            let (clients, queries) = query::read(project, stack);
            let sessions = session::read(project, stack, &clients);
            (env, dynamic_env, secrets, clients, queries, sessions)
        };
        let guarded = || {
            let mut routes = route::read(project, stack);
            let guards = guard::read(project, stack, &routes);
            for route in &mut routes {
                let around = |guard: &guard::Guard| guard.routes.contains(&route.url);
                route.guards = (0..guards.len()).filter(|at| around(&guards[*at])).collect();
            }
            (routes, guards, handler::read(project, stack), config::read(project, stack))
        };
        let ((env, dynamic_env, secrets, clients, queries, sessions), (schema, guarded)) =
            rayon::join(read, || rayon::join(|| schema_of(project), guarded));
        let (routes, guards, handlers, configs) = guarded;
        Self {
            project,
            stack,
            env,
            dynamic_env,
            secrets,
            clients,
            queries,
            sessions,
            guards,
            routes,
            handlers,
            configs,
            schema,
            spared: BTreeSet::new(),
            memo: memo::Memo::default(),
        }
    }

    /// The rotation list: every true secret that git has, once, with all its places.
    pub fn rotation(&self) -> Vec<secret::Rotation> {
        secret::rotation(&self.secrets)
    }

    /// The variable of this name.
    pub fn env_name(&self, name: &str) -> Option<&env::EnvName> {
        self.env.binary_search_by(|known| known.name.as_str().cmp(name)).ok().map(|at| &self.env[at])
    }
}

/// The variables, the reads of computed ones, and the secrets.
fn environment(
    project: &Project,
    stack: &Stack,
) -> (Vec<env::EnvName>, Vec<env::EnvRead>, Vec<secret::Secret>) {
    let of_file = |file| {
        let secrets = secret::of_file(file, stack);
        if file.skipped.is_some() {
            return (secrets, env::Reads::default(), Vec::new());
        }
        let reads = env::reads_of(file, stack.side(file.id), &secrets);
        (secrets, reads, env::definitions_of(file))
    };
    let files: Vec<_> = project.files.par_iter().map(of_file).collect();
    let (mut secrets, mut named, mut dynamic, mut definitions) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (own_secrets, reads, own_definitions) in files {
        secrets.extend(own_secrets);
        named.extend(reads.named);
        dynamic.extend(reads.dynamic);
        definitions.extend(own_definitions);
    }
    // Without git, and in a tree that is only planned, every file counts as tracked: a local env file that the tree's own
    // rules ignore is where values belong.
    for secret in secrets.iter_mut().filter(|secret| secret.tracked) {
        let path = &project.get(secret.span.file).path;
        secret.tracked = !(path.name().ends_with(".local") && project.ignores_file(path.as_str()));
    }
    let env = env::gather(project, stack, named, definitions, &secrets);
    secret::name_all(project, &mut secrets, &env);
    (env, dynamic, secrets)
}

/// The database of the SQL files and of the generated types.
fn schema_of(project: &Project) -> schema::Schema {
    let foreign = foreign_migrations(project);
    let elsewhere = |path: &str| foreign.iter().any(|folder| path.starts_with(&format!("{folder}/")));
    let read = || project.files.iter().filter(|file| file.skipped.is_none());
    let types = read()
        .filter(|file| matches!(file.kind, project::Kind::Code(_)) && file.text.contains("Tables: {"))
        .filter_map(|file| schema::types::Types::declared(file.id, file.syntax()?.0));
    let sources: Vec<_> = read()
        .filter(|file| file.kind == project::Kind::Sql && !elsewhere(file.path.as_str()))
        .map(|file| schema::Source { file: file.id, path: file.path.as_str(), text: &file.text })
        .collect();
    schema::Schema::with(&sources, types)
}

/// Folders of migrations for another kind of database than PostgreSQL, by what Prisma (`migration_lock.toml`) and Drizzle
/// (`meta/_journal.json`) write beside them.
fn foreign_migrations(project: &Project) -> Vec<&str> {
    let folder_of = |file: &'_ project::File| match file.path.name() {
        "migration_lock.toml" => ["sqlite", "mysql", "sqlserver", "mongodb"]
            .iter()
            .any(|kind| file.text.contains(&format!("provider = \"{kind}\"")))
            .then(|| file.path.folder().len()),
        "_journal.json" => ["sqlite", "turso", "mysql", "singlestore"]
            .iter()
            .any(|kind| file.text.contains(&format!("\"dialect\": \"{kind}\"")))
            .then(|| file.path.folder().len().saturating_sub("/meta".len())),
        _ => None,
    };
    let files = project.files.iter();
    files
        .filter_map(|file| Some(&file.path.as_str()[..folder_of(file)?]))
        .filter(|folder| !folder.is_empty())
        .collect()
}
