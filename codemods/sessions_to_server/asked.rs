//! The clients that pages ask, each with its uses; those of a second project apart.

use super::client::{self, Client, Refused};
use super::facade;
use super::uses::{self, Use};
use crate::queries_to_server::is_sessionless;
use audit::Survey;
use edit::Span;
use stack::server::in_app;
use std::sync::Arc;
use syntax::view::enclosing_function;

/// What pages ask.
#[derive(Default)]
pub(super) struct Asked {
    /// The clients of the app's own project that somebody asks: one that nobody asks is left to those who tidy up.
    pub(super) clients: Vec<(Client, Vec<Use>)>,
    /// The calls that make a client of another project, where nobody signs in: such a client stays as it is.
    pub(super) foreign: Vec<Span>,
    /// The calls within functions that make a client which keeps no session: such a client stays as well.
    pub(super) apart: Vec<Span>,
    /// The calls that make a client in a way that cannot move.
    pub(super) refused: Vec<Refused>,
}

/// All of them, found once.
pub(super) fn of(survey: &Survey<'_>) -> Arc<Asked> {
    survey.memo.of(|| found(survey))
}

fn found(survey: &Survey<'_>) -> Asked {
    let mut asked = Asked::default();
    for one in client::clients(survey) {
        match one {
            Ok(client) => {
                let uses = uses::of(survey, &client);
                if !uses.is_empty() {
                    asked.clients.push((client, uses));
                }
            }
            Err(refused) => asked.refused.push(refused),
        }
    }
    let signs_in = |(_, uses): &&(Client, Vec<Use>)| uses.iter().any(|one| one.what.is_auth());
    let own = asked.clients.iter().find(signs_in).map(|(client, _)| client.url.clone());
    if own.is_some() || have_moved(survey) {
        let (apart, refused): (Vec<_>, Vec<_>) =
            asked.refused.into_iter().partition(|refused| is_apart(survey, refused.span));
        asked.refused = refused;
        asked.apart = apart.into_iter().map(|one| one.span).collect();
    }
    let Some(own) = own else { return asked };
    let is_other = |one: &(Client, Vec<Use>)| !signs_in(&one) && !facade::same(survey, &own, &one.0.url);
    let other = asked.clients.iter().filter(|one| is_other(one)).map(|(client, _)| client.span(survey));
    asked.foreign = other.collect();
    let foreign = asked.foreign.clone();
    asked.clients.retain(|(client, _)| !foreign.contains(&client.span(survey)));
    asked
}

/// Whether a call within a function makes a client that keeps no session: what it knows of a visitor ends with the function.
fn is_apart(survey: &Survey<'_>, call: Span) -> bool {
    let node = || uses::node(survey, call).and_then(|(_, call)| enclosing_function(call));
    let mut known = survey.clients.iter().filter(|client| client.span == call);
    known.any(|client| is_sessionless(survey, client)) && node().is_some()
}

/// Whether a client is made by a call for another project than the app's own. Once sessions have moved, pages make no other.
pub(super) fn is_foreign(survey: &Survey<'_>, call: Span) -> bool {
    let asked = of(survey);
    let is_left = || {
        asked
            .clients
            .iter()
            .any(|(client, uses)| client.span(survey) == call && !uses.iter().any(|one| one.what.is_auth()))
    };
    asked.foreign.contains(&call) || asked.apart.contains(&call) || have_moved(survey) && is_left()
}

/// Whether the server that keeps the sessions stands there already.
pub(super) fn have_moved(survey: &Survey<'_>) -> bool {
    let (Some(app), Some(server)) = (survey.project.apps.first(), survey.stack.server) else { return false };
    let session = server
        .session_folder()
        .and_then(|folder| in_app(app, &format!("{folder}/session.server.ts")))
        .and_then(|path| survey.project.file(path.as_str()));
    server.is_there(survey.project, app) || session.is_some()
}
