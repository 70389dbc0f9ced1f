//! Configuration: what each config file is for.

use edit::FileId;
use project::{File, Kind, Project};
use stack::{Side, Stack};

/// One configuration file.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file.
    pub file: FileId,
    /// `package-manifest`, `lockfile`, `typescript`, `bundler`, `framework`, `lint`, `test`, `host`, `container`, `workflow`, `env`,
    /// `database`, `ignore`, `editor`, `builder`, `tool`.
    pub kind: &'static str,
}

/// Every configuration file of the tree, by path.
pub(crate) fn read(project: &Project, stack: &Stack) -> Vec<Config> {
    let known = |file: &File| {
        let unknown = || (stack.side(file.id) == Side::Config).then_some("tool");
        Some(Config { file: file.id, kind: kind(file).or_else(unknown)? })
    };
    project.files.iter().filter_map(known).collect()
}

/// What a file configures, by its place and name.
pub fn kind(file: &File) -> Option<&'static str> {
    let (path, name) = (file.path.as_str(), file.path.name());
    if file.kind == Kind::Env {
        return Some("env");
    }
    let folders: Vec<&str> = file.path.folder().split('/').collect();
    if folders.contains(&"workflows") && folders.contains(&".github") || PIPELINES.contains(&name) {
        return Some("workflow");
    }
    if folders.contains(&".lovable") || folders.contains(&".bolt") {
        return Some("builder");
    }
    if name.starts_with("Dockerfile")
        || name.ends_with(".dockerfile")
        || name == ".dockerignore"
        || ((name.starts_with("docker-compose") || name.starts_with("compose.")) && file.kind == Kind::Yaml)
    {
        return Some("container");
    }
    if path.ends_with("supabase/config.toml") {
        return Some("database");
    }
    if matches!(file.kind, Kind::Json) && (name.starts_with("tsconfig") || name.starts_with("jsconfig")) {
        return Some("typescript");
    }
    // `name.config.ts` and its spellings.
    let stem = name.split('.').next().unwrap_or(name);
    if name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(".config.")) {
        return Some(STEMS.iter().find(|(stems, _)| stems.contains(&stem)).map_or("tool", |(_, kind)| kind));
    }
    if name.starts_with(".eslintrc") || name.starts_with(".prettierrc") || name == "biome.json" {
        return Some("lint");
    }
    NAMES.iter().find(|(names, _)| names.contains(&name)).map(|(_, kind)| *kind)
}

const PIPELINES: &[&str] =
    &[".gitlab-ci.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".travis.yml", "Jenkinsfile"];

/// What the tools of `name.config.ts` are for.
const STEMS: &[(&[&str], &str)] = &[
    (&["vite", "webpack", "rollup", "rspack", "tsup", "postcss", "tailwind", "babel", "metro"], "bundler"),
    (&["next", "app", "astro", "nuxt", "remix", "svelte"], "framework"),
    (&["eslint", "prettier"], "lint"),
    (&["vitest", "jest", "playwright", "cypress"], "test"),
    (&["drizzle", "knexfile", "ormconfig"], "database"),
    (&["ecosystem"], "host"),
];

const NAMES: &[(&[&str], &str)] = &[
    (
        &["package.json", "pnpm-workspace.yaml", ".npmrc", ".nvmrc", ".node-version", "bunfig.toml"],
        "package-manifest",
    ),
    (
        &[
            "package-lock.json",
            "npm-shrinkwrap.json",
            "pnpm-lock.yaml",
            "yarn.lock",
            "bun.lock",
            "bun.lockb",
            "deno.lock",
        ],
        "lockfile",
    ),
    (
        &[
            "vercel.json",
            ".vercelignore",
            "netlify.toml",
            "_redirects",
            "_headers",
            "wrangler.toml",
            "wrangler.json",
            "wrangler.jsonc",
            "fly.toml",
            "render.yaml",
            "railway.json",
            "railway.toml",
            "Procfile",
            "app.yaml",
            "firebase.json",
            ".firebaserc",
            ".htaccess",
            "nginx.conf",
        ],
        "host",
    ),
    (&["app.json", "eas.json"], "framework"),
    (
        &["firestore.rules", "storage.rules", "firestore.indexes.json", "knexfile.js", "knexfile.ts"],
        "database",
    ),
    (&[".gitignore", ".npmignore", ".eslintignore", ".prettierignore"], "ignore"),
    (&[".editorconfig", ".gitattributes"], "editor"),
    (&["components.json", "turbo.json", "deno.json", "migrate.toml"], "tool"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use edit::RelPath;
    use std::path::Path;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        let project = Project::from_texts(Path::new("t"), vec![(RelPath::new(path).unwrap(), String::new())]);
        let stack = Stack::detect(&project);
        let found: Vec<_> = read(&project, &stack).iter().map(|config| config.kind).collect();
        assert_eq!(found, if expected.is_empty() { vec![] } else { vec![expected] }, "{path}");
    }

    #[test]
    fn every_config_file_has_its_kind() {
        check("package.json", "package-manifest");
        check("bun.lockb", "lockfile");
        check("web/tsconfig.app.json", "typescript");
        check("vite.config.ts", "bundler");
        check("next.config.mjs", "framework");
        check("eslint.config.js", "lint");
        check("project/vercel.json", "host");
        check("public/_redirects", "host");
        check("Dockerfile", "container");
        check(".github/workflows/ci.yml", "workflow");
        check("server/.env.local", "env");
        check("supabase/config.toml", "database");
        check(".gitignore", "ignore");
        check(".lovable/project.json", "builder");
        check("capacitor.config.ts", "tool");
        check("src/settings.json", "");
        check("src/config.ts", "");
    }
}
