//! One page that asks: a page of the server gets the check as its first statement, a page of the browser a page of the server around it.

use crate::env_contract::contract::specifier;
use audit::Survey;
use edit::{Edit, FileId, Piece, RelPath};
use plan::{Change, MovedFile, Request};
use project::package::App;
use project::{File, Kind};
use stack::server::pages::{Around, Pages};
use syntax::Node;
use syntax::module::Imported;
use syntax::view::{code_children, unwrapped, walk};
use syntax::{Language, Tree};

/// How a page comes to ask.
pub(super) enum Asking {
    /// It stands in another file, and a page of the server in its place.
    Around(MovedFile),
    /// It asks first.
    First(Vec<Edit>, Request),
}

impl Asking {
    pub(super) fn put(&self, change: &mut Change) {
        match self {
            Self::Around(moved) => change.moves.push(moved.clone()),
            Self::First(edits, import) => {
                change.edits.extend(edits.iter().cloned());
                change.requests.push(import.clone());
            }
        }
    }
}

/// What is the same for all pages.
pub(super) struct Site<'s> {
    pub(super) survey: &'s Survey<'s>,
    pub(super) app: &'s App,
    pub(super) spelled: &'static dyn Pages,
    /// The module of the check.
    pub(super) guard: &'s RelPath,
}

impl Site<'_> {
    /// How the page of a file comes to ask; else what stands against it.
    pub(super) fn asking(&self, id: FileId) -> Result<Asking, String> {
        let file = self.survey.project.get(id);
        let odd =
            "Its component is not one that can be followed. Write `await requireUser()` first in it by hand.";
        let (tree, _) = file.syntax().ok_or(odd)?;
        let function = component(file, tree).filter(|function| tree.sound(*function)).ok_or(odd)?;
        if let Some(why) = self.spelled.fixed(file) {
            return Err(why);
        }
        if self.spelled.in_browser(file) {
            self.around(file, tree, function)
        } else {
            self.first(file, tree, function)
        }
    }

    fn around(&self, file: &File, tree: &Tree, function: Node<'_>) -> Result<Asking, String> {
        let others = &self.survey.project.graph.importers[file.id.0 as usize];
        if let Some(other) = others.iter().find(|other| **other != file.id) {
            let other = &self.survey.project.get(*other).path;
            return Err(format!(
                "`{other}` uses its component too. Move that into a file of its own, then run again."
            ));
        }
        let beside = |export: &&syntax::module::Export| {
            export.name != "default" && !export.type_only && !self.spelled.is_setting(&export.name)
        };
        if let Some(export) = file.module.exports.iter().find(beside) {
            return Err(format!(
                "It exports `{}` beside its component. Move that into a file of its own, then run again.",
                export.name
            ));
        }
        let parts = self.spelled.parts(file);
        let free = |path: &&RelPath| {
            let stem = path.as_str().rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
            ["tsx", "jsx", "ts", "js"]
                .iter()
                .all(|ending| self.survey.project.file(&format!("{stem}.{ending}")).is_none())
        };
        let to = parts.iter().find(free).ok_or("Another file has the name that its part for the browser would get. Write `await requireUser()` into a page of the server around it by hand.")?;
        let given = parameters(function);
        for parameter in &given {
            self.spelled.hands_on(self.survey.project, self.app, file, tree.text(*parameter))?;
        }
        let own = function.child_by_field_name("name").or_else(|| {
            let holder = function.parent().filter(|parent| parent.kind() == "variable_declarator")?;
            holder.child_by_field_name("name")
        });
        let name = own
            .map(|name| tree.text(name))
            .filter(|name| name.starts_with(|first: char| first.is_uppercase()));
        let stem = to.name().rsplit_once('.').map_or(to.name(), |(stem, _)| stem);
        let style = Style::of(file);
        let leaves = self.spelled.around(&Around {
            component: name.filter(|name| *name != "requireUser").unwrap_or("ClientPage"),
            from: &format!("./{stem}"),
            guard: &specifier(self.survey, file.id, self.guard),
            takes: !given.is_empty(),
            typed: matches!(file.kind, Kind::Code(Language::Tsx | Language::TypeScript)),
            quote: style.quote,
            end: style.end,
        });
        let newline = if file.text.contains("\r\n") { leaves.replace('\n', "\r\n") } else { leaves };
        Ok(Asking::Around(MovedFile {
            file: file.id,
            to: to.clone(),
            leaves: Some(vec![Piece::text(newline)]),
        }))
    }

    fn first(&self, file: &File, tree: &Tree, function: Node<'_>) -> Result<Asking, String> {
        let by_hand = |what: &str| format!("{what} Write `await requireUser()` first in it by hand.");
        let body = function
            .child_by_field_name("body")
            .filter(|body| body.kind() == "statement_block")
            .ok_or_else(|| by_hand("Its component is one expression."))?;
        let is_async = tree.text(function).starts_with("async");
        if !is_async && function.child_by_field_name("return_type").is_some() {
            return Err(by_hand("Its component says what it returns, and is not `async`."));
        }
        if !is_async && calls_hook(tree, body) {
            return Err(by_hand("Its component calls a hook, which no `async` one may."));
        }
        let local = if tree.source().contains("requireUser") { "requireSignedIn" } else { "requireUser" };
        if tree.source().contains("requireSignedIn") {
            return Err(by_hand("It has a `requireUser` of its own."));
        }
        let mut edits = Vec::new();
        if !is_async {
            edits.push(Edit::replace(file.span(function.start_byte()..function.start_byte()), "async "));
        }
        let style = Style::of(file);
        let open = body.start_byte() + 1;
        let indent = code_children(body).next().map_or_else(
            || "  ".to_owned(),
            |first| {
                let before = &file.text[..first.start_byte()];
                let line = before.rfind('\n').map_or(0, |newline| newline + 1);
                let space = &before[line..];
                if space.trim().is_empty() { space.to_owned() } else { "  ".to_owned() }
            },
        );
        let newline = if file.text.contains("\r\n") { "\r\n" } else { "\n" };
        let rest = if file.text[open..].trim_start_matches([' ', '\t']).starts_with(['\n', '\r']) {
            ""
        } else {
            newline
        };
        edits.push(Edit::replace(
            file.span(open..open),
            format!("{newline}{indent}await {local}(){}{rest}", style.end),
        ));
        let import = Request::Import {
            file: file.id,
            from: specifier(self.survey, file.id, self.guard),
            name: Imported::Named("requireUser".to_owned()),
            local: local.to_owned(),
            type_only: false,
        };
        Ok(Asking::First(edits, import))
    }
}

/// The function of a page's component, where the file itself says it plainly.
fn component<'t>(file: &File, tree: &'t Tree) -> Option<Node<'t>> {
    let exported = code_children(tree.root()).find(|statement| {
        statement.kind() == "export_statement"
            && tree.text(*statement).trim_start_matches("export").trim_start().starts_with("default")
    });
    let is_function = |node: &Node<'_>| {
        matches!(node.kind(), "function_declaration" | "function_expression" | "arrow_function")
    };
    let local = match exported {
        Some(statement) => {
            let value = statement
                .child_by_field_name("declaration")
                .or_else(|| statement.child_by_field_name("value"))
                .map(unwrapped)?;
            if is_function(&value) {
                return Some(value);
            }
            (value.kind() == "identifier").then(|| tree.text(value).to_owned())?
        }
        // `export { Page as default }`
        None => {
            let export = file.module.exports.iter().find(|export| export.name == "default")?;
            export.local.clone().filter(|_| export.from.is_none())?
        }
    };
    let mut found = None;
    for statement in code_children(tree.root()) {
        let statement = match statement.kind() {
            "export_statement" => statement.child_by_field_name("declaration").unwrap_or(statement),
            _ => statement,
        };
        if is_function(&statement)
            && statement.child_by_field_name("name").is_some_and(|name| tree.text(name) == local)
        {
            found = Some(statement);
        }
        if statement.kind() == "lexical_declaration" {
            for declarator in code_children(statement) {
                let named =
                    declarator.child_by_field_name("name").is_some_and(|name| tree.text(name) == local);
                let value = declarator.child_by_field_name("value").map(unwrapped).filter(is_function);
                found = value.filter(|_| named).or(found);
            }
        }
    }
    found
}

fn parameters(function: Node<'_>) -> Vec<Node<'_>> {
    let list =
        function.child_by_field_name("parameters").or_else(|| function.child_by_field_name("parameter"));
    list.map(
        |list| if list.kind() == "formal_parameters" { code_children(list).collect() } else { vec![list] },
    )
    .unwrap_or_default()
}

/// Whether code calls something that is named as a hook.
fn calls_hook(tree: &Tree, body: Node<'_>) -> bool {
    let mut found = false;
    walk(body, &mut |node| {
        if node.kind() == "call_expression"
            && let Some(callee) = node.child_by_field_name("function")
        {
            let name = tree.text(callee).rsplit('.').next().unwrap_or_default();
            found |= name == "use"
                || name
                    .strip_prefix("use")
                    .is_some_and(|rest| rest.starts_with(|first: char| first.is_uppercase()));
        }
        !found
    });
    found
}

/// How a file is written.
struct Style {
    quote: char,
    end: &'static str,
}

impl Style {
    fn of(file: &File) -> Self {
        let imports = || file.module.imports.iter().filter_map(|import| file.text.get(import.range.clone()));
        let (all, ended) = (imports().count(), imports().filter(|import| import.ends_with(';')).count());
        let single = imports().filter(|import| import.contains('\'')).count();
        Self {
            quote: if single * 2 > all { '\'' } else { '"' },
            end: if ended * 2 >= all { ";" } else { "" },
        }
    }
}
