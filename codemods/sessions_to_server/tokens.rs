//! What a page does with the access token: requests to edge functions, which go through the server from now on, requests to the app
//! itself, for which a name will do, and everything else, for which the page goes on to have it.

use super::client::{Client, in_browser};
use super::kept_sessions;
use super::own_routes::Flow;
use super::places::Places;
use super::requests::{FUNCTIONS, is_secret, is_sometimes};
use super::uses::{self, Use, What};
use super::web_storage::{self, Stored};
use crate::hooks;
use crate::server::Verdict;
use audit::Survey;
use edit::{Edit, FileId, Span};
use project::File;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::Scopes;
use syntax::view::{code_children, enclosing_statement, unwrapped, value_of, walk, wrapped};

const TOKENS: &[&str] = &["access_token", "refresh_token", "provider_token", "provider_refresh_token"];

/// What becomes of the tokens.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) edits: Vec<Edit>,
    /// Names of the edge functions that are asked by address.
    pub(super) functions: Vec<String>,
    /// The requests: for the inventory.
    pub(super) requests: Vec<Span>,
    /// Places that keep the session in the browser, with the reason.
    pub(super) kept: Vec<(Span, String)>,
    /// Reads of a token that goes to routes of the app itself alone: it is named there, and the server puts it in its place.
    pub(super) named: Vec<Span>,
    /// Reads of the access token for something else: the page goes on to have it.
    pub(super) lent: Vec<Span>,
    /// Reads of the refresh token that put the session aside.
    pub(super) held: Vec<Span>,
    /// Whether one of them stands in the query of a link.
    pub(super) linked: bool,
    /// Reads where the library kept the session.
    pub(super) stored: Stored,
    /// What becomes of conditions where no token is named.
    conditions: Vec<Edit>,
}

impl Tokens {
    /// Reads of the access token alone.
    pub(super) fn lent(lent: Vec<Span>) -> Self {
        Self { lent, ..Self::default() }
    }

    /// Leaves out a file that goes as a whole, and what goes with the clients.
    pub(super) fn leave(&mut self, survey: &Survey<'_>, removed: Option<FileId>, clients: &[Client]) {
        let goes = |client: &Client, span: &Span| {
            let file = survey.project.get(client.file);
            client.around.iter().any(|range| file.span(range.clone()).covers(*span))
        };
        let stays =
            |span: &Span| Some(span.file) != removed && !clients.iter().any(|client| goes(client, span));
        self.edits.retain(|edit| stays(&edit.span));
        self.requests.retain(stays);
        self.kept.retain(|(span, _)| stays(span));
        self.named.retain(stays);
        self.lent.retain(stays);
        self.held.retain(stays);
        if !self.lent.is_empty() {
            self.lent.append(&mut self.named);
            self.lent.sort();
        }
        // A name for the token is there exactly where a user is, and so is the token itself.
        if self.named.is_empty() && self.lent.is_empty() {
            let conditions = std::mem::take(&mut self.conditions);
            self.edits.extend(conditions.into_iter().filter(|edit| stays(&edit.span)));
        }
    }
}

/// Looks at every file of the page.
pub(super) fn of(
    survey: &Survey<'_>,
    client: &Client,
    uses: &[Use],
    places: &Places,
    verdict: &Verdict,
) -> Tokens {
    let mut tokens = Tokens { stored: web_storage::of(survey), ..Tokens::default() };
    tokens.lent.extend(&tokens.stored.sessions);
    let mut flow = Flow::new(survey);
    for file in uses::code(survey) {
        let (in_page, gone) = (in_browser(survey.stack.side(file.id)), gone(verdict, file));
        // Queries of what nothing reaches move as well.
        if !in_page && gone.is_empty() {
            continue;
        }
        let names =
            TOKENS.iter().chain(&[FUNCTIONS, ".auth.getUser()"]).any(|word| file.text.contains(*word));
        let Some((tree, scopes)) = (names || !gone.is_empty()).then(|| file.syntax()).flatten() else {
            continue;
        };
        let within = places.server.is_within();
        let page = Page { survey, client, file, tree, scopes, marked: !within };
        if in_page && names {
            page.read(uses, &gone, within.then_some(&mut flow), &mut tokens);
        } else {
            page.unused(&gone, &mut tokens);
        }
    }
    for one in uses.iter().filter(|one| matches!(one.what, What::Invoke(_))) {
        // Nobody else edits what becomes a server function.
        if !verdict.moved.iter().any(|span| span.covers(one.span) || one.span.covers(*span)) {
            invoked(survey, one, &mut tokens);
        }
    }
    tokens
}

/// What of a file goes with the queries that move, without what their calls go on to send.
fn gone(verdict: &Verdict, file: &File) -> Vec<Range<usize>> {
    let sent: Vec<Range<usize>> =
        verdict.sent.iter().filter(|span| span.file == file.id).map(|span| span.range()).collect();
    let mut gone = Vec::new();
    for moved in verdict.moved.iter().filter(|span| span.file == file.id).map(|span| span.range()) {
        let mut at = moved.start;
        let mut within: Vec<&Range<usize>> =
            sent.iter().filter(|one| moved.start <= one.start && one.end <= moved.end).collect();
        within.sort_by_key(|one| one.start);
        for one in within {
            gone.extend((at < one.start).then_some(at..one.start));
            at = at.max(one.end);
        }
        gone.extend((at < moved.end).then_some(at..moved.end));
    }
    gone.extend(verdict.dropped.iter().filter(|span| span.file == file.id).map(|span| span.range()));
    gone
}

/// One file of the page.
pub(super) struct Page<'s, 'p> {
    pub(super) survey: &'s Survey<'p>,
    pub(super) client: &'s Client,
    pub(super) file: &'s File,
    pub(super) tree: &'s Tree,
    pub(super) scopes: &'s Scopes,
    /// Whether the server knows requests of its own pages by a header that no other site can send.
    pub(super) marked: bool,
}

impl<'s> Page<'s, '_> {
    /// `gone`: what goes with queries. `flow`: where the app's own routes can be given the token.
    fn read(
        &self,
        uses: &[Use],
        gone: &[Range<usize>],
        mut flow: Option<&mut Flow<'s, '_>>,
        tokens: &mut Tokens,
    ) {
        let mut removed = gone.to_vec();
        let mut addresses = Vec::new();
        let mut reads = Vec::new();
        walk(self.tree.root(), &mut |node| {
            match node.kind() {
                "string" | "template_string" if self.tree.text(node).contains(FUNCTIONS) => {
                    addresses.push(node);
                    return false;
                }
                "member_expression" => {
                    let property = node.child_by_field_name("property");
                    if property.is_some_and(|property| TOKENS.contains(&self.tree.text(property))) {
                        reads.push(node);
                    }
                }
                "shorthand_property_identifier_pattern" if TOKENS.contains(&self.tree.text(node)) => {
                    reads.push(node)
                }
                "pair_pattern" => {
                    let key = node.child_by_field_name("key").map(|key| self.tree.text(key));
                    let value =
                        node.child_by_field_name("value").filter(|value| value.kind() == "identifier");
                    reads.extend(value.filter(|_| key.is_some_and(|key| TOKENS.contains(&key))));
                }
                _ => {}
            }
            true
        });
        for address in addresses {
            if syntax::view::is_in_type_position(address) {
                continue;
            }
            // What is asked in another way is asked as before: with a token it is told below.
            let _ = self.request(address, &mut removed, tokens);
        }
        for one in
            uses.iter().filter(|one| one.span.file == self.file.id && matches!(one.what, What::Invoke(_)))
        {
            removed.extend(authorization_of(self.survey, one).map(|node| node.byte_range()));
        }
        let mut aside = Vec::new();
        for read in reads.iter().copied().filter(|read| self.names(*read) == TOKENS[1]) {
            let object = read.child_by_field_name("object").filter(|object| self.is_session(*object));
            if let Some((object, edits)) = object.and_then(|_| kept_sessions::edits(self, read, uses)) {
                tokens.held.push(self.file.span(read.byte_range()));
                tokens.edits.extend(edits);
                aside.push(object.byte_range());
            }
        }
        for read in reads {
            // What is put aside is a name.
            if aside.iter().any(|range| range.start <= read.start_byte() && read.end_byte() <= range.end)
                && TOKENS[..2].contains(&self.names(read))
            {
                continue;
            }
            // A server function has what it made; what goes into the session comes from there.
            let at = self.file.span(read.byte_range());
            if self.survey.stack.side_at(at) == stack::Side::Server || self.is_set(read) {
                continue;
            }
            let known = tokens.kept.len();
            removed.extend(self.token(read, &removed, tokens));
            if tokens.kept.len() == known || self.names(read) != TOKENS[0] {
                continue;
            }
            tokens.kept.truncate(known);
            let span = self.file.span(read.byte_range());
            if let Some(flow) = flow.as_deref_mut()
                && flow.stays(self.file, read, &removed)
            {
                tokens.named.push(span);
                tokens.linked |= flow.links.get();
            } else {
                tokens.lent.push(span);
            }
        }
        self.unused(&removed, tokens);
    }

    /// A read of a token that is not part of such a request. The range of a statement that goes with it.
    fn token(&self, read: Node<'s>, removed: &[Range<usize>], tokens: &mut Tokens) -> Option<Range<usize>> {
        if removed.iter().any(|range| range.start <= read.start_byte() && read.end_byte() <= range.end) {
            return None;
        }
        let kept = |tokens: &mut Tokens| {
            let why = "reads a token that only the server has. Move what is done with it to the server.";
            tokens.kept.push((self.file.span(read.byte_range()), why.to_owned()));
            None
        };
        let Some(object) = read.child_by_field_name("object") else {
            return if self.comes_from_session(read) { kept(tokens) } else { None };
        };
        if !self.is_session(object) {
            return None;
        }
        let property = read.child_by_field_name("property")?;
        if let Some(both) = self.asked_with_user(read) {
            tokens.conditions.push(Edit::replace(
                self.file.span(both.byte_range()),
                format!("{}user", self.file.text.get(read.start_byte()..property.start_byte())?),
            ));
            return None;
        }
        if is_condition(wrapped(read)) {
            // There is a user exactly where there was a token.
            tokens.conditions.push(Edit::replace(self.file.span(property.byte_range()), "user"));
            return None;
        }
        if hooks::dependencies(self.tree, wrapped(read)).is_some() {
            // A new token comes with a new time at which it runs out.
            tokens.edits.push(Edit::replace(self.file.span(property.byte_range()), "expires_at"));
            return None;
        }
        if let Some(edit) = self.compared(read, property) {
            tokens.edits.extend(edit);
            return None;
        }
        // `const token = session.access_token`, used in nothing but those requests and conditions.
        let declarator = wrapped(read).parent().filter(|parent| parent.kind() == "variable_declarator");
        let binding = declarator
            .and_then(|declarator| declarator.child_by_field_name("name"))
            .and_then(|name| self.scopes.binding_at(name.byte_range()));
        let Some(binding) = binding else { return kept(tokens) };
        let mut tested = false;
        for reference in self.scopes.references_of(binding) {
            let inside = |range: &&Range<usize>| {
                range.start <= reference.range.start && reference.range.end <= range.end
            };
            if removed.iter().find(inside).is_some() {
                continue;
            }
            match self.tree.node_at(reference.range.clone()) {
                Some(node) if is_condition(wrapped(node)) => tested = true,
                _ => return kept(tokens),
            }
        }
        if tested {
            tokens.conditions.push(Edit::replace(self.file.span(property.byte_range()), "user"));
            return None;
        }
        let statement = enclosing_statement(read).byte_range();
        tokens.edits.push(Edit::delete(self.file.span(whole_line(&self.file.text, statement.clone()))));
        Some(statement)
    }

    /// `session?.access_token && session.user`: the user alone says both.
    fn asked_with_user(&self, read: Node<'s>) -> Option<Node<'s>> {
        let both = read.parent().filter(|both| both.kind() == "binary_expression" && is_condition(read))?;
        let other = both.child_by_field_name("right").filter(|other| other.kind() == "member_expression")?;
        let object =
            |member: Node<'s>| member.child_by_field_name("object").map(|object| self.tree.text(object));
        let asks_user = self.tree.text(other.child_by_field_name("property")?) == "user";
        (asks_user && object(other) == object(read) && other.id() != read.id()).then_some(both)
    }

    /// `auth.setSession({ access_token: result.access_token, … })`, `realtime.setAuth(session.access_token)`
    fn is_set(&self, read: Node<'s>) -> bool {
        let list = wrapped(read).parent().filter(|list| list.kind() == "arguments");
        let called =
            list.and_then(|list| list.parent()).and_then(|call| call.child_by_field_name("function"));
        if called.is_some_and(|called| self.tree.text(called).ends_with("realtime.setAuth")) {
            return true;
        }
        let pair = wrapped(read).parent().filter(|pair| pair.kind() == "pair");
        let list = pair.and_then(|pair| pair.parent()).and_then(|object| wrapped(object).parent());
        let call = list.filter(|list| list.kind() == "arguments").and_then(|list| list.parent());
        let called = call.and_then(|call| call.child_by_field_name("function"));
        called.is_some_and(|called| self.tree.text(called).ends_with("auth.setSession"))
    }

    /// The token that is read.
    pub(super) fn names(&self, read: Node<'s>) -> &'s str {
        let name = read.child_by_field_name("property").or_else(|| {
            read.parent().filter(|parent| parent.kind() == "pair_pattern")?.child_by_field_name("key")
        });
        self.tree.text(name.unwrap_or(read))
    }

    /// Whether an expression is a session, by its name or by where it comes from.
    fn is_session(&self, object: Node<'s>) -> bool {
        let text = self.tree.text(object);
        if text.to_lowercase().contains("session") {
            return true;
        }
        let mut root = unwrapped(object);
        while let Some(inner) = root.child_by_field_name("object") {
            root = unwrapped(inner);
        }
        root.kind() == "identifier" && self.comes_from_session(root)
    }

    /// Whether the declaration of a name asks the client's auth.
    fn comes_from_session(&self, name: Node<'s>) -> bool {
        let Some(binding) = self.scopes.binding_at(name.byte_range()) else { return false };
        let range = self.scopes.binding(binding).range.clone();
        let Some(mut node) = self.tree.node_at(range) else { return false };
        while node.kind() != "variable_declarator" {
            // What the listener is told.
            let asked = node.child_by_field_name("function").map_or("", |asked| self.tree.text(asked));
            if asked.ends_with("auth.onAuthStateChange") {
                return true;
            }
            match node.parent() {
                Some(parent) if !matches!(parent.kind(), "statement_block" | "program") => node = parent,
                _ => return self.tree.text(node).contains("auth.onAuthStateChange"),
            }
        }
        node.child_by_field_name("value").is_some_and(|value| {
            // `const { access_token } = session`
            let taken = node.child_by_field_name("name").is_some_and(|name| name.kind() == "object_pattern");
            let value = unwrapped(value);
            if taken && matches!(value.kind(), "identifier" | "member_expression") {
                return self.tree.text(value).to_lowercase().contains("session");
            }
            let text = self.tree.text(value);
            [".auth.getSession", ".auth.refreshSession", ".auth.signIn", ".auth.setSession"]
                .iter()
                .any(|call| text.contains(call))
        })
    }

    /// `const { data: { session } } = await client.auth.getSession()` whose name was only needed for the token or for whose rows these
    /// are, and the name of the address: an unused name does not compile everywhere.
    fn unused(&self, removed: &[Range<usize>], tokens: &mut Tokens) {
        for binding in 0..self.scopes.bindings.len() {
            let id = syntax::scope::BindingId(binding as u32);
            let known = self.scopes.binding(id);
            if known.top_level || self.scopes.references_of(id).next().is_none() {
                continue;
            }
            let inside = |reference: &syntax::scope::Reference| {
                removed
                    .iter()
                    .any(|range| range.start <= reference.range.start && reference.range.end <= range.end)
            };
            if !self.scopes.references_of(id).all(inside) {
                continue;
            }
            let Some(name) = self.tree.node_at(known.name_range.clone()) else { continue };
            let statement = enclosing_statement(name);
            let text = self.tree.text(statement);
            let value = name.parent().and_then(|parent| parent.child_by_field_name("value"));
            let env = value.is_some_and(|value| self.tree.text(value).starts_with("import.meta.env."));
            let session = [".auth.getSession()", ".auth.getUser()"].iter().any(|call| text.contains(call));
            let asks = (env || session)
                && matches!(statement.kind(), "lexical_declaration" | "variable_declaration");
            // The only name of its statement.
            let names = self.scopes.bindings.iter().filter(|other| {
                statement.start_byte() <= other.name_range.start
                    && other.name_range.end <= statement.end_byte()
            });
            let alone = names.count() == 1;
            if asks && alone {
                let line = whole_line(&self.file.text, statement.byte_range());
                tokens.edits.push(Edit::delete(self.file.span(line)));
            } else if let Some(call) = value.filter(|_| alone && name.kind() == "identifier")
                && !removed
                    .iter()
                    .any(|range| range.start < statement.end_byte() && statement.start_byte() < range.end)
                && call.kind() == "await_expression"
                && statement.kind() == "lexical_declaration"
            {
                // `const user = await requireUser()` still refuses whoever is not signed in.
                let names = statement.start_byte()..call.start_byte();
                tokens.edits.push(Edit::delete(self.file.span(names)));
            }
        }
    }
}

/// What says `Authorization` in a call of `functions.invoke`: a member of the headers, or all of them if nothing else is in them.
fn authorization_of<'s>(survey: &'s Survey<'_>, one: &Use) -> Option<Node<'s>> {
    let (tree, _) = uses::node(survey, one.span)?;
    let options = unwrapped(*uses::arguments_of(survey, one).get(1)?);
    let value = value_of(tree, options, "headers")?;
    let headers = unwrapped(value);
    if headers.kind() != "object" {
        return if is_sometimes(tree, headers) { wrapped(value).parent() } else { None };
    }
    let member = code_children(headers).find(|member| is_secret(tree, *member))?;
    let alone = code_children(headers).count() == 1;
    if alone { wrapped(headers).parent() } else { Some(member) }
}

/// `functions.invoke(name, { headers: { Authorization } })`: the server adds it.
fn invoked(survey: &Survey<'_>, one: &Use, tokens: &mut Tokens) {
    let Some(gone) = authorization_of(survey, one) else { return };
    let file = survey.project.get(one.span.file);
    let options = gone.parent().filter(|options| code_children(*options).count() == 1);
    let argument =
        options.map(wrapped).filter(|outer| outer.parent().is_some_and(|list| list.kind() == "arguments"));
    let gone = argument.unwrap_or(gone);
    tokens.edits.push(Edit::delete(file.span(with_comma(&file.text, gone.byte_range()))));
}

/// A condition: only whether it is there counts.
fn is_condition(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else { return false };
    let field = |name: &str| parent.child_by_field_name(name).is_some_and(|field| field.id() == node.id());
    match parent.kind() {
        "if_statement" | "ternary_expression" | "while_statement" => field("condition"),
        "parenthesized_expression" => is_condition(parent),
        "unary_expression" => {
            parent.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "!")
        }
        "binary_expression" => {
            let operator = parent.child_by_field_name("operator").map_or("", |operator| operator.kind());
            operator == "&&" && field("left") || matches!(operator, "&&" | "||") && is_condition(parent)
        }
        _ => false,
    }
}

/// A member of a list with the comma behind it, or else the one before it; its line too, if it stands alone there.
pub(crate) fn with_comma(text: &str, member: Range<usize>) -> Range<usize> {
    let behind = &text[member.end..];
    let after = behind.len() - behind.trim_start().len();
    if behind.trim_start().starts_with(',') {
        let end = member.end + after + 1;
        let line = whole_line(text, member.start..end);
        return if line.start < member.start || line.end > end {
            line
        } else {
            member.start..end + blanks(&text[end..])
        };
    }
    let before = text[..member.start].trim_end();
    if before.ends_with(',') { before.len() - 1..member.end } else { member }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// The lines of a range with their end, if nothing else stands on them; else the range.
pub(super) fn whole_line(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    let alone = text[start..range.start].trim().is_empty() && text[range.end..end].trim().is_empty();
    if alone { start..end } else { range }
}
