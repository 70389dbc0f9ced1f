//! The functions of packages that make a client.

use stack::backend::package_of;

/// The backend of the client that calling `name` of a package makes; `None` if that makes no client.
pub(crate) fn backend(specifier: &str, name: &str) -> Option<&'static str> {
    let package = package_of(specifier);
    match name {
        "createClient"
        | "createBrowserClient"
        | "createServerClient"
        | "createClientComponentClient"
        | "createServerComponentClient"
        | "createRouteHandlerClient"
        | "createServerActionClient"
        | "createMiddlewareClient"
        | "createPagesBrowserClient"
        | "createPagesServerClient"
        | "createBrowserSupabaseClient"
        | "createServerSupabaseClient"
        | "createMiddlewareSupabaseClient"
        | "useSupabaseClient"
        | "SupabaseClient"
            if package.starts_with("@supabase/") =>
        {
            Some("supabase")
        }
        _ => None,
    }
}

/// Words one of which stands in every file that makes a client.
pub(super) const TOKENS: &[&str] = &["createClient", "create", "SupabaseClient"];

/// Whether the maker reads the session from the cookies of a request.
pub(super) fn reads_cookies(name: &str) -> bool {
    name.contains("Server") || name.contains("RouteHandler") || name.contains("Middleware")
}
