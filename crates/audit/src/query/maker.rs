//! The functions of packages that make a client, and the clients that packages have ready.

use crate::trace::Api;
use stack::backend::package_of;

/// What a client of a package is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) backend: &'static str,
    pub(crate) api: Api,
}

/// The client that calling `name` of a package makes; `None` if that makes no client.
pub(crate) fn of(specifier: &str, name: &str) -> Option<Made> {
    let package = package_of(specifier);
    let made = |backend, api| Some(Made { backend, api });
    if package.starts_with("@supabase/") && SUPABASE.contains(&name) {
        return made("supabase", Api::Supabase);
    }
    if specifier.starts_with("drizzle-orm/") && name == "drizzle" {
        let backend = match specifier {
            other if other.contains("mysql") || other.contains("planetscale") => "mysql",
            other if other.contains("sqlite") || other.contains("libsql") || other.contains("d1") => "sqlite",
            _ => "postgres",
        };
        return made(backend, Api::Drizzle);
    }
    match (package, name) {
        (
            "firebase" | "firebase-admin" | "@firebase/firestore",
            "getFirestore" | "initializeFirestore" | "firestore",
        ) => made("firebase", Api::Firestore),
        ("firebase" | "firebase-admin", "getDatabase" | "database" | "getStorage" | "getFunctions") => {
            made("firebase", Api::Firebase)
        }
        ("@neondatabase/serverless", "neon" | "Pool" | "Client")
        | ("pg", "Pool" | "Client")
        | ("postgres", "default")
        | ("@vercel/postgres", "createPool" | "createClient") => made("postgres", Api::Sql),
        ("mysql" | "mysql2", "createPool" | "createConnection")
        | ("@planetscale/database", "connect" | "Client") => made("mysql", Api::Sql),
        ("better-sqlite3" | "bun:sqlite" | "sql.js", "default" | "Database")
        | ("sqlite3", "Database" | "default")
        | ("sqlite", "open")
        | ("@libsql/client", "createClient")
        | ("expo-sqlite", "openDatabaseSync" | "openDatabaseAsync" | "openDatabase") => {
            made("sqlite", Api::Sql)
        }
        (_, "PrismaClient") if specifier.contains("prisma") => made("postgres", Api::Prisma),
        ("sequelize", "Sequelize" | "default") => made("mysql", Api::Sequelize),
        ("mongodb", "MongoClient") => made("mongo", Api::Mongo),
        ("@vercel/kv" | "redis", "createClient")
        | ("@upstash/redis", "Redis")
        | ("ioredis", "default" | "Redis") => made("redis", Api::KeyValue),
        _ => None,
    }
}

const SUPABASE: &[&str] = &[
    "createClient",
    "createBrowserClient",
    "createServerClient",
    "createClientComponentClient",
    "createServerComponentClient",
    "createRouteHandlerClient",
    "createServerActionClient",
    "createMiddlewareClient",
    "createPagesBrowserClient",
    "createPagesServerClient",
    "createBrowserSupabaseClient",
    "createServerSupabaseClient",
    "createMiddlewareSupabaseClient",
    "useSupabaseClient",
    "SupabaseClient",
];

/// The client that a package exports ready made.
pub(crate) fn ready(specifier: &str, name: &str) -> Option<Made> {
    match (package_of(specifier), name) {
        ("@vercel/postgres", "sql" | "db") => Some(Made { backend: "postgres", api: Api::Sql }),
        ("@vercel/kv", "kv" | "default") => Some(Made { backend: "redis", api: Api::KeyValue }),
        _ => None,
    }
}

/// Whether the maker reads the session from the cookies of a request.
pub(super) fn reads_cookies(name: &str) -> bool {
    name.contains("Server") || name.contains("RouteHandler") || name.contains("Middleware")
}
