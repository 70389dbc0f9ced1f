//! The clients of the pages with their session in cookies.

use crate::queries_to_server::keeps_cookies;
use crate::sessions_to_server::client::{Client, made_by};
use crate::sessions_to_server::getter::{COOKIES, makes_with_cookies};
use audit::Survey;
use edit::Span;
use project::File;
use syntax::Node;

pub(super) const ODD: &str = "makes the client in a way that cannot be followed. Let one function without parameters make it and return it.";

/// The clients, and the calls that make one which nothing follows.
pub(super) fn made(survey: &Survey<'_>) -> (Vec<Client>, Vec<Span>) {
    let maker = |file: &File, call: Node<'_>| makes_with_cookies(survey, file, call);
    // One that keeps its session in cookies from now on.
    let plain = |file: &File, call: Node<'_>| {
        let span = file.span(call.byte_range());
        survey
            .clients
            .iter()
            .any(|client| client.span == span && keeps_cookies(survey, client) && !maker(file, call))
    };
    let found = made_by(survey, COOKIES, &maker).into_iter();
    let (mut clients, mut odd) = (Vec::new(), Vec::new());
    for one in found.chain(made_by(survey, "createClient", &plain)) {
        match one {
            Ok(client) => clients.push(client),
            Err(refused) => odd.push(refused.span),
        }
    }
    // In place of settings that are missing, it may be given anything.
    odd.retain(|span: &Span| !clients.iter().any(|client: &Client| makes(survey, client, *span)));
    // One function may make it in several places: what it is given otherwise than in place of settings counts.
    let mut known: Vec<Client> = Vec::new();
    for client in clients {
        match known.iter_mut().find(|one| one.file == client.file && one.name == client.name) {
            Some(one) if one.url.names.is_empty() => *one = client,
            Some(_) => {}
            None => known.push(client),
        }
    }
    // What all have in common stands beside one that others import.
    known.sort_by_key(|client| client.getter.as_ref().is_some_and(|getter| getter.inline));
    (known, odd)
}

/// Whether a call makes the client, or is made in its place by the same function.
pub(super) fn makes(survey: &Survey<'_>, client: &Client, call: Span) -> bool {
    survey.project.get(client.file).span(client.value.clone()).covers(call)
}
