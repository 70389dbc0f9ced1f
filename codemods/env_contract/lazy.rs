//! Clients that are made as their module is loaded, and fail there without their variable: from then on at their first use.

use super::contract::{Audience, Contract, specifier};
use super::{AT_IMPORT, ID};
use audit::env::Fallback;
use audit::{Confidence, Finding, Severity, Survey};
use edit::{Edit, FileId, Piece, RelPath, Span};
use plan::{Change, Request, Safety};
use project::File;
use project::graph::{Graph, Origin};
use stack::Side;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::scope::{Declared, Scopes};
use syntax::view::{arguments, callee, code_children, enclosing_function, unwrapped, value_of, walk};

/// The module of the function, per framework.
struct Template {
    framework: &'static str,
    text: &'static str,
}

static TEMPLATES: &[Template] =
    &[Template { framework: "next", text: include_str!("templates/next/lazy.ts") }];

/// A client at the top of a module.
pub(super) struct AtImport {
    /// The expression that makes it.
    pub(super) value: Span,
    /// Its name.
    name: String,
    /// What throws before it where its variable is missing: it has to wait as well.
    check: Option<Span>,
    /// Clients that are made of it there.
    dependents: Vec<Span>,
    /// Where the function goes.
    module: RelPath,
}

/// The clients that fail as their module is loaded, where each can wait.
pub(super) fn clients(survey: &Survey<'_>) -> Vec<AtImport> {
    let framework = survey.stack.framework.id();
    if !TEMPLATES.iter().any(|template| template.framework == framework) {
        return Vec::new();
    }
    let typed = |file: &&File| {
        matches!(file.path.extension(), "ts" | "tsx") && survey.stack.side(file.id) == Side::Server
    };
    survey.project.files.iter().filter(typed).flat_map(|file| of_file(survey, file)).collect()
}

fn of_file(survey: &Survey<'_>, file: &File) -> Vec<AtImport> {
    let known = ["neon(", "Stripe(", "Resend(", "OpenAI("];
    if file.skipped.is_some() || !known.iter().any(|name| file.text.contains(name)) {
        return Vec::new();
    }
    let Some((tree, scopes)) = file.syntax() else { return Vec::new() };
    let module = Contract::of(survey, file.id, Audience::Server)
        .and_then(|contract| RelPath::new(format!("{}/lazy.ts", contract.path.folder())));
    let Some(module) = module else { return Vec::new() };
    let taken =
        survey.project.file(module.as_str()).is_some_and(|there| !there.text.contains("function lazy<Made"));
    let named = scopes.bindings.iter().any(|binding| binding.name == "lazy");
    if taken || named {
        return Vec::new();
    }
    let mut found = Vec::new();
    for declarator in constants(tree) {
        let client = || {
            let name = declarator.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
            let value = declarator.child_by_field_name("value")?;
            let made = fails_without(survey, file, tree, scopes, unwrapped(value)) && tree.sound(value);
            let dependents = dependents(survey, file, tree, scopes, name).filter(|_| made)?;
            let check = check(tree, declarator, value)?.map(|check| file.span(check.byte_range()));
            let value = file.span(value.byte_range());
            Some(AtImport {
                value,
                name: tree.text(name).to_owned(),
                check,
                dependents,
                module: module.clone(),
            })
        };
        found.extend(client());
    }
    found
}

/// What throws before a client where its variable is missing; `None` if it does more than that, or stands too far away to go along.
fn check<'t>(tree: &'t Tree, declarator: Node<'t>, value: Node<'t>) -> Option<Option<Node<'t>>> {
    let mut names = Vec::new();
    walk(value, &mut |node| {
        if node.kind() == "member_expression" && tree.text(node).starts_with("process.env.") {
            names.push(tree.text(node));
        }
        true
    });
    let asks = |statement: &Node<'t>| {
        let condition =
            statement.child_by_field_name("condition").filter(|_| statement.kind() == "if_statement");
        condition.is_some_and(|condition| names.iter().any(|name| tree.text(condition).contains(name)))
    };
    let before = code_children(tree.root()).filter(|statement| statement.end_byte() <= value.start_byte());
    let mut checks = before.filter(asks);
    let Some(check) = checks.next() else { return Some(None) };
    let [name] = names.as_slice() else { return None };
    let mut consequence = check.child_by_field_name("consequence")?;
    if consequence.kind() == "statement_block" && code_children(consequence).count() == 1 {
        consequence = code_children(consequence).next()?;
    }
    let condition = unwrapped(check.child_by_field_name("condition")?);
    let plain = condition.kind() == "unary_expression" && tree.text(condition) == format!("!{name}");
    let next = code_children(tree.root()).find(|statement| statement.start_byte() >= check.end_byte())?;
    let goes_along = checks.next().is_none()
        && plain
        && consequence.kind() == "throw_statement"
        && check.child_by_field_name("alternative").is_none()
        && next.start_byte() <= declarator.start_byte()
        && declarator.end_byte() <= next.end_byte()
        && tree.sound(check)
        && !tree.text(value).contains('`');
    goes_along.then_some(Some(check))
}

/// The declarators of constants at the top of a module.
fn constants<'t>(tree: &'t Tree) -> Vec<Node<'t>> {
    let mut found = Vec::new();
    for statement in code_children(tree.root()) {
        let declaration = match statement.kind() {
            "export_statement" => statement.child_by_field_name("declaration"),
            _ => Some(statement),
        };
        let Some(declaration) = declaration.filter(|node| node.kind() == "lexical_declaration") else {
            continue;
        };
        if tree.text(declaration).starts_with("const") {
            found.extend(code_children(declaration).filter(|node| node.kind() == "variable_declarator"));
        }
    }
    found
}

/// Whether an expression makes a client that fails at once where its variable is missing.
fn fails_without(survey: &Survey<'_>, file: &File, tree: &Tree, scopes: &Scopes, value: Node<'_>) -> bool {
    let constructor = value.child_by_field_name("constructor").filter(|_| value.kind() == "new_expression");
    let Some(maker) = constructor.or_else(|| callee(value)).filter(|maker| maker.kind() == "identifier")
    else {
        return false;
    };
    let Origin::Package(package, name) = Graph::origin(survey.project, file.id, maker.byte_range()) else {
        return false;
    };
    let given = arguments(value);
    let key = match (package.as_str(), name.as_str()) {
        ("@neondatabase/serverless", "neon") | ("stripe", "default" | "Stripe") | ("resend", "Resend") => {
            given.first().copied()
        }
        ("openai", "default" | "OpenAI") => match given.first() {
            Some(options) => value_of(tree, unwrapped(*options), "apiKey"),
            None => return true,
        },
        _ => return false,
    };
    key.is_some_and(|key| is_read(survey, file, tree, scopes, key))
}

/// Whether a value is a variable of the environment, itself or by a constant, with nothing behind it that does in production.
fn is_read(survey: &Survey<'_>, file: &File, tree: &Tree, scopes: &Scopes, key: Node<'_>) -> bool {
    let reads = |node: Node<'_>| {
        let span = file.span(node.byte_range());
        let all = survey.env.iter().flat_map(|name| &name.reads);
        all.into_iter().any(|read| {
            let known = matches!(
                read.fallback,
                Fallback::Literal { .. } | Fallback::OtherEnv(_) | Fallback::Expression
            );
            !known && read.span.file == file.id && (read.whole == span || read.span == span)
        })
    };
    if reads(key) || reads(unwrapped(key)) {
        return true;
    }
    let declared = scopes.binding_at(unwrapped(key).byte_range()).map(|id| scopes.binding(id));
    declared.filter(|binding| binding.declared == Declared::Const && binding.top_level).is_some_and(
        |binding| {
            let value =
                tree.node_at(binding.range.clone()).and_then(|node| node.child_by_field_name("value"));
            value.is_some_and(|value| reads(value) || reads(unwrapped(value)))
        },
    )
}

/// The other clients of the module that are made of this one; `None` if something else is done with it as a module is loaded.
fn dependents(
    survey: &Survey<'_>,
    file: &File,
    tree: &Tree,
    scopes: &Scopes,
    name: Node<'_>,
) -> Option<Vec<Span>> {
    let binding = scopes.binding_at(name.byte_range())?;
    let mut found = Vec::new();
    for reference in scopes.references_of(binding).filter(|reference| !reference.in_type) {
        let node = tree.node_at(reference.range.clone())?;
        let exported = node
            .parent()
            .is_some_and(|parent| matches!(parent.kind(), "export_specifier" | "export_statement"));
        if enclosing_function(node).is_some() || exported {
            continue;
        }
        let list = node.parent().filter(|parent| parent.kind() == "arguments")?;
        let call = list.parent()?;
        let maker = callee(call).filter(|maker| maker.kind() == "identifier")?;
        let declarator = constants(tree).into_iter().find(|declarator| {
            declarator.child_by_field_name("value").is_some_and(|value| unwrapped(value).id() == call.id())
        })?;
        match Graph::origin(survey.project, file.id, maker.byte_range()) {
            Origin::Package(package, made) if package.starts_with("drizzle-orm/") && made == "drizzle" => {}
            _ => return None,
        }
        let next = declarator.child_by_field_name("name").filter(|name| name.kind() == "identifier")?;
        found.extend(dependents(survey, file, tree, scopes, next)?);
        found.push(file.span(declarator.child_by_field_name("value")?.byte_range()));
    }
    // Another module may do something with it as it is loaded, too.
    let local = tree.text(name);
    let exports = file.module.exports.iter();
    let exported: Vec<&str> = exports
        .filter(|export| export.local.as_deref().unwrap_or(&export.name) == local)
        .map(|export| export.name.as_str())
        .collect();
    let importers = &survey.project.graph.importers[file.id.0 as usize];
    let quiet = importers.iter().all(|importer| waits(survey, *importer, file.id, &exported));
    quiet.then_some(found)
}

/// Whether a module that imports a client uses it in functions only.
fn waits(survey: &Survey<'_>, importer: FileId, module: FileId, exported: &[&str]) -> bool {
    let file = survey.project.get(importer);
    let Some((tree, scopes)) = file.syntax() else { return false };
    let links = survey.project.graph.links[importer.0 as usize].iter().filter(|link| link.target == module);
    links.map(|link| &file.module.imports[link.import]).all(|import| {
        let mut names = import.names.iter().filter(|name| match &name.imported {
            Imported::Named(name) => exported.contains(&name.as_str()),
            _ => true,
        });
        names.all(|name| {
            let binding =
                scopes.bindings.iter().find(|binding| binding.top_level && binding.name == name.local);
            let id = binding.and_then(|binding| scopes.binding_at(binding.name_range.clone()));
            id.is_some_and(|id| {
                scopes.references_of(id).filter(|reference| !reference.in_type).all(|reference| {
                    tree.node_at(reference.range.clone())
                        .is_some_and(|node| enclosing_function(node).is_some())
                })
            })
        })
    })
}

/// One finding for all of them.
pub(super) fn find(survey: &Survey<'_>) -> Option<Finding> {
    let clients = clients(survey);
    let first = clients.first()?;
    let more = match clients.len() {
        1 => String::new(),
        2 => ", and 1 more client".to_owned(),
        count => format!(", and {} more clients", count - 1),
    };
    Some(Finding {
        rule: AT_IMPORT.id,
        severity: Severity::Warning,
        confidence: Confidence::Certain,
        span: first.value,
        message: format!(
            "`{}` is made as its module is loaded{more}: a build without its variable stops.",
            first.name
        ),
        why: AT_IMPORT.why.into(),
        todo: "Make it at its first use.".into(),
        related: clients[1..]
            .iter()
            .map(|client| audit::Related { span: client.value, message: format!("`{}`", client.name) })
            .collect(),
        subject: "clients".into(),
    })
}

/// The one change.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let framework = survey.stack.framework.id();
    let template = TEMPLATES.iter().find(|template| template.framework == framework)?;
    let at = findings.iter().position(|finding| finding.rule == AT_IMPORT.id)?;
    let mut change = Change::new(ID, "Make clients at their first use", Safety::Review);
    change.fixes.push(at);
    for client in clients(survey) {
        let at_once = client.check.is_none().then_some(&client.value);
        if let Some(check) = client.check {
            change.edits.push(with_check(survey, check, client.value));
        }
        for value in client.dependents.iter().chain(at_once) {
            let file = survey.project.get(value.file);
            let (start, end) = (value.start as usize, value.end as usize);
            change.edits.push(Edit::replace(file.span(start..start), "lazy(() => "));
            change.edits.push(Edit::replace(file.span(end..end), ")"));
        }
        let file = client.value.file;
        let request = Request::Import {
            file,
            from: specifier(survey, file, &client.module),
            name: Imported::Named("lazy".to_owned()),
            local: "lazy".to_owned(),
            type_only: false,
        };
        if !change.requests.contains(&request) {
            change.requests.push(request);
        }
        let there = survey.project.file(client.module.as_str()).is_some();
        let module =
            Request::File { path: client.module, pieces: vec![Piece::text(template.text)], mode: 0o644 };
        if !there && !change.requests.contains(&module) {
            change.requests.push(module);
        }
    }
    Some(change)
}

/// The client at its first use, behind the check that stood before it.
fn with_check(survey: &Survey<'_>, check: Span, value: Span) -> Edit {
    let file = survey.project.get(value.file);
    let between = &file.text[check.end as usize..value.start as usize];
    let kept = check.end as usize + (between.len() - between.trim_start().len());
    let end = if file.text[value.end as usize..].starts_with(';') { ";" } else { "" };
    let moved = |span: Span| Piece::Indented { span, indent: "  ".to_owned(), verbatim: Vec::new() };
    let replacement = vec![
        Piece::Source(file.span(kept..value.start as usize)),
        Piece::text("lazy(() => {\n  "),
        moved(check),
        Piece::text("\n  return "),
        moved(value),
        Piece::text(format!("{end}\n}})")),
    ];
    Edit { span: file.span(check.start as usize..value.end as usize), replacement }
}
