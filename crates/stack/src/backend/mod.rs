//! Backends: Supabase, Firebase, databases with their drivers. One line each in [`ALL`].

use crate::Side;
use project::Project;
use syntax::module::ImportKind;

/// A backend.
pub trait Backend: Sync {
    /// `supabase`, `firebase`, `postgres`, `mongo`, …
    fn id(&self) -> &'static str;
    /// Packages that bring it.
    fn packages(&self) -> &'static [&'static str];
    /// Environment names that its SDKs read by themselves, never named in code (`POSTGRES_URL`), by package.
    fn implicit_env(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// A backend that is fully said by its packages.
struct Plain {
    id: &'static str,
    packages: &'static [&'static str],
    implicit_env: &'static [(&'static str, &'static str)],
}

impl Backend for Plain {
    fn id(&self) -> &'static str {
        self.id
    }
    fn packages(&self) -> &'static [&'static str] {
        self.packages
    }
    fn implicit_env(&self) -> &'static [(&'static str, &'static str)] {
        self.implicit_env
    }
}

/// All backends.
pub static ALL: &[&dyn Backend] = &[
    &Plain {
        id: "supabase",
        packages: &[
            "@supabase/supabase-js",
            "@supabase/ssr",
            "@supabase/auth-helpers-nextjs",
            "@supabase/auth-helpers-react",
        ],
        implicit_env: &[
            ("@supabase/auth-helpers-nextjs", "NEXT_PUBLIC_SUPABASE_URL"),
            ("@supabase/auth-helpers-nextjs", "NEXT_PUBLIC_SUPABASE_ANON_KEY"),
        ],
    },
    &Plain {
        id: "firebase",
        packages: &["firebase", "firebase-admin"],
        implicit_env: &[("firebase-admin", "GOOGLE_APPLICATION_CREDENTIALS")],
    },
    &Plain {
        id: "postgres",
        packages: &[
            "pg",
            "postgres",
            "@neondatabase/serverless",
            "@vercel/postgres",
            "drizzle-orm",
            "@prisma/client",
        ],
        implicit_env: &[("@vercel/postgres", "POSTGRES_URL"), ("@prisma/client", "DATABASE_URL")],
    },
    &Plain {
        id: "mysql",
        packages: &["mysql", "mysql2", "sequelize", "@planetscale/database"],
        implicit_env: &[],
    },
    &Plain { id: "mongo", packages: &["mongodb", "mongoose"], implicit_env: &[] },
    &Plain {
        id: "sqlite",
        packages: &["better-sqlite3", "sqlite3", "sqlite", "@libsql/client"],
        implicit_env: &[],
    },
    &Plain {
        id: "redis",
        packages: &["redis", "ioredis", "@upstash/redis", "@vercel/kv"],
        implicit_env: &[("@vercel/kv", "KV_REST_API_URL"), ("@vercel/kv", "KV_REST_API_TOKEN")],
    },
    &Plain { id: "convex", packages: &["convex"], implicit_env: &[] },
];

/// Names that SDKs of other services read by themselves, by package.
static SERVICES: &[(&str, &str)] = &[
    ("@vercel/blob", "BLOB_READ_WRITE_TOKEN"),
    ("@ai-sdk/gateway", "AI_GATEWAY_API_KEY"),
    ("ai", "AI_GATEWAY_API_KEY"),
    ("openai", "OPENAI_API_KEY"),
    ("@ai-sdk/openai", "OPENAI_API_KEY"),
    ("@anthropic-ai/sdk", "ANTHROPIC_API_KEY"),
    ("@ai-sdk/anthropic", "ANTHROPIC_API_KEY"),
    ("@ai-sdk/groq", "GROQ_API_KEY"),
    ("groq-sdk", "GROQ_API_KEY"),
    ("@ai-sdk/google", "GOOGLE_GENERATIVE_AI_API_KEY"),
    ("next-auth", "NEXTAUTH_SECRET"),
    ("next-auth", "NEXTAUTH_URL"),
    ("better-auth", "BETTER_AUTH_SECRET"),
    ("better-auth", "BETTER_AUTH_URL"),
    ("@clerk/nextjs", "CLERK_SECRET_KEY"),
    ("@clerk/nextjs", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"),
    ("@auth0/nextjs-auth0", "AUTH0_SECRET"),
    ("@auth0/nextjs-auth0", "AUTH0_DOMAIN"),
    ("@auth0/nextjs-auth0", "AUTH0_CLIENT_ID"),
    ("@auth0/nextjs-auth0", "AUTH0_CLIENT_SECRET"),
];

/// Package and name of every variable that an SDK reads by itself.
pub fn implicit_env() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALL.iter().flat_map(|backend| backend.implicit_env()).chain(SERVICES).copied()
}

/// The backends that code which runs asks for. A dependency that nothing imports, and a client module that nothing reaches, do
/// not count.
pub(crate) fn in_use(project: &Project, sides: &[Side]) -> Vec<&'static dyn Backend> {
    let running =
        project.files.iter().filter(|file| !matches!(sides[file.id.0 as usize], Side::None | Side::Config));
    let asked: std::collections::BTreeSet<&str> = running
        .flat_map(|file| {
            let imports = file.module.imports.iter().enumerate();
            let kept = imports.filter(|(at, import)| {
                !import.type_only && import.kind != ImportKind::Url && !file.elided.contains(at)
            });
            kept.map(|(_, import)| package_of(&import.specifier))
        })
        .collect();
    ALL.iter()
        .filter(|backend| backend.packages().iter().any(|package| asked.contains(package)))
        .copied()
        .collect()
}

/// The package behind a specifier: `firebase/auth`, `npm:@scope/part@2/sub` and `https://esm.sh/@scope/part@2` name one each.
pub fn package_of(specifier: &str) -> &str {
    let mut rest = specifier;
    for prefix in [
        "npm:",
        "jsr:",
        "https://esm.sh/",
        "https://cdn.skypack.dev/",
        "https://cdn.jsdelivr.net/npm/",
        "https://unpkg.com/",
    ] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let scope = if rest.starts_with('@') { rest.find('/').map_or(rest.len(), |at| at + 1) } else { 0 };
    let end = rest[scope..].find(['/', '@', '?']).map_or(rest.len(), |at| scope + at);
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::package_of;

    #[test]
    fn the_package_is_found_in_every_spelling() {
        for specifier in [
            "@scope/part",
            "@scope/part/sub",
            "npm:@scope/part@2.1",
            "https://esm.sh/@scope/part@2?target=deno",
        ] {
            assert_eq!(package_of(specifier), "@scope/part");
        }
        assert_eq!(package_of("firebase/auth"), "firebase");
        assert_eq!(package_of("@"), "@");
    }
}
