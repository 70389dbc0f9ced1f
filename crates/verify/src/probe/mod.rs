//! The probes: what is asked of a server that runs. Each says pass, fail, or not run and why.

pub(crate) mod boot;
pub(crate) mod calls;
pub(crate) mod database;
pub(crate) mod documents;
mod kept;
mod payload;
pub(crate) mod session;
mod visitor;

pub(crate) use visitor::Visitor;

use crate::http::Request;
use crate::server::Server;
use crate::standin::Standin;
use audit::Survey;
use stack::production::{Calls, Production, ServerFunction, Start};
use std::collections::BTreeMap;

/// What the probes know.
pub(crate) struct Ground<'a> {
    pub(crate) survey: &'a Survey<'a>,
    pub(crate) production: &'a Production,
    pub(crate) start: &'a Start,
    pub(crate) functions: &'a [ServerFunction],
    /// The ids under which functions are called, by name, where they have any.
    pub(crate) ids: &'a BTreeMap<String, String>,
    pub(crate) origin: &'a str,
    pub(crate) standin: Option<&'a Standin>,
    /// Why there is no stand-in.
    pub(crate) no_standin: &'a str,
}

/// A page of another site that wants something of this one.
pub(crate) const FOREIGN: &str = "https://evil.example";

impl Ground<'_> {
    /// As the app's own pages send it.
    pub(crate) fn own(&self, request: Request) -> Request {
        request
            .with("origin", self.origin)
            .with("sec-fetch-site", "same-origin")
            .with("x-requested-with", "fetch")
    }

    /// As a page of another site sends it.
    pub(crate) fn foreign(&self, request: Request) -> Request {
        request.with("origin", FOREIGN).with("sec-fetch-site", "cross-site")
    }

    /// A call of a function with one argument (JSON); `None` if its address is not known.
    pub(crate) fn call(&self, function: &ServerFunction, argument: &str) -> Option<Request> {
        match self.production.calls {
            Calls::None => None,
            Calls::Path(path) => Some(Request::post(format!("{path}{}", escaped(&function.name)), argument)),
            Calls::Action(_) => {
                let id = self.ids.get(&function.name)?;
                let arguments = if argument.is_empty() { "[]".to_owned() } else { format!("[{argument}]") };
                let request = Request {
                    method: "POST",
                    path: self.open_page(),
                    body: arguments.into_bytes(),
                    ..Request::default()
                };
                let request = request.with("next-action", id.as_str()).with("accept", "text/x-component");
                Some(request.with("content-type", "text/plain;charset=UTF-8"))
            }
            Calls::Id { path, .. } => {
                let id = self.ids.get(&function.name)?;
                let payload = payload::of(argument);
                let request = if !function.is_get {
                    Request::post(format!("{path}{id}"), &payload)
                } else if argument.is_empty() {
                    Request::get(format!("{path}{id}"))
                } else {
                    Request::get(format!("{path}{id}?payload={}", escaped(&payload)))
                };
                Some(request.with("x-tsr-serverfn", "true"))
            }
        }
    }

    /// A page that is open to everybody: what is called on it reaches the function.
    fn open_page(&self) -> String {
        let open = |route: &&audit::route::Route| route.guards.is_empty() && is_fixed(&route.url);
        let sign_in = self.survey.guards.iter().find_map(|guard| guard.redirect.clone());
        let first = self.survey.routes.iter().find(open).map(|route| route.url.clone());
        sign_in.filter(|page| is_fixed(page)).or(first).unwrap_or_else(|| "/".to_owned())
    }
}

/// What is known of the server that runs, in one place.
pub(crate) struct Live<'a> {
    pub(crate) ground: &'a Ground<'a>,
    pub(crate) server: &'a Server,
}

/// Whether the address has no part that is filled in.
pub(crate) fn is_fixed(url: &str) -> bool {
    url.starts_with('/') && !url.contains([':', '*', '$', '[', '{', '?'])
}

/// At most so many lines of a list, and how many more there are.
pub(crate) fn shortened(mut all: Vec<String>, most: usize) -> Vec<String> {
    if all.len() > most {
        let more = all.len() - most;
        all.truncate(most);
        all.push(format!("and {more} more"));
    }
    all
}

/// A name as browsers write it into an address.
fn escaped(name: &str) -> String {
    let one = |byte: u8| {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~$".contains(&byte);
        if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    name.bytes().map(one).collect()
}
