//! Reads in code: every accessor on every side, followed through `const env = import.meta.env` and destructuring.

use super::around::{is_env, is_expression_slot, is_mailbox, may_be_missing, written};
use super::{Accessor, EnvRead, Fallback};
use crate::secret::{Secret, placeholder};
use edit::Span;
use project::{File, Kind};
use regex::Regex;
use stack::Side;
use std::sync::LazyLock;
use syntax::Node;
use syntax::Tree;
use syntax::module::{Import, Imported};
use syntax::scope::{Declared, Scopes};
use syntax::view;

/// What one file reads.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Reads with a name.
    pub(crate) named: Vec<(String, EnvRead)>,
    /// Reads whose name is computed.
    pub(crate) dynamic: Vec<EnvRead>,
}

static PYTHON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"os\.(?:getenv\(|environ\.get\(|environ\[)\s*["']([A-Za-z_][A-Za-z0-9_]*)["']"#)
        .expect("the pattern compiles")
});
static PRISMA: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?-u:\b)env\(\s*"([A-Za-z_][A-Za-z0-9_]*)"\s*\)"#).expect("the pattern compiles")
});
static HTML: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"%(VITE_[A-Z0-9_]+)%").expect("the pattern compiles"));

/// Every read in a file. `secrets` are those of the same file: a literal behind a read is judged by them.
pub(crate) fn of_file(file: &File, side: Side, secrets: &[Secret]) -> Reads {
    let plain = |pattern: &Regex, accessor: Accessor, side: Side| {
        let names =
            pattern.captures_iter(&file.text).filter_map(|captures| captures.get(1).zip(captures.get(0)));
        let read = |name: regex::Match<'_>, whole: regex::Match<'_>| {
            let span = file.span(whole.range());
            let read = EnvRead {
                span,
                whole: span,
                name: file.span(name.range()),
                accessor,
                side,
                fallback: Fallback::None,
                replaceable: false,
            };
            (name.as_str().to_owned(), read)
        };
        let is_comment = |whole: &regex::Match<'_>| {
            let line = file.text[..whole.start()].rsplit('\n').next().unwrap_or("");
            file.path.extension() == "py" && line.trim_start().starts_with('#')
        };
        let names = names.filter(|(_, whole)| !is_comment(whole));
        Reads { named: names.map(|(name, whole)| read(name, whole)).collect(), dynamic: Vec::new() }
    };
    match (file.kind, file.path.extension()) {
        (Kind::Code(_), _) if speaks_of_env(&file.text) => {
            let Some((tree, scopes)) = file.syntax() else { return Reads::default() };
            Reader { file, side, secrets, tree, scopes, reads: Reads::default() }.run()
        }
        (Kind::Html, _) => plain(&HTML, Accessor::ImportMeta, Side::Browser),
        (_, "py") => plain(&PYTHON, Accessor::Process, Side::Server),
        (_, "prisma") => plain(&PRISMA, Accessor::Process, Side::Server),
        _ => Reads::default(),
    }
}

fn speaks_of_env(text: &str) -> bool {
    ["process", "import.meta", "Deno.env", "env.", "env[", "} = env", "loadEnv"]
        .iter()
        .any(|mark| text.contains(mark))
        && text.contains("env")
}

struct Reader<'t> {
    file: &'t File,
    side: Side,
    secrets: &'t [Secret],
    tree: &'t Tree,
    scopes: &'t Scopes,
    reads: Reads,
}

impl<'t> Reader<'t> {
    fn run(mut self) -> Reads {
        let root = self.tree.root();
        view::walk(root, &mut |node| {
            match node.kind() {
                "member_expression" | "subscript_expression" => self.member(node),
                "call_expression" => self.call(node),
                "variable_declarator" => self.declarator(node),
                _ => {}
            }
            true
        });
        self.reads
    }

    /// `env.NAME`, `env["NAME"]`, `env[name]`.
    fn member(&mut self, node: Node<'t>) {
        let Some(object) = node.child_by_field_name("object") else { return };
        let Some(accessor) = self.environment(object, 0) else { return };
        // `Deno.env.get` is a call, not a variable.
        if accessor == Accessor::Deno {
            return;
        }
        if let Some(property) = node.child_by_field_name("property") {
            let name = self.tree.text(property).to_owned();
            if accessor != Accessor::Binding || name.chars().all(|character| !character.is_lowercase()) {
                self.push(name, node, property, accessor);
            }
        } else if let Some(index) = node.child_by_field_name("index") {
            match view::string_value(self.tree, index) {
                Some(name) => self.push_inner(name.into_owned(), node, index, accessor),
                None if accessor != Accessor::Binding => self.push_dynamic(node, accessor),
                None => {}
            }
        }
    }

    /// `Deno.env.get("NAME")`.
    fn call(&mut self, node: Node<'t>) {
        let Some(callee) = node.child_by_field_name("function").map(view::unwrapped) else { return };
        let get = callee.kind() == "member_expression"
            && callee
                .child_by_field_name("property")
                .is_some_and(|property| self.tree.text(property) == "get");
        let Some(object) = callee.child_by_field_name("object").filter(|_| get) else { return };
        if self.environment(object, 0) != Some(Accessor::Deno) {
            return;
        }
        let Some(argument) = view::arguments(node).into_iter().next() else { return };
        match view::string_value(self.tree, argument) {
            Some(name) => self.push_inner(name.into_owned(), node, argument, Accessor::Deno),
            None => self.push_dynamic(node, Accessor::Deno),
        }
    }

    /// `const { A, B: b, C = "x" } = process.env`.
    fn declarator(&mut self, node: Node<'t>) {
        let pattern = node.child_by_field_name("name").filter(|name| name.kind() == "object_pattern");
        let value = node.child_by_field_name("value");
        let Some((pattern, value)) = pattern.zip(value) else { return };
        let Some(accessor) = self.environment(value, 0) else { return };
        for element in pattern.named_children() {
            let (key, default) = match element.kind() {
                "shorthand_property_identifier_pattern" => (Some(element), None),
                "object_assignment_pattern" => {
                    (element.child_by_field_name("left"), element.child_by_field_name("right"))
                }
                "pair_pattern" => {
                    let value = element
                        .child_by_field_name("value")
                        .filter(|value| value.kind() == "assignment_pattern");
                    (
                        element.child_by_field_name("key"),
                        value.and_then(|value| value.child_by_field_name("right")),
                    )
                }
                _ => continue,
            };
            let Some(key) = key else { continue };
            let name = self.tree.text(key).trim_matches(['"', '\'']).to_owned();
            let fallback = default.map_or(Fallback::None, |default| self.fallback(default));
            let span = self.span(element);
            let named = self.inner_span(key);
            let read = EnvRead {
                span,
                whole: span,
                name: named,
                accessor,
                side: self.side,
                fallback,
                replaceable: false,
            };
            self.reads.named.push((name, read));
        }
    }

    /// How the object that `node` names is an environment.
    fn environment(&self, node: Node<'t>, depth: usize) -> Option<Accessor> {
        let node = view::unwrapped(node);
        match node.kind() {
            "member_expression" => {
                let object = view::unwrapped(node.child_by_field_name("object")?);
                (self.tree.text(node.child_by_field_name("property")?) == "env")
                    .then(|| self.owner(object))?
            }
            "subscript_expression" => {
                let object = view::unwrapped(node.child_by_field_name("object")?);
                let index = view::string_value(self.tree, node.child_by_field_name("index")?)?;
                (index == "env").then(|| self.owner(object))?
            }
            "identifier" if depth < 4 => self.alias(node, depth),
            "call_expression" => {
                let callee = node.child_by_field_name("function")?;
                (self.tree.text(callee) == "loadEnv").then_some(Accessor::Binding)
            }
            // `process.env ?? {}`
            "binary_expression" => {
                self.environment(node.child_by_field_name("left")?, depth + 1).filter(|_| depth < 4)
            }
            "object" if depth < 4 => {
                // `{ ...process.env, ...loadEnv(mode) }`
                let spreads = node.named_children().filter(|child| child.kind() == "spread_element");
                spreads
                    .filter_map(|spread| spread.named_child(0))
                    .find_map(|inner| self.environment(inner, depth + 1))
            }
            _ => None,
        }
    }

    fn owner(&self, object: Node<'t>) -> Option<Accessor> {
        let text = self.tree.text(object);
        let last = text.rsplit(['.', '?']).next().unwrap_or(text);
        match text {
            "process" | "globalThis.process" | "global.process" | "window.process" => Some(Accessor::Process),
            "import.meta" => Some(Accessor::ImportMeta),
            "Deno" | "globalThis.Deno" => Some(Accessor::Deno),
            _ => matches!(last, "c" | "ctx" | "context" | "cloudflare" | "platform")
                .then_some(Accessor::Binding),
        }
    }

    /// `const env = import.meta.env; env.NAME`; the `env` parameter of a Workers handler; `import { env } from "node:process"`.
    fn alias(&self, node: Node<'t>, depth: usize) -> Option<Accessor> {
        let binding = self.scopes.binding(self.scopes.binding_at(node.byte_range())?);
        let declaration = self.tree.node_at(binding.range.clone())?;
        match binding.declared {
            Declared::Import => {
                let mut imports = self.file.module.imports.iter();
                let of =
                    |import: &Import| import.names.iter().find(|name| name.local == binding.name).cloned();
                let (specifier, name) =
                    imports.find_map(|import| Some((import.specifier.as_str(), of(import)?.imported)))?;
                // `import process from "node:process"` is the process, not its environment.
                match specifier {
                    "process" | "node:process" => {
                        (name == Imported::Named("env".to_owned())).then_some(Accessor::Process)
                    }
                    "cloudflare:workers" => Some(Accessor::Binding),
                    _ => None,
                }
            }
            Declared::Parameter => {
                let text = self.tree.text(declaration);
                let typed = text.split_once(':').map_or("", |(_, kind)| kind.trim());
                (binding.name == "env"
                    && (typed.ends_with("Env")
                        || typed.ends_with("Bindings")
                        || self.file.text.contains("async fetch(")))
                .then_some(Accessor::Binding)
            }
            Declared::Const | Declared::Let | Declared::Var => {
                let mut declarator = declaration;
                while declarator.kind() != "variable_declarator" {
                    declarator = declarator.parent()?;
                }
                let (name, value) =
                    (declarator.child_by_field_name("name")?, declarator.child_by_field_name("value")?);
                match name.kind() {
                    "identifier" => self.environment(value, depth + 1),
                    // `const { env } = process`
                    "object_pattern" if binding.name == "env" => self.owner(view::unwrapped(value)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn push(&mut self, name: String, node: Node<'t>, property: Node<'t>, accessor: Accessor) {
        let named = self.span(property);
        self.push_named(name, node, named, accessor);
    }

    fn push_inner(&mut self, name: String, node: Node<'t>, string: Node<'t>, accessor: Accessor) {
        let named = self.inner_span(string);
        self.push_named(name, node, named, accessor);
    }

    fn push_named(&mut self, name: String, node: Node<'t>, named: Span, accessor: Accessor) {
        let plain =
            !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || character == '_');
        if !plain || written(node) {
            return;
        }
        let (whole, fallback) = self.around(node);
        let span = self.span(node);
        self.reads.named.push((
            name,
            EnvRead { span, whole, name: named, accessor, side: self.side, fallback, replaceable: true },
        ));
    }

    /// A function of the file that reads the variable whose name it is given: each call of it with a literal is a read.
    fn through_helper(&mut self, node: Node<'t>, accessor: Accessor) {
        let index = node.child_by_field_name("index").or_else(|| view::arguments(node).into_iter().next());
        let Some(index) = index.filter(|index| index.kind() == "identifier") else { return };
        let Some(helper) = view::enclosing_function(node) else { return };
        let parameter = self.scopes.binding_at(index.byte_range());
        let parameters = helper.child_by_field_name("parameters").into_iter().flat_map(view::code_children);
        let at = parameters.enumerate().find_map(|(at, one)| {
            let name = one.child_by_field_name("pattern").unwrap_or(one);
            let same = name.kind() == "identifier" && self.scopes.binding_at(name.byte_range()) == parameter;
            (same && parameter.is_some()).then_some(at)
        });
        let declared = helper.parent().filter(|parent| parent.kind() == "variable_declarator");
        let name = helper.child_by_field_name("name").or_else(|| declared?.child_by_field_name("name"));
        let binding = name.and_then(|name| self.scopes.binding_at(name.byte_range()));
        let Some((at, binding)) = at.zip(binding) else { return };
        // Whoever throws needs it; of another we cannot say what it does without.
        let strict = self.tree.text(helper).contains("throw ");
        let references: Vec<_> =
            self.scopes.references_of(binding).map(|reference| reference.range.clone()).collect();
        for range in references {
            let Some(callee) = self.tree.node_at(range) else { continue };
            let call = callee.parent().filter(|call| {
                call.kind() == "call_expression" && call.child_by_field_name("function") == Some(callee)
            });
            let Some(call) = call else { continue };
            let Some(argument) = view::arguments(call).get(at).copied() else { continue };
            let Some(name) = view::string_value(self.tree, argument) else { continue };
            let (whole, fallback) = self.around(call);
            let fallback = if strict || fallback != Fallback::None { fallback } else { Fallback::Expression };
            let (span, named) = (self.span(call), self.inner_span(argument));
            let read =
                EnvRead { span, whole, name: named, accessor, side: self.side, fallback, replaceable: false };
            self.reads.named.push((name.into_owned(), read));
        }
    }

    fn push_dynamic(&mut self, node: Node<'t>, accessor: Accessor) {
        self.through_helper(node, accessor);
        let (whole, fallback) = self.around(node);
        let span = self.span(node);
        self.reads.dynamic.push(EnvRead {
            span,
            whole,
            name: span,
            accessor,
            side: self.side,
            fallback,
            replaceable: true,
        });
    }

    /// What stands around a read: `!`, `as string`, `|| literal`, `?? other`. Of a chain, a later operand's whole is the rest of
    /// the chain from there on, for `a || b || c` nests to the left.
    fn around(&self, node: Node<'t>) -> (Span, Fallback) {
        let (mut at, mut start, mut end) = (node, node.start_byte(), node.end_byte());
        let (mut cast, mut behind, mut at_left_edge) = (false, Vec::new(), true);
        let mut nullish = false;
        while let Some(parent) = at.parent() {
            match parent.kind() {
                "non_null_expression" | "as_expression" | "satisfies_expression"
                    if at_left_edge && parent.named_child(0) == Some(at) =>
                {
                    cast |= !may_be_missing(self.tree, parent);
                    end = parent.end_byte();
                }
                "parenthesized_expression" if at_left_edge => {
                    // The brackets of a call's own condition stay: `if (process.env.X)`.
                    if !parent.parent().is_some_and(|outer| is_expression_slot(outer, parent)) {
                        break;
                    }
                    start = parent.start_byte();
                    end = parent.end_byte();
                }
                "binary_expression" => {
                    let operator = parent
                        .child_by_field_name("operator")
                        .map_or("", |operator| self.tree.text(operator));
                    if !matches!(operator, "||" | "??") {
                        break;
                    }
                    if parent.child_by_field_name("left") == Some(at) {
                        nullish |= operator == "??";
                        behind.extend(parent.child_by_field_name("right"));
                        end = parent.end_byte();
                    } else {
                        at_left_edge = false;
                    }
                }
                _ => break,
            }
            at = parent;
        }
        let fallback = match behind.split_last() {
            // What stands between counts before what stands last. An empty text behind `||` hides no other variable.
            Some((last, between)) => {
                let mut others = between.iter().map(|operand| self.fallback(*operand));
                let last = self.fallback(*last);
                match others.next() {
                    None => last,
                    Some(other) if std::iter::once(&other).chain(&others.collect::<Vec<_>>()).all(is_env) => {
                        let kept = last == Fallback::None || last == Fallback::Empty && !nullish;
                        if kept || last == (Fallback::Literal { secret: true }) { last } else { other }
                    }
                    Some(_) => Fallback::Expression,
                }
            }
            None if cast => Fallback::NonNull,
            None => Fallback::None,
        };
        (self.file.span(start..end), fallback)
    }

    fn fallback(&self, node: Node<'t>) -> Fallback {
        let node = view::unwrapped(node);
        if let Some(value) = view::string_value(self.tree, node) {
            let span = self.span(node);
            let secret =
                self.secrets.iter().any(|secret| !secret.public_by_design && span.covers(secret.span));
            let local = ["localhost", "127.0.0.1", "0.0.0.0"].iter().any(|host| value.contains(host));
            return match value.trim() {
                "" => Fallback::Empty,
                _ if secret => Fallback::Literal { secret },
                _ if local => Fallback::Localhost,
                value if placeholder(value) && !is_mailbox(value) => Fallback::Placeholder,
                _ => Fallback::Literal { secret },
            };
        }
        match node.kind() {
            "number" | "true" | "false" => Fallback::Literal { secret: false },
            "undefined" | "null" => Fallback::None,
            "member_expression" | "subscript_expression" => {
                let accessor =
                    node.child_by_field_name("object").and_then(|object| self.environment(object, 0));
                let name = node.child_by_field_name("property").or_else(|| node.child_by_field_name("index"));
                match (accessor, name) {
                    (Some(_), Some(name)) => {
                        Fallback::OtherEnv(self.tree.text(name).trim_matches(['"', '\'']).to_owned())
                    }
                    _ => Fallback::Expression,
                }
            }
            "call_expression" => {
                let object = node
                    .child_by_field_name("function")
                    .and_then(|callee| callee.child_by_field_name("object"));
                let deno = object.and_then(|object| self.environment(object, 0)) == Some(Accessor::Deno);
                let name = view::arguments(node)
                    .first()
                    .and_then(|argument| view::string_value(self.tree, *argument));
                match name.filter(|_| deno) {
                    Some(name) => Fallback::OtherEnv(name.into_owned()),
                    None => Fallback::Expression,
                }
            }
            _ => Fallback::Expression,
        }
    }

    fn span(&self, node: Node<'t>) -> Span {
        self.file.span(node.byte_range())
    }

    /// A string without its quotes; another node as it is.
    fn inner_span(&self, node: Node<'t>) -> Span {
        let range = node.byte_range();
        match node.kind() {
            "string" | "template_string" if range.len() >= 2 => {
                self.file.span(range.start + 1..range.end - 1)
            }
            _ => self.file.span(range),
        }
    }
}
