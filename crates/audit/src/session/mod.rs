//! Sessions: every auth call by method and place, where tokens live, sign-ins made by hand.
//!
//! [`calls`] lists what backends and auth packages are asked, [`storage`] what the browser keeps, [`fake`] the sign-ins that are none.

mod calls;
mod fake;
mod storage;

use crate::query::Client;
use edit::Span;
use project::{File, Kind as FileKind, Project};
use rayon::prelude::*;
use stack::{Side, Stack};

/// One thing that makes, keeps, reads or ends a session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where: the whole call, or the place of storage.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// `supabase.auth.signInWithPassword`, `localStorage.setItem("token")`, `jwt.sign`: as written, arguments left out.
    pub call: String,
    /// The method alone: `signInWithPassword`, `setItem`.
    pub method: String,
    /// Its client, for calls of a backend: index into `Survey::clients`.
    pub client: Option<usize>,
    /// Where it runs.
    pub side: Side,
    /// Whose it is: `supabase`, `firebase`, `next-auth`, …; `own` for what the app made itself.
    pub system: &'static str,
    /// What about it is out of the ordinary.
    pub mark: Option<Mark>,
}

/// What is out of the ordinary about a part of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A sign-up that hands on a role that the visitor chose; the span of the role.
    RoleAtSignUp(Span),
    /// A token is put there by hand.
    TokenByHand,
    /// Only a mark that somebody is signed in is put there.
    Flag,
    /// A password or a code is compared with one that stands in the source.
    LiteralPassword,
    /// A list of people with their passwords stands in the source.
    PasswordList,
    /// An invented user stands in for a session.
    MockUser,
    /// Whoever comes is signed in: nothing is asked.
    Unchecked,
    /// A password is compared, or hashed, with what came from the database.
    ComparedHash,
    /// A token is signed.
    Signs,
}

/// What a session's part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call of a backend's auth.
    Auth,
    /// The subscription to its changes.
    Subscription,
    /// A component that gives the session to those below it.
    Provider,
    /// A token or a flag in web storage, or in a cookie that scripts can read.
    Storage,
    /// A cookie that the server sets.
    Cookie,
    /// A token signed or checked by the app's own code.
    Token,
    /// A password compared in code, or a login that is none.
    Fake,
    /// An access token read in the browser.
    TokenRead,
}

/// What one file has to say, before clients are known.
pub(crate) struct Look<'p> {
    project: &'p Project,
    file: &'p File,
    side: Side,
}

impl Look<'_> {
    fn session(
        &self,
        span: Span,
        kind: Kind,
        call: impl Into<String>,
        method: impl Into<String>,
        system: &'static str,
    ) -> Session {
        Session {
            span,
            kind,
            call: call.into(),
            method: method.into(),
            client: None,
            side: self.side,
            system,
            mark: None,
        }
    }
}

/// Every session part of the tree, by path and place.
pub(crate) fn read(project: &Project, stack: &Stack, clients: &[Client]) -> Vec<Session> {
    let candidate = |file: &&File| {
        let path = file.path.as_str();
        let test = path.contains(".test.") || path.contains(".spec.") || path.contains("__tests__");
        matches!(file.kind, FileKind::Code(_))
            && file.skipped.is_none()
            && !test
            && TOKENS.iter().any(|token| file.text.contains(token))
    };
    let files: Vec<&File> = project.files.iter().filter(candidate).collect();
    let mut sessions: Vec<Session> = files
        .par_iter()
        .flat_map_iter(|file| {
            let look = Look { project, file, side: stack.side(file.id) };
            let mut found = calls::of(&look, clients);
            found.extend(storage::of(&look));
            found.extend(fake::of(&look));
            for session in &mut found {
                session.side = stack.side_at(session.span);
            }
            found
        })
        .collect();
    sessions.sort_by_key(|session| (session.span, session.kind as u8));
    sessions.dedup_by(|one, other| one.span == other.span && one.kind == other.kind);
    sessions
}

/// A file with parts of a session holds one of these.
const TOKENS: &[&str] = &[
    ".auth",
    "firebase/auth",
    "next-auth",
    "better-auth",
    "@clerk/",
    "@auth0/",
    "localStorage",
    "sessionStorage",
    "ookie",
    "jsonwebtoken",
    "jose",
    "bcrypt",
    "assword",
    "access_token",
    "as User",
    "as Session",
    "lovable.dev/cloud-auth",
    "iron-session",
    "AsyncStorage",
    "senha",
    "pin",
    "passcode",
    "Provider",
];
