//! Modules of plain server code that say "use server": each of their functions is a public address, and no page hands one to the
//! browser. Without the directive they are what they are used as.

use super::{ID, MISPLACED, finding};
use audit::handler::{Handler, Kind};
use audit::{Finding, Severity, Survey};
use edit::{Edit, FileId, Span};
use plan::{Change, Safety};
use project::File;
use stack::Side;
use std::collections::BTreeMap;
use std::sync::Arc;
use syntax::module::{ImportKind, Imported};
use syntax::view::{code_children, is_in_type_position};

/// The modules, with where their directive stands.
#[derive(Default)]
pub(super) struct Plain(pub(super) BTreeMap<FileId, Span>);

impl Plain {
    /// Whether a handler is one only by the directive of its module.
    pub(super) fn covers(&self, handler: &Handler) -> bool {
        handler.kind == Kind::ServerAction && self.0.contains_key(&handler.span.file)
    }
}

/// Decides once for a survey.
pub(super) fn of(survey: &Survey<'_>) -> Arc<Plain> {
    survey.memo.of(|| {
        let says = |file: &&File| {
            file.skipped.is_none() && file.module.directives.iter().any(|directive| directive == "use server")
        };
        // Where each function checks for itself, its address does no harm.
        let is_open = |file: &&File| {
            let mut handlers = survey.handlers.iter().filter(|handler| handler.span.file == file.id);
            handlers.any(|handler| super::find::open_action(survey, handler).is_some())
        };
        let files = survey.project.files.iter().filter(says).filter(is_open);
        Plain(files.filter_map(|file| Some((file.id, directive(survey, file)?))).collect())
    })
}

/// Where the directive of a module stands that needs none; `None` if a function of it may get to the browser.
fn directive(survey: &Survey<'_>, file: &File) -> Option<Span> {
    let (tree, _) = file.syntax()?;
    let importers = &survey.project.graph.importers[file.id.0 as usize];
    if importers.is_empty() || !importers.iter().all(|importer| only_calls(survey, *importer, file.id)) {
        return None;
    }
    // In the module itself a function may be handed on as well.
    if file.module.exports.iter().any(|export| !export.type_only && !is_called(file, export.local.as_deref()))
    {
        return None;
    }
    let statement = code_children(tree.root()).next()?;
    let text = tree.text(statement).trim_end_matches(';');
    let is = statement.kind() == "expression_statement" && matches!(text, "\"use server\"" | "'use server'");
    // With the blank line behind it.
    let rest = &file.text[statement.end_byte()..];
    let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    is.then(|| file.span(statement.start_byte()..statement.end_byte() + blank))
}

/// Whether a module of the server imports functions by name, and does nothing with them but call them.
fn only_calls(survey: &Survey<'_>, importer: FileId, module: FileId) -> bool {
    let file = survey.project.get(importer);
    let links = survey.project.graph.links[importer.0 as usize].iter().filter(|link| link.target == module);
    let imports: Vec<_> = links.map(|link| &file.module.imports[link.import]).collect();
    let hands_on = file.module.exports.iter().any(|export| export.from.is_some());
    if survey.stack.side(importer) != Side::Server || imports.is_empty() || hands_on {
        return false;
    }
    imports.iter().filter(|import| !import.type_only).all(|import| {
        import.kind == ImportKind::Static
            && !import.names.is_empty()
            && import.names.iter().all(|name| {
                matches!(name.imported, Imported::Named(_)) && is_called(file, Some(name.local.as_str()))
            })
    })
}

/// Whether all uses of a name in a file are calls of it.
fn is_called(file: &File, name: Option<&str>) -> bool {
    let (Some((tree, scopes)), Some(name)) = (file.syntax(), name) else { return false };
    let Some(id) = scopes.bindings.iter().position(|binding| binding.top_level && binding.name == name)
    else {
        return true;
    };
    let Some(id) = scopes.binding_at(scopes.bindings[id].name_range.clone()) else { return false };
    scopes.references_of(id).filter(|reference| !reference.in_type).all(|reference| {
        tree.node_at(reference.range.clone()).is_some_and(|node| {
            let parent = node.parent();
            let called = parent.is_some_and(|parent| {
                parent.kind() == "call_expression"
                    && parent.child_by_field_name("function").is_some_and(|callee| callee.id() == node.id())
            });
            let exported = parent.is_some_and(|parent| parent.kind() == "export_specifier");
            called || exported || is_in_type_position(node)
        })
    })
}

/// A finding for each module.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let plain = of(survey);
    let told = |(file, span): (&FileId, &Span)| {
        let handlers = survey.handlers.iter().filter(|handler| handler.span.file == *file);
        let handlers: Vec<_> = handlers.filter(|handler| plain.covers(handler)).collect();
        let file = survey.project.get(*file);
        let count = handlers.len();
        let functions = if count == 1 {
            "function is a public endpoint".to_owned()
        } else {
            format!("{count} functions are public endpoints")
        };
        let mut found = finding(
            &MISPLACED,
            *span,
            format!(
                "`{}` says \"use server\": its {functions}, and no page hands one to the browser.",
                file.path
            ),
            "Remove the directive: the code of the server calls them as before.",
            "plain-module",
        );
        let worst = handlers.iter().filter_map(|handler| super::find::open_action(survey, handler)).min();
        found.severity = worst.unwrap_or(Severity::Warning);
        (count > 0).then_some(found)
    };
    plain.0.iter().filter_map(told).collect()
}

/// One change for all of them.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let plain = of(survey);
    let mut change = Change::new(ID, "Take \"use server\" from modules of plain server code", Safety::Review);
    for (at, found) in findings.iter().enumerate() {
        if found.rule == MISPLACED.id && plain.0.get(&found.span.file) == Some(&found.span) {
            change.edits.push(Edit::replace(found.span, ""));
            change.fixes.push(at);
        }
    }
    (!change.edits.is_empty()).then_some(change)
}
