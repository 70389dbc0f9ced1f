//! A visitor: a jar of cookies, and what signing up gave.

use super::Live;
use crate::http::{Request, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::Regex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The longest value of a cookie; longer sessions are cut into numbered ones.
const LONGEST: usize = 3180;

/// Cookies by name, as a browser keeps them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// Sends with the cookies, and keeps those that come back.
    pub(crate) fn send(&mut self, live: &Live<'_>, request: Request) -> Result<Response, String> {
        let response = live.server.send(&self.carry(request))?;
        self.take(&response);
        Ok(response)
    }

    /// The request with the cookies.
    pub(crate) fn carry(&self, request: Request) -> Request {
        if self.cookies.is_empty() {
            return request;
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.with("cookie", pairs.join("; "))
    }

    /// Keeps and drops cookies as the answer says.
    pub(crate) fn take(&mut self, response: &Response) {
        for cookie in response.all("set-cookie") {
            let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let gone = value.is_empty() || cookie.to_lowercase().contains("max-age=0");
            if gone {
                self.cookies.remove(name.trim());
            } else {
                self.cookies.insert(name.trim().to_owned(), value.to_owned());
            }
        }
    }

    /// The session of a sign-up past the app, in the cookies that the app's server reads it from: those that its code names, and the
    /// one that the backend's library takes by itself.
    pub(crate) fn with_session(live: &Live<'_>, session: &Value) -> Self {
        let value = format!("base64-{}", URL_SAFE_NO_PAD.encode(session.to_string()));
        let mut visitor = Self::default();
        for name in session_names(live) {
            if value.len() <= LONGEST {
                visitor.cookies.insert(name, value.clone());
                continue;
            }
            // The text is ASCII, so any cut is between letters.
            for (number, part) in value.as_bytes().chunks(LONGEST).enumerate() {
                let part = String::from_utf8_lossy(part).into_owned();
                visitor.cookies.insert(format!("{name}.{number}"), part);
            }
        }
        visitor
    }
}

fn session_names(live: &Live<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::from(["sb-127-auth-token".to_owned()]);
    let Ok(shape) = Regex::new(r#"["'`](__(?:Host|Secure)-[A-Za-z-]*session|[a-z-]*session)["'`]"#) else {
        return names;
    };
    let project = live.ground.survey.project;
    for file in project.files.iter().filter(|file| file.text.contains("cookieOptions")) {
        names.extend(shape.captures_iter(&file.text).map(|found| found[1].to_owned()));
    }
    names
}
