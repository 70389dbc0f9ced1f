//! What renews sessions before a page asks for them: the app's own file that runs before every request, or one of ours. A page cannot
//! set cookies while it is drawn: without it a renewed session would be lost.

use crate::queries_to_server::{has_package, keys};
use crate::sessions_to_server::{Uses, filled};
use audit::Survey;
use audit::guard::{Flaw, runs_before};
use edit::{Edit, FileId, Piece, RelPath};
use plan::{Change, Request};
use project::{File, Kind};
use std::collections::BTreeSet;

/// What renews sessions.
pub(super) enum Refresh {
    /// The app's own.
    There(FileId),
    /// Ours, in place of one that did nothing.
    New { path: RelPath, text: String, replaces: Option<FileId> },
}

impl Refresh {
    /// What it is, or becomes; else what stands against it.
    pub(super) fn of(survey: &Survey<'_>, pages: &[String], sign_in: &str) -> Result<Self, String> {
        let none = || "Nothing tells where the app is.".to_owned();
        let (app, server) = survey.project.apps.first().zip(survey.stack.server).ok_or_else(none)?;
        let spelled = server.pages().ok_or_else(none)?;
        let mut replaces = None;
        match spelled.guard_file(survey.project, app) {
            Some(file) if renews(survey, file) => return Ok(Self::There(file)),
            Some(file) => {
                let own = survey.project.get(file);
                let idle = survey.guards.iter().any(|guard| {
                    guard.span.file == file
                        && guard.flaws.iter().any(|flaw| matches!(flaw, Flaw::DoesNothing(_)))
                });
                let short =
                    own.text.len() < 1_500 && !own.text.contains("rewrite") && !own.text.contains("redirect");
                if !(idle && short) {
                    return Err(format!(
                        "`{}` does more than guard, and renews no session. Make a client of the request's cookies at its top (`createServerClient`), call `getUser()`, and set what it changes on the answer, then run again.",
                        own.path
                    ));
                }
                replaces = Some(file);
            }
            None => {}
        }
        let (path, function) = spelled.new_guard_file(survey.project, app).ok_or_else(none)?;
        let (url, key) = keys(survey).filter(|_| has_package(survey)).ok_or(
            "Nothing renews sessions before a page asks for them, and the address and the key of the project are in no variables. Put them there, then run again.",
        )?;
        let quoted: Vec<String> = pages.iter().map(|page| format!("\"{page}\"")).collect();
        let mut uses = Uses::default();
        if !pages.is_empty() {
            uses.add("pages");
        }
        let back = way_back(survey, sign_in);
        if back.is_some() {
            uses.add("back");
        }
        let holes = [
            ("__PAGES__", quoted.join(", ")),
            ("__SIGN_IN__", sign_in.to_owned()),
            ("__BACK__", back.unwrap_or_default()),
            ("__FUNCTION__", function.to_owned()),
            ("__URL__", url),
            ("__KEY__", key),
        ];
        let text = filled(include_str!("../templates/next/refresh.ts"), &uses, &holes); // templates/
        Ok(Self::New { path, text, replaces })
    }

    /// One of ours where no page is guarded and the app has no such file.
    pub(super) fn alone(survey: &Survey<'_>) -> Option<Self> {
        Self::of(survey, &[], "").ok().filter(|refresh| matches!(refresh, Self::New { replaces: None, .. }))
    }

    /// Whether sessions are renewed before this page asks; else what stands against it.
    pub(super) fn runs_for(&self, survey: &Survey<'_>, url: &str) -> Result<(), String> {
        let Self::There(file) = self else { return Ok(()) };
        if runs_before(survey.project, url).is_some_and(|(_, runs)| runs) {
            return Ok(());
        }
        Err(format!(
            "`{}` does not run for it, so that nothing renews its session. Take it into the matcher, then run again.",
            survey.project.get(*file).path
        ))
    }

    pub(super) fn put(&self, survey: &Survey<'_>, change: &mut Change) {
        let Self::New { path, text, replaces } = self else { return };
        let text = crate::sessions_to_server::with_cookies(survey, text);
        let pieces = vec![Piece::text(text)];
        match replaces.map(|file| survey.project.get(file)) {
            Some(file) if file.path == *path => {
                change.edits.push(Edit { span: file.span(0..file.text.len()), replacement: pieces });
                return;
            }
            Some(file) => change.deletes.push(file.id),
            None => {}
        }
        change.requests.push(Request::File { path: path.clone(), pieces, mode: 0o644 });
    }
}

/// Whether the app has a file that renews sessions before a page is drawn.
pub(super) fn is_there(survey: &Survey<'_>) -> bool {
    let (app, server) = (survey.project.apps.first(), survey.stack.server);
    let file = app.zip(server).and_then(|(app, server)| server.pages()?.guard_file(survey.project, app));
    file.is_some_and(|file| renews(survey, file))
}

/// Whether the file that runs before every request is one of ours.
pub(in super::super) fn is_ours(file: &File) -> bool {
    file.text.contains("It is no guard: each page and each handler asks for its user itself.")
}

/// Whether the file, or what it calls in another one, makes a client of the request's cookies and sets what that changes.
fn renews(survey: &Survey<'_>, file: FileId) -> bool {
    let graph = &survey.project.graph;
    let near = graph.links[file.0 as usize].iter().map(|link| link.target);
    let mut files: Vec<FileId> = near.collect();
    files.push(file);
    let asks = |text: &str| {
        [".auth.getUser(", ".auth.getSession(", ".auth.getClaims("].iter().any(|mark| text.contains(mark))
    };
    // The client may be made in one file and asked in the other.
    let here = asks(&survey.project.get(file).text);
    files.into_iter().any(|file| {
        let text = &survey.project.get(file).text;
        (text.contains("createServerClient") || text.contains("createMiddlewareClient"))
            && (here || asks(text))
            && (text.contains("cookies.set(") || text.contains("createMiddlewareClient"))
    })
}

/// The parameter in which the app's own redirects tell the sign-in page where the visitor came from, if all of them say the same.
fn way_back(survey: &Survey<'_>, sign_in: &str) -> Option<String> {
    let asked = format!("{sign_in}?");
    let named =
        survey.project.files.iter().filter(|file| matches!(file.kind, Kind::Code(_))).flat_map(|file| {
            file.text.match_indices(&asked).filter_map(|(at, _)| {
                let (name, value) = file.text[at + asked.len()..].split_once('=')?;
                // How its names begin: `nextUrl`, `redirectTo`, `return_to`, `callbackUrl`, `from`.
                let back = ["nex", "redirect", "return", "callback", "from"];
                let known = name.len() < 16 && back.iter().any(|begin| name.starts_with(begin));
                (known && value.starts_with(['$', '\'', '"', '`', '/', '%'])).then_some(name)
            })
        });
    let names: BTreeSet<&str> = named.collect();
    (names.len() == 1).then(|| names.into_iter().next().map(str::to_owned)).flatten()
}
