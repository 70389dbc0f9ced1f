//! Requests of a page to edge functions by their address: they go to the app's own server from now on, which has the session.

use super::facade;
use super::setting;
use super::tokens::{Page, Tokens, whole_line, with_comma};
use edit::Edit;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::{BindingId, Declared};
use syntax::view::{
    TemplatePart, arguments, callee_path, code_children, pairs, template_parts, unwrapped, value_of, wrapped,
};

/// The path of edge functions at the project's address.
pub(super) const FUNCTIONS: &str = "/functions/v1";
/// The header that no other site can send.
const OURS: &str = "\"X-Requested-With\": \"fetch\"";

/// Edits, and ranges that go with them.
type Edited = (Vec<Edit>, Vec<Range<usize>>);

impl<'s> Page<'s, '_> {
    /// A request to an edge function by its address; `None` for one that is not edited.
    pub(super) fn request(
        &self,
        address: Node<'s>,
        removed: &mut Vec<Range<usize>>,
        tokens: &mut Tokens,
    ) -> Option<()> {
        let text = self.tree.text(address);
        let at = text.find(FUNCTIONS)?;
        let behind = &text[at + FUNCTIONS.len()..];
        if !self.is_own(address, &text[1..at]) {
            return None;
        }
        let base = matches!(behind.trim_start_matches('/'), "`" | "\"" | "'");
        let asked = if base { self.below(address)? } else { vec![(function_name(behind)?, address)] };
        let mut edits = Vec::new();
        let mut gone = Vec::new();
        let mut calls = Vec::new();
        for (_, address) in &asked {
            calls.extend(self.calls(*address)?);
        }
        for call in &calls {
            let (more, headers) = self.headers(*call, &calls)?;
            edits.extend(more);
            gone.extend(headers);
        }
        let start = address.start_byte() + 1;
        let head = start..start + at - 1 + FUNCTIONS.len();
        edits.push(Edit::replace(self.file.span(head.clone()), "/api/functions"));
        removed.push(head);
        removed.extend(gone);
        for edit in edits {
            // Headers that two requests have in common.
            if !tokens.edits.contains(&edit) {
                tokens.edits.push(edit);
            }
        }
        tokens.functions.extend(asked.into_iter().map(|(name, _)| name));
        tokens.requests.extend(calls.iter().map(|call| self.file.span(call.byte_range())));
        Some(())
    }

    /// Whether what stands before the path is the address of the client's own project.
    fn is_own(&self, address: Node<'s>, base: &str) -> bool {
        if base.starts_with("http") {
            let known = facade::value_of(self.survey, &self.client.url);
            let known = known.map(|span| &self.survey.project.get(span.file).text[span.range()]);
            return known.map_or(base.ends_with(".supabase.co"), |known| {
                known.trim_end_matches('/') == base.trim_end_matches('/')
            });
        }
        let parts = template_parts(self.tree, address).unwrap_or_default();
        let (Some(TemplatePart::Expression(expression)), true) = (parts.first(), base.ends_with('}')) else {
            return false;
        };
        let setting = setting::of(self.survey, self.file, (self.tree, self.scopes), *expression);
        let known = setting.literal.is_some() || !setting.names.is_empty();
        if known {
            facade::same(self.survey, &setting, &self.client.url)
        } else {
            base.to_lowercase().contains("supabase")
        }
    }

    /// What an address is kept in, if that is a constant.
    fn kept(&self, address: Node<'s>) -> Option<BindingId> {
        let declarator = wrapped(address).parent().filter(|parent| parent.kind() == "variable_declarator")?;
        let binding = self.scopes.binding_at(declarator.child_by_field_name("name")?.byte_range())?;
        (self.scopes.binding(binding).declared == Declared::Const).then_some(binding)
    }

    /// The references of a constant that count: what is only printed does not.
    fn uses(&self, binding: BindingId) -> Vec<Node<'s>> {
        let nodes = self.scopes.references_of(binding).filter_map(|one| self.tree.node_at(one.range.clone()));
        nodes
            .filter(|node| {
                let call = wrapped(*node).parent().and_then(|list| list.parent());
                !call.is_some_and(|call| {
                    call.kind() == "call_expression" && self.tree.text(call).starts_with("console.")
                })
            })
            .collect()
    }

    /// The addresses that begin with the one of all functions: `` `${base}/resize` ``.
    fn below(&self, base: Node<'s>) -> Option<Vec<(String, Node<'s>)>> {
        let uses = self.uses(self.kept(base)?);
        let found: Option<Vec<_>> = uses
            .into_iter()
            .map(|node| {
                let template = self.begun(node)?;
                let end = node.parent()?.end_byte() - template.start_byte();
                Some((function_name(&self.tree.text(template)[end..])?, template))
            })
            .collect();
        found.filter(|found| !found.is_empty())
    }

    /// The template that a name begins.
    fn begun(&self, node: Node<'s>) -> Option<Node<'s>> {
        let hole = wrapped(node).parent().filter(|parent| parent.kind() == "template_substitution")?;
        let template = hole.parent()?;
        (hole.start_byte() == template.start_byte() + 1).then_some(template)
    }

    /// The calls that send to an address: it is their first argument, by itself, through a constant, or with a query behind it.
    fn calls(&self, address: Node<'s>) -> Option<Vec<Node<'s>>> {
        let outer = wrapped(address);
        if outer.parent()?.kind() == "arguments" {
            return self.sender(outer).map(|call| vec![call]);
        }
        let mut calls = Vec::new();
        for node in self.uses(self.kept(address)?) {
            match self.begun(node) {
                Some(template) => calls.extend(self.calls(template)?),
                None => calls.push(self.sender(wrapped(node))?),
            }
        }
        Some(calls).filter(|calls| !calls.is_empty())
    }

    fn sender(&self, argument: Node<'s>) -> Option<Node<'s>> {
        let call = argument.parent()?.parent()?;
        self.options_at(call)?;
        (arguments(call).first()?.id() == argument.id()).then_some(call)
    }

    /// Where a call that sends a request takes its options.
    fn options_at(&self, call: Node<'s>) -> Option<usize> {
        let path = callee_path(self.tree, call)?;
        let path: Vec<&str> = path.iter().map(|name| name.as_ref()).collect();
        match path.as_slice() {
            ["fetch"] | ["window" | "globalThis", "fetch"] | ["axios", "get" | "delete"] => Some(1),
            ["axios", "post" | "put" | "patch"] => Some(2),
            _ => None,
        }
    }

    /// What becomes of the headers of a request: the token and the key go, the header comes that no other site can send. `calls`: all
    /// requests to the same address.
    fn headers(&self, call: Node<'s>, calls: &[Node<'s>]) -> Option<Edited> {
        let at = self.options_at(call)?;
        let given = arguments(call);
        let Some(options) = given.get(at).map(|options| unwrapped(*options)) else {
            if !self.marked {
                return Some(Edited::default());
            }
            let end = call.end_byte() - 1;
            let none = self.file.span(end..end);
            let body = if at > given.len() { ", null" } else { "" };
            let added = format!("{body}, {{ headers: {{ {OURS} }} }}");
            return Some((vec![Edit::replace(none, added)], Vec::new()));
        };
        if options.kind() != "object" {
            return None;
        }
        let Some(headers) = value_of(self.tree, options, "headers").map(unwrapped) else {
            if !self.marked {
                return Some(Edited::default());
            }
            let start = options.start_byte() + 1;
            let edit = Edit::replace(self.file.span(start..start), format!(" headers: {{ {OURS} }},"));
            return Some((vec![edit], Vec::new()));
        };
        match headers.kind() {
            "object" => self.listed(headers),
            "identifier" | "shorthand_property_identifier" => self.named(headers, calls),
            _ => None,
        }
    }

    /// Headers that are written out.
    fn listed(&self, headers: Node<'s>) -> Option<Edited> {
        let quote =
            if self.tree.text(headers).contains('\'') { OURS.replace('"', "'") } else { OURS.to_owned() };
        let secret: Vec<Node<'_>> =
            code_children(headers).filter(|child| is_secret(self.tree, *child)).collect();
        let mut edits = Vec::new();
        let mut gone = Vec::new();
        for (at, pair) in secret.iter().enumerate() {
            gone.push(pair.byte_range());
            if at == 0 && self.marked {
                edits.push(Edit::replace(self.file.span(pair.byte_range()), quote.clone()));
            } else {
                edits.push(Edit::delete(self.file.span(with_comma(&self.file.text, pair.byte_range()))));
            }
        }
        if secret.is_empty() && self.marked {
            let start = headers.start_byte() + 1;
            let comma = if code_children(headers).next().is_some() { "," } else { " " };
            edits.push(Edit::replace(self.file.span(start..start), format!(" {quote}{comma}")));
        }
        Some((edits, gone))
    }

    /// Headers that stand in a constant, which these requests alone use.
    fn named(&self, name: Node<'s>, calls: &[Node<'s>]) -> Option<Edited> {
        let binding = self.scopes.reference_at(name.byte_range()).and_then(|reference| reference.binding)?;
        let known = self.scopes.binding(binding);
        let declarator = self.tree.node_at(known.name_range.clone())?.parent()?;
        let written = declarator.child_by_field_name("value").map(unwrapped)?;
        if known.declared != Declared::Const || written.kind() != "object" {
            return None;
        }
        let (mut edits, mut gone) = self.listed(written)?;
        for reference in self.scopes.references_of(binding) {
            let node = self.tree.node_at(reference.range.clone())?;
            let within = calls
                .iter()
                .any(|call| call.start_byte() <= node.start_byte() && node.end_byte() <= call.end_byte());
            if within {
                continue;
            }
            let statement = self.sets_secret(node)?.byte_range();
            let edit = Edit::delete(self.file.span(whole_line(&self.file.text, statement.clone())));
            // Both arms of a condition go with it.
            if !edits.contains(&edit) {
                edits.push(edit);
                gone.push(statement);
            }
        }
        Some((edits, gone))
    }

    /// `headers["Authorization"] = token;`: the statement, with the condition under which nothing else stands.
    fn sets_secret(&self, headers: Node<'s>) -> Option<Node<'s>> {
        let assigned = headers.parent()?.parent()?;
        let mut statement = wrapped(assigned).parent()?;
        if !self.is_secret_set(statement) {
            return None;
        }
        loop {
            let block = statement.parent().filter(|block| block.kind() == "statement_block");
            let outer = block.unwrap_or(statement).parent().map(|outer| match outer.kind() {
                "else_clause" => outer.parent().unwrap_or(outer),
                _ => outer,
            });
            match outer.filter(|outer| outer.kind() == "if_statement") {
                Some(condition) if self.only_sets_secrets(condition, statement) => statement = condition,
                // Without braces nothing may be missing there.
                Some(_) if block.is_none() => return None,
                _ => return Some(statement),
            }
        }
    }

    /// Whether a condition has only arms that set the token or the key, or hold `known` alone.
    fn only_sets_secrets(&self, condition: Node<'s>, known: Node<'s>) -> bool {
        let alternative = condition.child_by_field_name("alternative");
        let otherwise = alternative.and_then(|clause| code_children(clause).next());
        let arms = [condition.child_by_field_name("consequence"), otherwise];
        alternative.is_some() == otherwise.is_some()
            && arms.into_iter().flatten().all(|arm| {
                let in_block = arm.kind() == "statement_block";
                let only = if in_block { code_children(arm).next() } else { Some(arm) };
                only.is_some_and(|only| only.id() == known.id() || self.is_secret_set(only))
                    && (!in_block || code_children(arm).count() == 1)
            })
    }

    /// Whether a statement sets the header of the token or of the key.
    fn is_secret_set(&self, statement: Node<'s>) -> bool {
        let assigned = code_children(statement).next().map(unwrapped);
        let left = assigned
            .filter(|assigned| {
                statement.kind() == "expression_statement" && assigned.kind() == "assignment_expression"
            })
            .and_then(|assigned| assigned.child_by_field_name("left"));
        let key = left.and_then(|left| {
            let named = left.child_by_field_name("property").map(|property| self.tree.text(property).into());
            named.or_else(|| syntax::view::string_value(self.tree, left.child_by_field_name("index")?))
        });
        key.is_some_and(|key| secret(&key))
    }
}

/// Whether headers hold nothing but the token and the key.
pub(crate) fn says_who(tree: &Tree, value: Node<'_>) -> bool {
    let headers = unwrapped(value);
    let mut members = code_children(headers).peekable();
    is_sometimes(tree, headers)
        || headers.kind() == "object"
            && members.peek().is_some()
            && members.all(|member| is_secret(tree, member))
}

/// Whether a member of headers is the token or the key, also where it is there only sometimes:
/// `...(token && { Authorization: token })`.
pub(crate) fn is_secret(tree: &Tree, member: Node<'_>) -> bool {
    if member.kind() == "pair" {
        let key = member.child_by_field_name("key");
        return key.and_then(|key| syntax::view::key_name(tree, key)).is_some_and(|key| secret(&key));
    }
    let spread = code_children(member).next();
    member.kind() == "spread_element" && spread.is_some_and(|spread| is_sometimes(tree, spread))
}

/// `token ? { Authorization: token } : {}`, `token && { Authorization: token }`: the token and the key, or nothing.
pub(super) fn is_sometimes(tree: &Tree, value: Node<'_>) -> bool {
    let value = unwrapped(value);
    let arms: Vec<Node<'_>> = ["consequence", "alternative", "right"]
        .into_iter()
        .filter_map(|arm| value.child_by_field_name(arm).map(unwrapped))
        .collect();
    let only = |arm: &Node<'_>| {
        tree.text(*arm) == "undefined"
            || arm.kind() == "object"
                && code_children(*arm).count() == pairs(tree, *arm).len()
                && pairs(tree, *arm).iter().all(|(key, _, _)| secret(key))
    };
    let any = arms.iter().any(|arm| !pairs(tree, *arm).is_empty());
    any && arms.iter().all(only)
}

fn secret(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("apikey")
}

/// The function of the path behind the address of all functions: `/resize?width=100` with what ends the text.
fn function_name(path: &str) -> Option<String> {
    let path = path.strip_prefix('/')?;
    let name: String =
        path.chars().take_while(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_')).collect();
    let ends = path[name.len()..].starts_with(['?', '`', '"', '\'']);
    (!name.is_empty() && ends).then_some(name)
}
