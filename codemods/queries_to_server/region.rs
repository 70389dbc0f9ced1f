//! A query that is kept in a variable and changed over several statements before it is sent: all of them move together.
//!
//! What decides there whether a filter is added is sent along, so that the function decides again. A statement that does anything
//! else, or a value that may change in between, leaves the query where it is.

use super::column;
use super::draft::{Fill, Segment, Site};
use super::guess::Guess;
use super::read::{Branch, Reader};
use super::reason::Reason;
use super::receiver;
use audit::query::{Builder, Step};
use edit::Span;
use stack::server::function::Input;
use std::collections::BTreeSet;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::BindingId;
use syntax::view::{self, Chain};

impl<'s> Reader<'s> {
    /// The statements from the declaration of the variable to where the query is sent.
    pub(super) fn region(&mut self) -> Result<(), Reason> {
        let refused = Reason::builder_variable;
        let query = self.query;
        let builder = query.builder.as_ref().filter(|builder| !builder.leaves).ok_or_else(refused)?;
        let ([sent], [first, between @ .., last]) = (builder.sent.as_slice(), builder.statements.as_slice())
        else {
            return Err(refused());
        };
        let declaration = self.node(*first).ok_or_else(refused)?;
        let declarator = view::code_children(declaration).next().ok_or_else(refused)?;
        let alone = matches!(declaration.kind(), "lexical_declaration" | "variable_declaration")
            && view::code_children(declaration).count() == 1
            && declarator.child_by_field_name("name").is_some_and(|name| name.kind() == "identifier")
            && declarator
                .child_by_field_name("value")
                .is_some_and(|value| view::unwrapped(value).byte_range() == query.span.range());
        let sent_node = self.node(*sent).ok_or_else(refused)?;
        if !alone || !last.covers(*sent) || !self.holds_still(builder, (*first, *last), *sent) {
            return Err(refused());
        }
        let name =
            declarator.child_by_field_name("name").map(|name| self.tree.text(name)).unwrap_or_default();
        // Only a name for the query: the function needs none.
        if between.is_empty() && self.tree.text(sent_node) == name {
            for step in &query.steps {
                self.step(step)?;
            }
            self.draft.removed = vec![declaration.byte_range()];
            self.draft.call = sent_node.byte_range();
            self.verb();
            return Ok(());
        }
        // An annotation names a type of the browser's module.
        let annotation = declarator.child_by_field_name("type");
        if let Some(annotation) = annotation.filter(|kind| !is_any_type(self.tree, *kind)) {
            self.hole(annotation.byte_range(), Fill::Text(String::new()));
        }
        for step in &query.steps {
            self.step(step)?;
        }
        let mut conditions = Vec::new();
        let mut segments = vec![Segment::of(declaration.byte_range())];
        for statement in between {
            let node = self.node(*statement).ok_or_else(refused)?;
            self.statement(node, name, &mut conditions)?;
            segments.push(Segment::of(with_comments(self.tree, node)));
        }
        self.steps_of(sent_node, name)?;
        // What is known of the result of one query is not known of this either.
        let any = self.is_any() || is_declared_any(self.tree, declarator);
        let end = if any { " as PromiseLike<any>;" } else { ";" };
        segments.push(Segment { range: sent_node.byte_range(), around: ("return ", end) });
        for condition in conditions {
            self.condition(condition, true)?;
        }
        self.draft.removed =
            segments[..segments.len() - 1].iter().map(|segment| segment.range.clone()).collect();
        self.draft.segments = segments;
        self.draft.call = sent_node.byte_range();
        self.draft.block = true;
        self.verb();
        Ok(())
    }

    /// Whether nothing that the query asks with is assigned to between the two statements. Another query that is put together there is
    /// none of its matter.
    fn holds_still(&self, builder: &Builder, (first, last): (Span, Span), sent: Span) -> bool {
        let own = self.scopes.binding_at(builder.binding.range());
        let within = |span: Span, place: &Range<usize>| {
            span.start as usize <= place.start && place.end <= span.end as usize
        };
        let before = &builder.statements[..builder.statements.len() - 1];
        let asked: BTreeSet<BindingId> = self
            .scopes
            .references
            .iter()
            .filter(|one| before.iter().chain([&sent]).any(|span| within(*span, &one.range)))
            .filter_map(|one| one.binding)
            .collect();
        !self.scopes.references.iter().any(|one| {
            let known = one.binding.is_some_and(|binding| Some(binding) == own || !asked.contains(&binding));
            one.writes && first.start <= one.range.start as u32 && one.range.end as u32 <= last.end && !known
        })
    }

    /// `q = q.eq(...)`, alone or under conditions.
    fn statement(
        &mut self,
        node: Node<'s>,
        name: &str,
        conditions: &mut Vec<Node<'s>>,
    ) -> Result<(), Reason> {
        let refused = Reason::builder_variable;
        match node.kind() {
            "expression_statement" => {
                let assignment = view::code_children(node).next().ok_or_else(refused)?;
                let (left, right) =
                    (assignment.child_by_field_name("left"), assignment.child_by_field_name("right"));
                let (Some(left), Some(right)) = (left, right) else { return Err(refused()) };
                if assignment.kind() != "assignment_expression" || self.tree.text(left) != name {
                    return Err(refused());
                }
                self.steps_of(right, name)
            }
            "statement_block" => {
                for child in view::code_children(node) {
                    self.statement(child, name, conditions)?;
                }
                Ok(())
            }
            "if_statement" => {
                let condition = node.child_by_field_name("condition").ok_or_else(refused)?;
                let consequence = node.child_by_field_name("consequence").ok_or_else(refused)?;
                let inner = view::code_children(condition).next().ok_or_else(refused)?;
                let outer = self.branch.clone();
                if outer.is_none() {
                    self.sure.extend(self.read_first(inner));
                }
                let alone = outer.is_none() || !self.tree.text(inner).contains('.');
                let mut truthy = outer.as_ref().map(|outer| outer.truthy.clone()).unwrap_or_default();
                self.truthy(inner, &mut truthy);
                self.branch = Some(Branch { condition: Some(inner.byte_range()), alone, truthy });
                self.statement(consequence, name, conditions)?;
                self.branch = Some(Branch { condition: None, alone: false, truthy: Vec::new() });
                if let Some(alternative) = node.child_by_field_name("alternative") {
                    let inner = view::code_children(alternative).next().ok_or_else(refused)?;
                    self.statement(inner, name, conditions)?;
                }
                self.branch = outer;
                conditions.push(inner);
                Ok(())
            }
            _ => Err(refused()),
        }
    }

    /// The methods that are called on the variable.
    fn steps_of(&mut self, node: Node<'s>, name: &str) -> Result<(), Reason> {
        let refused = Reason::builder_variable;
        let chain = Chain::of(self.tree, node);
        if self.tree.text(chain.root) != name {
            return Err(refused());
        }
        for link in chain.links {
            let call = link.call.ok_or_else(refused)?;
            let start = link.member.child_by_field_name("object").ok_or_else(refused)?.end_byte();
            let arguments = view::arguments(call).into_iter().map(|node| self.file.span(node.byte_range()));
            let step = Step {
                name: link.name.into_owned(),
                span: self.file.span(start..call.end_byte()),
                arguments: arguments.collect(),
            };
            self.step(&step)?;
        }
        Ok(())
    }

    /// What the first operand of a condition reads a member of: the condition fails there, before and after, if it is not there.
    fn read_first(&self, node: Node<'s>) -> Option<String> {
        let mut node = view::unwrapped(node);
        while let Some(first) =
            node.child_by_field_name("left").or_else(|| node.child_by_field_name("argument"))
        {
            node = view::unwrapped(first);
        }
        let text = self.tree.text(node);
        let base = text.rsplit_once('.')?.0;
        (view::member_path(self.tree, node).is_some() && !text.contains("?.")).then(|| base.to_owned())
    }

    /// Whether it reads a member of something that may not be there once the call asks for all values at once.
    pub(super) fn is_unsure(&self, node: Node<'_>) -> bool {
        let text = self.tree.text(node);
        let plain = text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.'));
        let Some((base, _)) = text.rsplit_once('.').filter(|_| plain && node.kind() == "member_expression")
        else {
            return false;
        };
        let first = node_of_base(node);
        let of_module = self
            .scopes
            .reference_at(first.byte_range())
            .and_then(|reference| reference.binding)
            .is_some_and(|binding| self.scopes.binding(binding).top_level);
        base != "this" && !of_module && !self.sure.iter().any(|sure| sure == base)
    }

    /// Whether a value that is used under a condition can be asked for at the call; notes what must be asked with care.
    pub(super) fn may_be_asked(&mut self, node: Node<'s>) -> bool {
        let Some(branch) = &self.branch else { return true };
        if view::member_path(self.tree, node).is_some() {
            if self.is_unsure(node) {
                self.draft.unsure.push(node.byte_range());
            }
            return true;
        }
        let text = self.tree.text(node);
        branch.alone || !(text.contains('.') || text.contains('('))
    }

    /// `limit` and `range`: numbers that are not below zero.
    pub(super) fn bounded(&mut self, node: Node<'s>, name: &str) -> Result<(), Reason> {
        if let Some(fixed) = self.fixed(node) {
            if let Some(text) = fixed {
                self.hole(node.byte_range(), Fill::Text(text));
            }
            return Ok(());
        }
        if !self.may_be_asked(node) {
            return Err(Reason::builder_variable());
        }
        let (_, site) = self.branched(node, None, &self.guess(node));
        let schema = match &self.branch {
            None => "z.int().min(0)",
            Some(_) if self.is_truthy(node) => "z.int().min(0).nullish()",
            Some(_) => "json.optional()",
        };
        let index = self.send(name, Input::Schema(schema.to_owned()), site, false);
        self.hole(node.byte_range(), Fill::Input(index));
        Ok(())
    }

    /// How the call asks for a value, which may be used under a condition and not be there without.
    pub(super) fn early(&mut self, node: Node<'s>) -> Result<Site, Reason> {
        if !self.may_be_asked(node) {
            return Err(Reason::builder_variable());
        }
        let plain =
            view::member_path(self.tree, node).is_some() || !self.tree.text(node).contains(['.', '(']);
        Ok(match self.branch.as_ref().and_then(|branch| branch.condition.clone()) {
            Some(condition) if !plain => Site::Guarded(condition, node.byte_range()),
            _ => Site::Expression(node.byte_range()),
        })
    }

    /// Whether the condition around a value asks for nothing but that it is there.
    pub(super) fn is_truthy(&self, node: Node<'_>) -> bool {
        let asked = |branch: &Branch| branch.truthy.iter().any(|text| is_same(text, self.tree.text(node)));
        self.branch.as_ref().is_some_and(asked)
    }

    /// Whether the condition itself asks a name for its length: `ids.length > 0`.
    pub(super) fn is_counted(&self, list: Node<'_>) -> bool {
        let condition = self.branch.as_ref().and_then(|branch| branch.condition.clone());
        let asked = condition.and_then(|range| self.tree.source().get(range));
        let counted = format!("{}.length", self.tree.text(list));
        list.kind() == "identifier" && asked.is_some_and(|asked| asked.starts_with(&counted))
    }

    /// Expressions that are truthy where the condition holds.
    fn truthy(&self, node: Node<'s>, found: &mut Vec<String>) {
        let node = view::unwrapped(node);
        let operator = node.child_by_field_name("operator").map(|operator| self.tree.text(operator));
        match (node.kind(), operator) {
            ("binary_expression", Some("&&")) => {
                for side in ["left", "right"] {
                    if let Some(part) = node.child_by_field_name(side) {
                        self.truthy(part, found);
                    }
                }
            }
            _ if view::member_path(self.tree, node).is_some() => found.push(self.tree.text(node).to_owned()),
            _ => {}
        }
    }

    /// What is compared with a text may be that text too, also where the column knows no such value: `status !== "all"`.
    fn widen(&mut self, comparison: Node<'s>) {
        let side = |name: &str| comparison.child_by_field_name(name).map(view::unwrapped);
        let (Some(left), Some(right)) = (side("left"), side("right")) else { return };
        for (value, text) in [(left, right), (right, left)] {
            let Some(text) = view::string_value(self.tree, text) else { continue };
            let value = self.tree.text(value);
            let at = self.draft.sent.iter().position(|sent| {
                matches!(&sent.site, Site::Expression(range) if is_same(&self.file.text[range.clone()], value))
            });
            let Some(Input::Schema(schema)) = at.map(|at| &mut self.draft.sent[at].schema) else { continue };
            *schema = column::or_text(schema, &text);
        }
    }

    /// A condition, decided again on the server: names in it become inputs. `asked`: it is asked for nothing but its truth.
    fn condition(&mut self, node: Node<'s>, asked: bool) -> Result<(), Reason> {
        let refused = Reason::builder_variable;
        if self.fixed(node).is_some_and(|text| text.is_none()) {
            return Ok(());
        }
        match node.kind() {
            "parenthesized_expression" | "non_null_expression" => {
                let inner = view::code_children(node).next().ok_or_else(refused)?;
                self.condition(inner, asked)
            }
            "unary_expression" => {
                let operand = node.child_by_field_name("argument").ok_or_else(refused)?;
                self.condition(operand, self.tree.text(node).starts_with('!'))
            }
            "binary_expression" => {
                let operator = node.child_by_field_name("operator").map(|operator| self.tree.text(operator));
                let asked = asked && matches!(operator, Some("&&" | "||"));
                for side in ["left", "right"] {
                    self.condition(node.child_by_field_name(side).ok_or_else(refused)?, asked)?;
                }
                self.widen(node);
                Ok(())
            }
            "member_expression" if self.tree.text(node).ends_with(".length") => {
                self.condition(node.child_by_field_name("object").ok_or_else(refused)?, false)
            }
            "call_expression" => {
                let called = node.child_by_field_name("function").ok_or_else(refused)?;
                let method = called.child_by_field_name("property").map(|name| self.tree.text(name));
                let plain = matches!(method, Some("trim" | "includes" | "toLowerCase" | "startsWith"));
                if !plain || !view::arguments(node).iter().all(|argument| self.fixed(*argument) == Some(None))
                {
                    return Err(refused());
                }
                self.condition(called.child_by_field_name("object").ok_or_else(refused)?, false)
            }
            _ if view::member_path(self.tree, node).is_some() => {
                if self.holds_identity(node) || guess_is_user(self.tree.text(node)) {
                    return Err(refused());
                }
                let text = self.tree.text(node);
                let known = self.draft.sent.iter().position(|sent| {
                    matches!(&sent.site, Site::Expression(range) if is_same(&self.file.text[range.clone()], text))
                });
                let index = match known {
                    Some(index) => index,
                    None => {
                        let name = self.input_name(node).ok_or_else(refused)?;
                        let guess: Guess = self.guess(node);
                        let unsure = self.is_unsure(node);
                        if unsure {
                            self.draft.unsure.push(node.byte_range());
                        }
                        let (name, schema, site) = match guess.kind {
                            Some(kind) if guess.there && !unsure => {
                                (name, kind.zod(), Site::Expression(node.byte_range()))
                            }
                            _ if asked && node.kind() == "identifier" => {
                                (asked_as(&name), "z.boolean()".to_owned(), Site::Truth(node.byte_range()))
                            }
                            _ => (name, "json.optional()".to_owned(), Site::Expression(node.byte_range())),
                        };
                        self.send(&name, Input::Schema(schema), site, false)
                    }
                };
                self.hole(node.byte_range(), Fill::Input(index));
                Ok(())
            }
            _ => Err(refused()),
        }
    }
}

/// `hasFilters` for `filters`.
fn asked_as(name: &str) -> String {
    let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
    format!("has{}{rest}", first.to_uppercase())
}

/// A statement with the comments that stand on the lines above it.
fn with_comments(tree: &Tree, statement: Node<'_>) -> Range<usize> {
    let mut start = statement.start_byte();
    let mut next = statement;
    while let Some(comment) = next.prev_sibling().filter(|node| node.kind() == "comment") {
        let source = tree.source();
        let line = source[..comment.start_byte()].rfind('\n').map_or(0, |newline| newline + 1);
        let between = source[comment.end_byte()..next.start_byte()].matches('\n').count();
        if between != 1 || !source[line..comment.start_byte()].trim().is_empty() {
            break;
        }
        start = comment.start_byte();
        next = comment;
    }
    start..statement.end_byte()
}

/// Whether two paths of members name the same: `a?.b` and `a.b`.
fn is_same(one: &str, other: &str) -> bool {
    one.replace("?.", ".") == other.replace("?.", ".")
}

/// `a` of `a.b.c`.
fn node_of_base(node: Node<'_>) -> Node<'_> {
    let mut node = node;
    while let Some(object) = node.child_by_field_name("object") {
        node = object;
    }
    node
}

/// The signed-in user as a whole is not sent anywhere.
fn guess_is_user(text: &str) -> bool {
    matches!(text, "user" | "session" | "currentUser" | "profile" | "session.user")
}

/// `let query: any = …`, `let query = … as any`.
fn is_declared_any(tree: &Tree, declarator: Node<'_>) -> bool {
    let field = |name: &str| declarator.child_by_field_name(name);
    let cast = |value: Node<'_>| value.kind() == "as_expression" && receiver::is_cast_to_any(tree, value);
    field("type").is_some_and(|kind| is_any_type(tree, kind)) || field("value").is_some_and(cast)
}

/// `: any`.
fn is_any_type(tree: &Tree, annotation: Node<'_>) -> bool {
    tree.text(annotation).trim_start_matches(':').trim() == "any"
}
