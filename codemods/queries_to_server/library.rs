//! The modules that server functions need beside them, by the server that they are written for.

/// A module: its name, what it exports for functions (nothing: it is always there), and its text.
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) exports: &'static str,
    pub(super) text: &'static str,
}

const fn module(name: &'static str, exports: &'static str, text: &'static str) -> Module {
    Module { name, exports, text }
}

const BESIDE: &[Module] = &[
    module("filter", "quoted", include_str!("templates/vite/lib/filter.ts")), // templates/
    module("json", "json", include_str!("templates/vite/lib/json.ts")),       // templates/
    module("untyped", "untyped", include_str!("templates/vite/lib/untyped.ts")), // templates/
];
const WITHIN: &[Module] = &[
    module("filter", "quoted", include_str!("templates/next/filter.ts")), // templates/
    module("json", "json", include_str!("templates/next/json.ts")),       // templates/
    module("untyped", "untyped", include_str!("templates/next/untyped.ts")), // templates/
    module("result", "", include_str!("templates/next/result.ts")),       // templates/
    module("session", "", include_str!("templates/next/session.ts")),     // templates/
    module("input", "checked", include_str!("templates/next/input.ts")),  // templates/
    module("response", "toResponse", include_str!("templates/next/response.ts")), // templates/
];

/// [`WITHIN`]'s `input` where the app's client knows the types of the tables.
pub(super) const TYPED_INPUT: &str = include_str!("templates/next/input.typed.ts");

/// [`WITHIN`]'s `session` where the app has no function that makes a client from the cookies of a request.
pub(super) const MADE_SESSION: &str = include_str!("templates/next/session.made.ts");

/// Through which pages read from an address.
pub(super) const READ: &str = include_str!("templates/next/read.ts"); // templates/

/// The modules for a server that holds the sessions already, or for one that is put beside the app.
pub(super) fn modules(holds_sessions: bool) -> &'static [Module] {
    if holds_sessions { WITHIN } else { BESIDE }
}

/// Names of modules that no table's functions may take.
pub(super) fn is_taken(name: &str) -> bool {
    // What checks the visitor of a page stands beside them.
    name == "guard" || WITHIN.iter().any(|module| module.name == name)
}
