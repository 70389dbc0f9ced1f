//! Server functions whose input has a type and no check: a type is gone when the app runs. Where the type says all of it, it becomes a
//! schema.

use super::finding;
use audit::finding::Related;
use audit::handler::{Handler, Kind};
use audit::{Finding, Survey};
use edit::{Edit, Span};
use plan::{Change, Request, Safety};
use project::File;
use std::collections::BTreeMap;
use syntax::Node;
use syntax::Tree;
use syntax::module::Imported;
use syntax::view::{arguments, code_children, enclosing_statement, unwrapped, walk};

/// The package of schemas, and what it exports.
const SCHEMAS: (&str, &str) = ("zod", "z");
/// How wide a line may be.
const WIDTH: usize = 100;

/// A function that only gives its input back, and the schema that its type amounts to.
pub(super) struct Typed {
    span: Span,
    schema: String,
}

/// The schema of a function, if its input has a type that says all of it and nothing checks it.
pub(super) fn of(survey: &Survey<'_>, handler: &Handler) -> Option<Typed> {
    if handler.kind != Kind::ServerFunction || handler.validated || !known(survey) {
        return None;
    }
    let file = survey.project.get(handler.span.file);
    let (tree, _) = file.syntax()?;
    let statement = enclosing_statement(tree.node_at(handler.span.range())?);
    let mut checks = Vec::new();
    walk(statement, &mut |node| {
        let callee = node.child_by_field_name("function").filter(|_| node.kind() == "call_expression");
        let name = callee.and_then(|callee| callee.child_by_field_name("property"));
        if name.is_some_and(|name| matches!(tree.text(name), "validator" | "inputValidator")) {
            checks.extend(arguments(node).first().map(|check| unwrapped(*check)));
        }
        true
    });
    let [check] = checks.as_slice() else { return None };
    let asked = taken(tree, *check).filter(|_| tree.sound(statement))?;
    let start = file.text[..check.start_byte()].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &file.text[start..check.start_byte()];
    let indent = line.len() - line.trim_start().len();
    let room = WIDTH.saturating_sub(line.chars().count() + 1);
    let schema = Schema { tree, indent, room }.of_type(asked, 0)?;
    // Where what may be left out must not be undefined, the two are not the same.
    (!schema.contains(".optional()") || !exact(survey))
        .then(|| Typed { span: file.span(check.byte_range()), schema })
}

/// What is said of them, by file.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    by_file(survey)
        .into_values()
        .map(|typed| {
            let message = match typed.len() {
                1 => "This server function takes any input: its type checks nothing when the app runs.".to_owned(),
                many => format!("{many} server functions of this file take any input: their types check nothing when the app runs."),
            };
            let todo = "A schema of the same shape refuses the rest. Give its texts and numbers the limits that they have.";
            let mut found = finding(&super::TYPED, typed[0].span, message, todo, "type");
            found.related = typed[1..]
                .iter()
                .map(|one| Related { span: one.span, message: "takes any input as well".into() })
                .collect();
            found
        })
        .collect()
}

/// The one change for them.
pub(super) fn fix(survey: &Survey<'_>, findings: &[Finding]) -> Option<Change> {
    let title = "Check the input of server functions by a schema of its type";
    let mut change = Change::new(super::ID, title, Safety::Review);
    let all = by_file(survey);
    for (at, found) in findings.iter().enumerate().filter(|(_, found)| found.rule == super::TYPED.id) {
        let Some(typed) = all.get(&found.span.file) else { continue };
        change.edits.extend(typed.iter().map(|one| Edit::replace(one.span, one.schema.clone())));
        change.fixes.push(at);
        if !imports(survey.project.get(found.span.file)) {
            change.requests.push(Request::Import {
                file: found.span.file,
                from: SCHEMAS.0.to_owned(),
                name: Imported::Named(SCHEMAS.1.to_owned()),
                local: SCHEMAS.1.to_owned(),
                type_only: false,
            });
        }
    }
    (!change.fixes.is_empty()).then_some(change)
}

fn by_file(survey: &Survey<'_>) -> BTreeMap<edit::FileId, Vec<Typed>> {
    let mut found: BTreeMap<_, Vec<Typed>> = BTreeMap::new();
    for handler in &survey.handlers {
        let Some(typed) = of(survey, handler) else { continue };
        let file = survey.project.get(handler.span.file);
        // A name that means something else here cannot mean the schemas.
        let taken = file.syntax().is_some_and(|(_, scopes)| {
            scopes.bindings.iter().any(|binding| binding.name == SCHEMAS.1) && !imports(file)
        });
        if !taken {
            found.entry(handler.span.file).or_default().push(typed);
        }
    }
    found
}

/// Whether the file has the schemas under their name.
fn imports(file: &File) -> bool {
    file.module.imports.iter().any(|import| {
        import.specifier.starts_with(SCHEMAS.0)
            && !import.type_only
            && import.names.iter().any(|name| name.local == SCHEMAS.1)
    })
}

/// Whether the app has the package of schemas.
fn known(survey: &Survey<'_>) -> bool {
    let package = survey.project.apps.first().and_then(|app| survey.project.packages.get(app.package));
    package.is_some_and(|package| package.dependencies.contains_key(SCHEMAS.0))
}

fn exact(survey: &Survey<'_>) -> bool {
    survey.project.files.iter().any(|file| {
        file.path.name().starts_with("tsconfig") && file.text.contains("\"exactOptionalPropertyTypes\": true")
    })
}

/// The type of what `(input: { id: string }) => input` takes.
fn taken<'t>(tree: &'t Tree, check: Node<'t>) -> Option<Node<'t>> {
    let parameters = check.child_by_field_name("parameters").filter(|_| check.kind() == "arrow_function")?;
    let mut given = code_children(parameters);
    let parameter = given.next().filter(|one| one.kind() == "required_parameter")?;
    let name = parameter.child_by_field_name("pattern").filter(|name| name.kind() == "identifier")?;
    let body = check.child_by_field_name("body").map(unwrapped)?;
    let back = body.kind() == "identifier" && tree.text(body) == tree.text(name);
    let plain = given.next().is_none()
        && parameter.child_by_field_name("value").is_none()
        && check.child_by_field_name("return_type").is_none();
    let annotation = parameter.child_by_field_name("type").filter(|_| back && plain)?;
    code_children(annotation).next().filter(|kind| kind.kind() == "object_type")
}

/// A type as a schema.
struct Schema<'t> {
    tree: &'t Tree,
    /// Of the line that it begins in.
    indent: usize,
    /// What is left of that line.
    room: usize,
}

impl<'t> Schema<'t> {
    /// `None` for a type that does not say all of its values: a name, a record, anything at all.
    fn of_type(&self, node: Node<'t>, depth: usize) -> Option<String> {
        if depth > 3 {
            return None;
        }
        let inner = || code_children(node).next();
        match node.kind() {
            "predefined_type" => match self.tree.text(node) {
                name @ ("string" | "number" | "boolean") => Some(format!("z.{name}()")),
                _ => None,
            },
            "parenthesized_type" => self.of_type(inner()?, depth),
            "array_type" => Some(format!("z.array({})", self.of_type(inner()?, depth + 1)?)),
            "literal_type" if inner()?.kind() == "string" => {
                Some(format!("z.literal({})", self.tree.text(node)))
            }
            "union_type" => self.union(node),
            "object_type" => self.object(node, depth),
            _ => None,
        }
    }

    fn object(&self, node: Node<'t>, depth: usize) -> Option<String> {
        let mut fields = Vec::new();
        for member in code_children(node) {
            let name =
                member.child_by_field_name("name").filter(|_| member.kind() == "property_signature")?;
            let annotation =
                member.child_by_field_name("type").filter(|_| name.kind() == "property_identifier")?;
            let value = self.of_type(code_children(annotation).next()?, depth + 1)?;
            let head = &self.tree.text(member)[..annotation.start_byte() - member.start_byte()];
            let may = if head.trim_end().ends_with('?') { ".optional()" } else { "" };
            fields.push(format!("{}: {value}{may}", self.tree.text(name)));
        }
        let line = format!("z.object({{ {} }})", fields.join(", "));
        if fields.is_empty() {
            return None;
        }
        if depth > 0 || line.len() <= self.room {
            return Some(line);
        }
        let pad = " ".repeat(self.indent);
        let lines: String = fields.iter().map(|field| format!("{pad}  {field},\n")).collect();
        Some(format!("z.object({{\n{lines}{pad}}})"))
    }

    /// Texts that are listed, or one type that may be null.
    fn union(&self, node: Node<'t>) -> Option<String> {
        let mut members = Vec::new();
        let mut waiting: Vec<Node<'t>> = vec![node];
        while let Some(next) = waiting.pop() {
            if next.kind() == "union_type" {
                let mut inner: Vec<_> = code_children(next).collect();
                inner.reverse();
                waiting.extend(inner);
            } else {
                members.push(next);
            }
        }
        let text = |node: &Node<'t>| self.tree.text(*node);
        let absent = |name: &str| members.iter().any(|member| text(member) == name);
        let mut end = String::new();
        for (name, may) in [("null", ".nullable()"), ("undefined", ".optional()")] {
            if absent(name) {
                end += may;
            }
        }
        let rest: Vec<_> = members.iter().filter(|one| !matches!(text(one), "null" | "undefined")).collect();
        let listed = |one: &&Node<'t>| one.kind() == "literal_type" && text(one).starts_with(['"', '\'']);
        let value = match rest.as_slice() {
            [one] => self.of_type(**one, 1)?,
            many if many.len() > 1 && many.iter().all(listed) => {
                let names: Vec<_> = many.iter().map(|one| text(one)).collect();
                format!("z.enum([{}])", names.join(", "))
            }
            _ => return None,
        };
        Some(value + &end)
    }
}
