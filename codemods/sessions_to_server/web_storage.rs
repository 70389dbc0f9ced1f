//! Reads of the session where the library kept it: in web storage. Where code waits anyway it asks for the session as the library would
//! have written it; where only its being there counts, a note in web storage says whether somebody is signed in.

use super::client::{Client, in_browser};
use super::uses;
use audit::Survey;
use edit::{Edit, Span};
use project::File;
use regex::Regex;
use std::sync::LazyLock;
use syntax::Node;
use syntax::view::{arguments, callee, enclosing_function, wrapped};

/// Gives the session as the library wrote it, without what renews it.
pub(super) const SESSION: &str = "sessionAsStored";
/// Whether somebody is signed in, as far as this browser knows.
pub(super) const SIGNED_IN: &str = "wasSignedIn";

/// What becomes of such reads.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) edits: Vec<Edit>,
    /// Reads of the session.
    pub(super) sessions: Vec<Span>,
    /// Reads of which only counts whether there is something.
    pub(super) signs: Vec<Span>,
    /// Those that find nothing any more, and go on without.
    pub(super) missed: Vec<Span>,
    /// Those for which nothing can stand, with the reason.
    pub(super) kept: Vec<(Span, String)>,
}

/// All of them.
pub(super) fn of(survey: &Survey<'_>) -> Stored {
    let mut stored = Stored::default();
    // The old name of the place is nobody's, unless the app says so.
    let renamed = uses::code(survey).any(|file| file.text.contains("storageKey"));
    let words: &[&str] = if renamed { &["-auth-token", "supabase.auth.token"] } else { &["-auth-token"] };
    for file in uses::code(survey).filter(|file| in_browser(survey.stack.side(file.id))) {
        for word in words {
            for (at, _) in file.text.match_indices(word) {
                stored.read(file, at..at + word.len());
            }
        }
    }
    stored
}

/// A template that forgets what the library kept, also under the name that a client gives it.
pub(super) fn forgetting(survey: &Survey<'_>, clients: &[Client], text: String) -> String {
    static NAMED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"storageKey:\s*["']([\w.:-]+)["']"#).expect("a valid pattern"));
    let mut names: Vec<String> = clients
        .iter()
        .flat_map(|client| NAMED.captures_iter(&survey.project.get(client.file).text))
        .map(|found| format!(" || key.startsWith(\"{}\")", &found[1]))
        .collect();
    names.dedup();
    let test = "/^sb-.+-auth-token/.test(key)";
    if names.is_empty() { text } else { text.replace(test, &format!("{test}{}", names.concat())) }
}

impl Stored {
    fn read(&mut self, file: &File, word: std::ops::Range<usize>) {
        let line = file.text[..word.start].rfind('\n').map_or(0, |start| start + 1);
        let line = file.text[line..].lines().next().unwrap_or("");
        if !line.contains("Storage") || !line.contains("getItem") {
            self.read_elsewhere(file, word);
            return;
        }
        let call = file.syntax().and_then(|(tree, scopes)| {
            let mut node = tree.node_at(word.clone())?;
            while node.kind() != "call_expression" {
                node = node.parent()?;
            }
            let called = tree.text(callee(node)?);
            let plain = called.ends_with("localStorage.getItem") && arguments(node).len() == 1;
            let is_free = |name: &str| !scopes.bindings.iter().any(|binding| binding.name == name);
            (plain && is_free(SESSION) && is_free(SIGNED_IN)).then_some((tree, node))
        });
        let waits = |node| {
            let function = enclosing_function(node);
            function.zip(call).is_some_and(|(function, (tree, _))| tree.text(function).starts_with("async"))
        };
        match call {
            Some((_, node)) if uses::is_test(wrapped(node)) => {
                let span = file.span(truth(node).byte_range());
                self.signs.push(span);
                self.edits.push(Edit::replace(span, format!("{SIGNED_IN}()")));
            }
            Some((_, node)) if waits(node) => {
                let span = file.span(node.byte_range());
                let parent = wrapped(node).parent().map_or("", |parent| parent.kind());
                let asked = format!("await {SESSION}()");
                let bound = matches!(parent, "non_null_expression" | "member_expression" | "call_expression");
                let text = if bound { format!("({asked})") } else { asked };
                self.sessions.push(span);
                self.edits.push(Edit::replace(span, text));
            }
            _ => {
                let why = "reads the session from web storage, where it is no longer. Ask the client for it.";
                self.kept.push((file.span(word), why.to_owned()));
            }
        }
    }
}

impl Stored {
    /// The name of the place, which another line of the same function reads.
    fn read_elsewhere(&mut self, file: &File, word: std::ops::Range<usize>) {
        let Some((tree, _)) = file.syntax() else { return };
        let Some(node) = tree.node_at(word.clone()) else { return };
        let function = enclosing_function(node);
        let text = function.map_or(&*file.text, |function| tree.text(function));
        let named = std::iter::successors(Some(node), |node| node.parent())
            .find(|node| node.kind() == "variable_declarator")
            .and_then(|declarator| declarator.child_by_field_name("name"))
            .map(|name| tree.text(name));
        let reads = match named {
            Some(name) => text.contains(&format!("getItem({name})")),
            None => function.is_some() && text.contains("Storage.getItem("),
        };
        let parses = text.contains("JSON.parse(");
        let span = file.span(word);
        // What carries the token to the server of the framework has its place there.
        if file.text.contains("createMiddleware(") {
            return;
        }
        if reads && parses && text.contains("access_token") && !text.contains("user") {
            let why =
                "reads the access token from web storage, where it is no longer. Ask the client for it.";
            self.kept.push((span, why.to_owned()));
        } else if reads && parses {
            self.missed.push(span);
        }
    }
}

/// `!!localStorage.getItem(…)` and `localStorage.getItem(…) !== null` as a whole: both say whether there is something.
fn truth(node: Node<'_>) -> Node<'_> {
    fn not(node: Node<'_>) -> Option<Node<'_>> {
        wrapped(node).parent().filter(|parent| {
            parent.kind() == "unary_expression"
                && parent.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "!")
        })
    }
    let is_null = |node: Node<'_>| matches!(node.kind(), "null" | "undefined");
    let compared = wrapped(node).parent().filter(|parent| {
        let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
        matches!(operator, "!==" | "!=") && parent.child_by_field_name("right").is_some_and(is_null)
    });
    compared.or_else(|| not(node).and_then(not)).unwrap_or(node)
}
