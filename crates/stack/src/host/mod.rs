//! Hosts: Vercel, Netlify, Docker, Cloudflare, plain Node. One line each in [`ALL`].

use project::Project;

/// A host.
pub trait Host: Sync {
    /// `vercel`, `netlify`, `docker`, `cloudflare`, `node`.
    fn id(&self) -> &'static str;
    /// Files that show it is in use, seen from the root or an app; a folder ends in `/`.
    fn files(&self) -> &'static [&'static str];
}

/// A host that is fully said by its files.
struct Plain {
    id: &'static str,
    files: &'static [&'static str],
}

impl Host for Plain {
    fn id(&self) -> &'static str {
        self.id
    }
    fn files(&self) -> &'static [&'static str] {
        self.files
    }
}

/// All hosts.
pub static ALL: &[&dyn Host] = &[
    &Plain { id: "vercel", files: &["vercel.json", ".vercelignore", ".vercel/"] },
    &Plain { id: "netlify", files: &["netlify.toml", "netlify/", "public/_redirects", ".netlify/"] },
    &Plain {
        id: "docker",
        files: &["Dockerfile", "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml"],
    },
    &Plain { id: "cloudflare", files: &["wrangler.toml", "wrangler.json", "wrangler.jsonc"] },
    &Plain {
        id: "node",
        files: &[
            "Procfile",
            "ecosystem.config.js",
            "ecosystem.config.cjs",
            "render.yaml",
            "fly.toml",
            "railway.json",
        ],
    },
];

/// The hosts that the tree is configured for.
pub(crate) fn configured(project: &Project) -> Vec<&'static dyn Host> {
    let mut folders: Vec<&str> = project.apps.iter().map(|app| app.folder.as_str()).collect();
    folders.push("");
    let there = |name: &str| {
        folders.iter().any(|folder| {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            match path.strip_suffix('/') {
                Some(inside) => {
                    project.output_folders.iter().any(|(output, _)| output.as_str() == inside)
                        || project.files.iter().any(|file| file.path.as_str().starts_with(&path))
                }
                None => project.file(&path).is_some(),
            }
        })
    };
    ALL.iter().filter(|host| host.files().iter().any(|name| there(name))).copied().collect()
}
