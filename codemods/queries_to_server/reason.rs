//! Why a query does not become a server function, and what to do about it.

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reason {
    /// Its id.
    pub(super) id: &'static str,
    /// The trouble and what to do.
    pub(super) message: String,
}

impl Reason {
    fn new(id: &'static str, message: impl Into<String>) -> Self {
        Self { id, message: message.into() }
    }

    pub(super) fn spared() -> Self {
        Self::new(
            "spared",
            "Its file is left as it is, for the rewrite would not be as promised. Move this query to the server by hand.",
        )
    }

    pub(super) fn builder_variable() -> Self {
        Self::new(
            "builder-variable",
            "The query is kept in a variable and changed later. Build it in one expression, or write a server function with the conditions as inputs.",
        )
    }

    pub(super) fn builder_argument() -> Self {
        Self::new(
            "builder-argument",
            "The query builder is passed on (conditional, argument or property). Await it here, or move the whole function to the server.",
        )
    }

    pub(super) fn never_sent(operation: &str) -> Self {
        Self::new(
            "never-sent",
            format!("This {operation} is never sent: the query is not awaited. Await it, or remove it."),
        )
    }

    pub(super) fn table() -> Self {
        Self::new("table-not-literal", "The table name is computed. Write one call per table.")
    }

    pub(super) fn function() -> Self {
        Self::new(
            "function-not-literal",
            "The name of the function is computed, and its callers do not tell what it can be. Write one call per function.",
        )
    }

    pub(super) fn column() -> Self {
        Self::new(
            "column-not-literal",
            "The column list (or column) is computed, so any column could be read. Write the columns that are needed.",
        )
    }

    pub(super) fn no_rows(name: &str) -> Self {
        Self::new(
            "no-rows",
            format!(
                "{name}() asks for the row of a write that answers none, so `data` is never there. Write `.select()` before it."
            ),
        )
    }

    pub(super) fn method(name: &str) -> Self {
        Self::new(
            "method",
            format!("{name}() has no counterpart over HTTP. Move this query to the server by hand."),
        )
    }

    pub(super) fn arguments(name: &str) -> Self {
        Self::new(
            "method",
            format!(
                "{name}() is called with options that are computed. Write them in place, or move this query to the server by hand."
            ),
        )
    }

    pub(super) fn edge_function() -> Self {
        Self::new(
            "edge-function",
            "This call needs more of the edge function's answer, or sends more, than a body and an answer in JSON. Call it from a server function by hand.",
        )
    }

    pub(super) fn result(field: &str) -> Self {
        Self::new(
            "result-shape",
            format!("`{field}` of the answer is used; only data, error, count and status cross the network."),
        )
    }

    pub(super) fn error_class() -> Self {
        Self::new(
            "result-shape",
            "The error is tested with `instanceof`; errors are plain objects once they have crossed the network. Test its code or name.",
        )
    }

    pub(super) fn input(thing: &str) -> Self {
        Self::new("input-shape", format!("{thing} does not survive JSON. Send a string or a number."))
    }

    pub(super) fn columns_unknown(table: &str) -> Self {
        Self::new(
            "columns-unknown",
            format!(
                "A whole object is written, and neither generated types nor SQL tell the columns of `{table}`. Run `supabase gen types`, or list the columns here."
            ),
        )
    }

    pub(super) fn filter_text() -> Self {
        Self::new(
            "filter-text",
            "The filter text is put together in a way that cannot be taken apart, so a value could change the filter. Write separate filters.",
        )
    }

    pub(super) fn syntax() -> Self {
        Self::new("syntax", "The code around this query has a syntax error. Mend it first.")
    }

    pub(super) fn client() -> Self {
        Self::new(
            "client-value",
            "Which database client this is cannot be told. Call the imported client here.",
        )
    }

    pub(super) fn parallel() -> Self {
        Self::new(
            "parallel-read",
            "It is read beside others or again and again, and server functions of a page run one after the other. Read it in the page's server component, or in a route handler.",
        )
    }

    pub(super) fn both_sides() -> Self {
        Self::new(
            "both-sides",
            "Its module runs on the server too, where there may be no visitor to ask for (a build, a cache). Give pages a module of their own for it.",
        )
    }

    pub(super) fn body_size() -> Self {
        Self::new(
            "body-size",
            "It may carry a file as text, and a call of a server function takes 1 MB at most. Upload the file to storage and write its address.",
        )
    }

    pub(super) fn web_storage(why: Option<&str>) -> Self {
        let message = "The client of this query keeps its session in web storage, where the server does not see it. Make it with `createBrowserClient` of `@supabase/ssr`.";
        let why = why.map_or(message.to_owned(), |why| format!("{message} {why}"));
        Self::new("web-storage", &why)
    }

    pub(super) fn admin() -> Self {
        Self::new(
            "admin-key",
            "This query runs with a key that bypasses row level security. Write a policy that allows it, or a server function that checks the right first.",
        )
    }
}
