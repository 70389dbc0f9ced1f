//! An app with two files of types: its pages know the database by one, its functions by the other. Each keeps its own.

/// The middleware, which hands on a client of the types that the functions know: the module and the name; `None` where they know none.
pub(super) fn middleware(text: &str, types: Option<(String, String)>) -> String {
    let (imported, client) = match types {
        Some((module, name)) => {
            (format!("import type {{ {name} }} from \"{module}\";\n"), format!("SupabaseClient<{name}>"))
        }
        None => (String::new(), "SupabaseClient".to_owned()),
    };
    let head = "import { createMiddleware } from \"@tanstack/react-start\";\n"; // templates/
    let session = "from \"./session.server\";\n";
    text.replace(head, &format!("import type {{ SupabaseClient }} from \"@supabase/supabase-js\";\n{head}"))
        .replace(session, &format!("{session}{imported}"))
        .replacen(
            "context: { supabase, ",
            &format!("context: {{ supabase: supabase as unknown as {client}, "),
            1,
        )
}

/// The functions' own middleware, which takes the client by the types that the pages know.
pub(super) fn query(text: &str, session: &str) -> String {
    let middleware = "import { requireSupabaseAuth, withSupabase }";
    let handed = "context: { db: supabase, ";
    if !text.contains(handed) {
        return text.to_owned();
    }
    text.replacen(handed, "context: { db: supabase as unknown as Db, ", 1).replacen(
        middleware,
        &format!("import type {{ Db }} from \"{session}\";\n{middleware}"),
        1,
    )
}
