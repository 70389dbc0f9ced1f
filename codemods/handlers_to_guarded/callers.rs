//! Who calls a handler: the pages that reach the code that does, and whether they are for visitors who are signed in.

use audit::Survey;
use audit::guard::{self, Enforced, Guard, Proof, Requires};
use audit::handler::{Auth, Handler, Kind};
use edit::FileId;
use project::File;
use stack::Side;
use std::collections::BTreeSet;
use syntax::Node;
use syntax::Tree;
use syntax::view::{TemplatePart, callee, string_value, template_parts, value_of, walk};

/// Who calls a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// Only pages for visitors who are signed in; `role`: all of them ask for a role, too.
    SignedIn { role: bool },
    /// Somebody else, or nobody: who, and what to do then.
    Otherwise(String),
}

/// Who calls `handler`.
pub(super) fn of(survey: &Survey<'_>, handler: &Handler) -> Called {
    let callers = match (&handler.url, handler.kind) {
        (Some(url), Kind::RouteHandler) => of_url(survey, handler, url),
        (None, Kind::ServerAction) => of_action(survey, handler),
        _ => return Called::Otherwise(String::new()),
    };
    let (mut any, mut role) = (false, true);
    let apart = callers.first().copied();
    for caller in callers {
        let file = survey.project.get(caller);
        let page = is_page(file);
        if handler.kind == Kind::ServerAction && asks_itself(survey, caller) {
            (any, role) = (true, false);
            continue;
        }
        // Another server sends no cookies of a visitor, and a clock has none.
        if survey.stack.side(caller) == Side::Server && !(page && handler.kind == Kind::ServerAction) {
            return Called::Otherwise(format!(
                "`{}` calls it as well, and runs on the server, without a visitor's session. Decide who may call it, and check that first.",
                file.path
            ));
        }
        for root in roots(survey, caller) {
            any = true;
            role &= is_guarded(survey, root, &|guard| asks_for_role(survey, guard));
            if !is_guarded(survey, root, &|_| true) {
                return Called::Otherwise(format!(
                    "`{}` calls it, and visitors who are not signed in see that too. Where they may, check what they send and limit how often; else refuse with 401 without a session.",
                    survey.project.get(root).path
                ));
            }
        }
    }
    if any {
        Called::SignedIn { role }
    } else if let Some(apart) = apart {
        Called::Otherwise(format!(
            "`{}` calls it, which no page of the app loads. Decide who may call it, and check that first.",
            survey.project.get(apart).path
        ))
    } else {
        Called::Otherwise(
            "Nothing in the app calls it. Remove it, or refuse with 401 without a session.".to_owned(),
        )
    }
}

/// Whether a file answers requests, and refuses whoever is not signed in in all of its handlers.
fn asks_itself(survey: &Survey<'_>, file: FileId) -> bool {
    let mut own = survey
        .handlers
        .iter()
        .filter(|handler| handler.span.file == file && handler.kind == Kind::RouteHandler)
        .peekable();
    own.peek().is_some() && own.all(|handler| handler.auth == Auth::Enforced)
}

/// Whether a guard lets in some of those who are signed in: by what it compares, or by the name of what it asks.
fn asks_for_role(survey: &Survey<'_>, guard: &Guard) -> bool {
    let file = survey.project.get(guard.span.file);
    let text = if guard.kind == guard::Kind::Middleware { "" } else { &file.text };
    let asks = text.split(|letter: char| !letter.is_alphanumeric() && letter != '(').any(|word| {
        word.strip_suffix('(').or(word.split_once('(').map(|(name, _)| name)).is_some_and(|name| {
            let verb = ["get", "require", "is", "assert", "check", "ensure"];
            name.contains("Admin") && verb.iter().any(|verb| name.starts_with(verb))
        })
    });
    asks || matches!(guard.requires, Requires::Role(_))
}

/// The files that call an address by a method.
fn of_url(survey: &Survey<'_>, handler: &Handler, url: &str) -> BTreeSet<FileId> {
    let short = url.strip_prefix("/api").filter(|rest| rest.len() > 1);
    let stem = |url: &str| url.split(['*', ':']).next().unwrap_or_default().trim_end_matches('/').to_owned();
    let wanted = stem(short.unwrap_or(url));
    let mut found = BTreeSet::new();
    // The last part may be put in.
    let token = wanted.rsplit_once('/').map_or(wanted.as_str(), |(above, _)| above);
    for file in
        survey.project.files.iter().filter(|file| file.id != handler.span.file && file.skipped.is_none())
    {
        if !matches!(file.kind, project::Kind::Code(_)) {
            // A clock of the host, a rewrite.
            if file.text.contains(&format!("\"{url}\"")) && file.path.name().ends_with(".json") {
                found.insert(file.id);
            }
            continue;
        }
        if !(file.text.contains(token) || file.text.contains(&wanted)) {
            continue;
        }
        let Some((tree, _)) = file.syntax() else { continue };
        walk(tree.root(), &mut |node| {
            if matches!(node.kind(), "string" | "template_string")
                && let Some(address) = address(tree, node)
                && (answers(url, &address)
                    || sends(tree, node) && short.is_some_and(|short| answers(short, &address)))
                && method(tree, node).is_none_or(|method| method == handler.method)
                && !is_imported(node)
            {
                found.insert(file.id);
            }
            true
        });
    }
    found
}

/// Whether an address is given to what sends requests, below a base that it knows, and not to what shows pages.
fn sends(tree: &Tree, address: Node<'_>) -> bool {
    let list = address.parent().filter(|parent| parent.kind() == "arguments");
    let name = list.and_then(|list| callee(list.parent()?)).map(|callee| tree.text(callee).to_lowercase());
    name.is_some_and(|name| {
        ["api", "request", "fetch", "http", "client", "axios"].iter().any(|word| name.contains(word))
    })
}

fn is_imported(node: Node<'_>) -> bool {
    node.parent().is_some_and(|parent| matches!(parent.kind(), "import_statement" | "export_statement"))
}

/// An address as written, what is put in as `*`, without its query.
fn address(tree: &Tree, node: Node<'_>) -> Option<String> {
    let text = match string_value(tree, node) {
        Some(value) => value.into_owned(),
        None => {
            let parts = template_parts(tree, node)?.into_iter().map(|part| match part {
                TemplatePart::Text(text) => text.into_owned(),
                TemplatePart::Expression(_) => "*".to_owned(),
            });
            parts.collect()
        }
    };
    let path = text.split(['?', '#']).next().unwrap_or_default();
    // `${base}/api/boats`
    let path = path.strip_prefix('*').filter(|rest| rest.starts_with('/')).unwrap_or(path);
    path.starts_with('/').then(|| path.trim_end_matches('/').to_owned())
}

/// Whether the handler at `url` would answer to `address`.
fn answers(url: &str, address: &str) -> bool {
    let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (own, asked) = (parts(url), parts(address));
    let rest = own.last().is_some_and(|last| last == "*");
    if own.len() != asked.len() && !(rest && asked.len() >= own.len()) {
        return false;
    }
    own.iter().zip(&asked).all(|(own, asked)| {
        own == "*"
            || own.starts_with(':') && !asked.is_empty()
            || own == asked
            // `/api/boats${query}`
            || asked.strip_suffix('*').is_some_and(|asked| asked.is_empty() || asked == own)
    })
}

/// The method of the call that an address is given to; `None` where it cannot be told.
fn method(tree: &Tree, address: Node<'_>) -> Option<String> {
    let list = address.parent().filter(|parent| parent.kind() == "arguments")?;
    let call = list.parent()?;
    let name = tree.text(callee(call)?);
    if name == "fetch" || name.ends_with(".fetch") {
        let Some(options) = list.named_child(1) else { return Some("GET".to_owned()) };
        if options.kind() != "object" {
            return None;
        }
        let spread = options.named_children().any(|child| child.kind() == "spread_element");
        return match value_of(tree, options, "method") {
            Some(method) => string_value(tree, method).map(|method| method.to_uppercase()),
            None if spread => None,
            None => Some("GET".to_owned()),
        };
    }
    let verb = name.rsplit_once('.')?.1.to_uppercase();
    matches!(verb.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE").then_some(verb)
}

/// The files that use an action.
fn of_action(survey: &Survey<'_>, handler: &Handler) -> BTreeSet<FileId> {
    let module = handler.span.file;
    let own = survey.project.get(module);
    let mut found = BTreeSet::new();
    for importer in &survey.project.graph.importers[module.0 as usize] {
        let file = survey.project.get(*importer);
        let uses = survey.project.graph.links[importer.0 as usize].iter().any(|link| {
            let import = &file.module.imports[link.import];
            let named = |name: &syntax::module::ImportName| match &name.imported {
                syntax::module::Imported::Named(imported) => *imported == handler.name,
                _ => true,
            };
            link.target == module
                && !import.type_only
                && (import.names.is_empty() || import.names.iter().any(named))
        });
        if uses {
            found.insert(*importer);
        }
    }
    // What another function of the module does with it, before anybody is signed in perhaps, cannot be told; nor who gets it by
    // a module that hands it on.
    let called = format!("{}(", handler.name);
    let inside = own.text.matches(&called).count() > 1;
    let hands_on = found.iter().any(|file| {
        let exports = &survey.project.get(*file).module.exports;
        exports
            .iter()
            .any(|export| export.from.is_some() && (export.name == handler.name || export.name == "*"))
    });
    if inside || hands_on {
        found.insert(module);
    }
    found
}

/// The pages and layouts that reach a file, itself among them.
fn roots(survey: &Survey<'_>, from: FileId) -> BTreeSet<FileId> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    let mut found = BTreeSet::new();
    while let Some(next) = open.pop() {
        if is_page(survey.project.get(next)) {
            found.insert(next);
        }
        for importer in &survey.project.graph.importers[next.0 as usize] {
            if seen.insert(*importer) {
                open.push(*importer);
            }
        }
    }
    found
}

/// Whether the framework shows the file at an address: a page, or what stands around pages.
fn is_page(file: &File) -> bool {
    let stem = file.path.name().split('.').next().unwrap_or_default();
    matches!(
        stem,
        "page" | "layout" | "template" | "default" | "error" | "not-found" | "loading" | "global-error"
    ) && file.path.as_str().split('/').any(|part| part == "app")
}

/// Whether only visitors who are signed in are meant to see a page, or all pages below a layout.
fn is_guarded(survey: &Survey<'_>, root: FileId, which: &dyn Fn(&Guard) -> bool) -> bool {
    let file = survey.project.get(root);
    let folder = file.path.folder();
    let stem = file.path.name().split('.').next().unwrap_or_default();
    let below = |page: FileId| {
        let other = survey.project.get(page).path.folder();
        page == root
            || stem != "page"
                && (folder.is_empty()
                    || other == folder
                    || other.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut routes = survey.routes.iter().filter(|route| route.page.is_some_and(below)).peekable();
    let asks = |at: &usize| {
        let guard = &survey.guards[*at];
        guard.enforced != Enforced::Nowhere && guard.proof == Proof::Backend && which(guard)
    };
    routes.peek().is_some() && routes.all(|route| route.guards.iter().any(asks))
}
