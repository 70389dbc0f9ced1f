//! Reads a query into a draft: what stays as it stands, what comes from the session, what the browser sends.
//!
//! Each method of a chain says what its arguments are: columns and options must be in the source, values may come from anywhere.
//! What the source tells (a literal, a constant) stays on the server; the rest is evaluated where it was, and sent.

use super::access::Doors;
use super::column::{self, Column, Columns};
use super::draft::{Draft, Fill, Needed, Segment, Sent, Site};
use super::fixed::{fixed, is_typed, is_unlisted, is_untyped_beside, knows_other_types};
use super::guess::{self, Guess};
use super::name::{Parts, Verb};
use super::reason::Reason;
use super::receiver;
use audit::Survey;
use audit::query::{self, Identity, Query, Shape, Step, Target};
use edit::Span;
use project::File;
use stack::server::function::Input;
use std::ops::Range;
use syntax::Node;
use syntax::Tree;
use syntax::scope::Scopes;
use syntax::view;

/// A query being read.
pub(super) struct Reader<'s> {
    pub(super) survey: &'s Survey<'s>,
    pub(super) doors: &'s Doors,
    pub(super) query: &'s Query,
    pub(super) file: &'s File,
    pub(super) tree: &'s Tree,
    pub(super) scopes: &'s Scopes,
    pub(super) columns: Option<Columns<'s>>,
    /// The client knows the types of the tables, so the app was checked against them.
    pub(super) typed: bool,
    /// The condition under which the values being read are used.
    pub(super) branch: Option<Branch>,
    /// What a condition reads members of before anything else is decided.
    pub(super) sure: Vec<String>,
    /// The columns of which a filter names one, where the page chooses it.
    pub(super) chosen: Vec<String>,
    pub(super) draft: Draft,
}

/// A condition around a part of a query.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// The condition; `None` in an `else`.
    pub(super) condition: Option<Range<usize>>,
    /// The condition can be asked where nothing around it is known to hold.
    pub(super) alone: bool,
    /// Expressions that are truthy here.
    pub(super) truthy: Vec<String>,
}

/// What became of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Static,
    Identity,
    Sent(usize),
}

/// What an answer of unknown type is read as.
const ANY: &str = " as PromiseLike<any>";

/// What an argument is for.
pub(super) struct Want<'w> {
    /// What the input is called.
    pub(super) name: &'w str,
    pub(super) column: Option<Column>,
}

/// The draft for the query at `at` of the survey, or why there is none.
pub(super) fn draft(survey: &Survey<'_>, doors: &Doors, at: usize) -> Result<Draft, Reason> {
    let query = &survey.queries[at];
    let mut reader = Reader::of(survey, doors, at).ok_or_else(Reason::syntax)?;
    reader.check()?;
    reader.root()?;
    match query.kind {
        query::Kind::Table if query.shape == Shape::Builder => reader.region()?,
        query::Kind::Table => reader.chain()?,
        query::Kind::Rpc => reader.rpc()?,
        query::Kind::EdgeFunction => reader.edge_function()?,
        _ => return Err(Reason::method(&query.operation)),
    }
    Ok(reader.finished())
}

impl<'s> Reader<'s> {
    pub(super) fn of(survey: &'s Survey<'s>, doors: &'s Doors, at: usize) -> Option<Self> {
        let query = &survey.queries[at];
        let file = survey.project.get(query.span.file);
        let (tree, scopes) = file.syntax()?;
        let tables: Vec<&str> = match &query.table {
            Target::Named(name) => vec![name],
            Target::OneOf(names) => {
                names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect()
            }
            Target::Dynamic => Vec::new(),
        };
        let plain = query.kind == query::Kind::Table && query.schema.is_none() && !tables.is_empty();
        let parts = Parts {
            verb: Verb::List,
            mine: false,
            constants: Vec::new(),
            // One of several tables is a record of one of them.
            table: query.named().unwrap_or("records").to_owned(),
            columns: Vec::new(),
            embeds: Vec::new(),
            page: false,
            by: Vec::new(),
        };
        Some(Self {
            survey,
            doors,
            query,
            file,
            tree,
            scopes,
            columns: plain.then(|| Columns::of(survey, &tables)),
            typed: is_typed(survey, query),
            branch: None,
            sure: Vec::new(),
            chosen: Vec::new(),
            draft: Draft {
                query: at,
                file: file.id,
                segments: vec![Segment::of(query.span.range())],
                call: query.span.range(),
                removed: Vec::new(),
                block: false,
                holes: Vec::new(),
                breaks: query.steps.iter().map(|step| step.span.start as usize).collect(),
                verbatim: Vec::new(),
                unsure: Vec::new(),
                loose: Vec::new(),
                parts,
                sent: Vec::new(),
                identity: None,
                cast: None,
                cast_with: None,
                remarks: Vec::new(),
                withheld: Vec::new(),
                granted: Vec::new(),
                unknown: Vec::new(),
                drift: Vec::new(),
                typed: is_typed(survey, query),
            },
        })
    }

    fn finished(mut self) -> Draft {
        self.draft.settle_holes(&self.file.text);
        let mut verbatim = Vec::new();
        for segment in &self.draft.segments {
            let Some(node) = self.tree.node_at(segment.range.clone()) else { continue };
            view::walk(node, &mut |node| {
                if node.kind() == "template_string" {
                    verbatim.push(node.byte_range());
                }
                true
            });
        }
        self.draft.verbatim = verbatim;
        let any = self.is_any();
        if self.typed && (any || knows_other_types(self.survey, self.query)) {
            let sent = self.draft.sent.iter().filter(|sent| any || receiver::takes_some(sent));
            let untold = receiver::untold(self.tree, self.scopes, sent);
            self.draft.loose.extend(untold);
        }
        self.draft
    }

    /// Whether nothing is known of the answer of the query itself.
    pub(super) fn is_any(&self) -> bool {
        self.draft.segments[0].around.1 == ANY
    }

    /// What rules the whole query out, whatever it asks.
    fn check(&self) -> Result<(), Reason> {
        let query = self.query;
        let node = self.node(query.span).ok_or_else(Reason::syntax)?;
        if !self.tree.sound(node) {
            return Err(Reason::syntax());
        }
        match query.shape {
            Shape::NeverSent => return Err(Reason::never_sent(&query.operation)),
            Shape::Builder if query.kind != query::Kind::Table => return Err(Reason::builder_variable()),
            Shape::Other => return Err(Reason::builder_argument()),
            // A table alone asks nothing yet, and neither does what goes on behind a choice of two.
            _ if query.kind == query::Kind::Table && query.operation == "from" => {
                return Err(Reason::builder_argument());
            }
            Shape::Ternary if self.goes_on(node) => return Err(Reason::builder_argument()),
            _ => {}
        }
        const CROSS: &[&str] = &["data", "error", "count", "status", "statusText", "success"];
        if let Some(field) = query.result.fields.iter().find(|field| !CROSS.contains(&field.as_str())) {
            return Err(Reason::result(field));
        }
        if self.file.text.contains("instanceof PostgrestError") {
            return Err(Reason::error_class());
        }
        Ok(())
    }

    /// `(x ? client.from("a").select() : …).eq(…)`
    fn goes_on(&self, node: Node<'_>) -> bool {
        let mut at = view::wrapped(node);
        while let Some(parent) = at.parent().filter(|parent| parent.kind() == "ternary_expression") {
            at = view::wrapped(parent);
        }
        let member = at.parent().filter(|parent| parent.kind() == "member_expression");
        let property = member.and_then(|member| member.child_by_field_name("property"));
        property.is_some_and(|property| !matches!(self.tree.text(property), "then" | "catch" | "finally"))
    }

    /// The client becomes `db`.
    fn root(&mut self) -> Result<(), Reason> {
        let root = self.node(self.query.root).ok_or_else(Reason::client)?;
        let inner = view::unwrapped(root);
        let named_cast = receiver::named_cast(self.tree, inner);
        let method = receiver::method_cast(inner);
        // Nobody has checked what it asks.
        let of_any = receiver::is_any(self.survey, self.file, inner)
            || receiver::is_of_any_maker(self.survey, self.query);
        let (range, text) = match named_cast {
            Some(cast) => (cast.byte_range(), "db as any"),
            None if let Some((before, _)) = &method => (before.start..inner.end_byte(), "untyped(db)"),
            None if self.typed
                && (of_any && self.query.kind != audit::query::Kind::EdgeFunction
                    || is_unlisted(self.survey, self.query)
                    || self.names_one_of_any(inner))
                || is_untyped_beside(self.survey, self.query) =>
            {
                (inner.byte_range(), "untyped(db)")
            }
            None => (inner.byte_range(), "db"),
        };
        self.draft.holes.push((range, Fill::Text(text.to_owned())));
        self.draft.holes.extend(method.map(|(_, cast)| (cast, Fill::Text(String::new()))));
        // A cast of the client or of the chain: nothing is known of the result, and nothing was.
        let whole = self.query.span.range();
        let mut around = std::iter::successors(Some(inner), |node| node.parent())
            .take_while(|node| whole.start <= node.start_byte() && node.end_byte() <= whole.end);
        if around.any(|node| {
            node.kind() == "as_expression"
                && (receiver::is_cast_to_any(self.tree, node) || named_cast.is_some())
        }) || of_any
        {
            self.draft.segments[0].around.1 = ANY;
            self.draft.loose = receiver::loose(self.tree, self.scopes, &whole);
        }
        Ok(())
    }

    /// `from(table as any)` for one of several tables: the types are to say nothing of them.
    fn names_one_of_any(&self, client: Node<'s>) -> bool {
        let chain = view::Chain::of(self.tree, view::whole_chain(client));
        let call =
            chain.links.iter().find(|link| matches!(&*link.name, "from" | "rpc")).and_then(|link| link.call);
        let name = call.and_then(|call| view::arguments(call).first().copied());
        let cast = name.filter(|name| name.kind() == "as_expression");
        let kind = cast.and_then(|cast| view::code_children(cast).nth(1)).map(|kind| self.tree.text(kind));
        matches!(self.query.table, Target::OneOf(_)) && matches!(kind, Some("any" | "never"))
    }

    pub(super) fn node(&self, span: Span) -> Option<Node<'s>> {
        self.tree.node_at(span.range())
    }

    pub(super) fn argument(&self, step: &Step, at: usize) -> Option<Node<'s>> {
        step.arguments.get(at).and_then(|span| self.node(*span))
    }

    pub(super) fn hole(&mut self, range: Range<usize>, fill: Fill) {
        self.draft.holes.push((range, fill));
    }

    /// Whether the whole expression is the id of the session's user.
    pub(super) fn is_identity(&self, node: Node<'_>) -> bool {
        let Identity::Session(spans) = &self.query.identity else { return false };
        let (own, inner) = (node.byte_range(), view::unwrapped(node).byte_range());
        let outer = view::wrapped(view::unwrapped(node)).byte_range();
        spans.iter().any(|span| [&own, &inner, &outer].contains(&&span.range()))
    }

    /// Whether the id of the session's user stands in it.
    pub(super) fn holds_identity(&self, node: Node<'_>) -> bool {
        let Identity::Session(spans) = &self.query.identity else { return false };
        let own = Span::new(self.file.id, node.byte_range());
        spans.iter().any(|span| own.covers(*span))
    }

    pub(super) fn needs_session(&mut self) {
        self.draft.identity = Some(Needed::Required);
        self.draft.parts.mine = true;
    }

    /// What an expression of the source always is: `Some(None)` if it can stand on the server as it is, `Some(text)` if a constant is
    /// behind it.
    pub(super) fn fixed(&self, node: Node<'_>) -> Option<Option<String>> {
        fixed(self.survey, self.file, self.tree, self.scopes, node, 4)
    }

    /// The text of a string that the source tells, and what must stand for it on the server if it is a constant's.
    pub(super) fn fixed_string(&self, node: Node<'s>) -> Option<(String, Option<String>)> {
        if let Some(value) = view::string_value(self.tree, node) {
            return Some((value.into_owned(), None));
        }
        let text = self.fixed(view::unwrapped(node))??;
        let inner = text.strip_prefix(['"', '\'', '`'])?;
        let value = inner.strip_suffix(['"', '\'', '`'])?.to_owned();
        Some((value, Some(text)))
    }

    /// A column in an argument; a constant's name is replaced by its value.
    pub(super) fn column_name(&mut self, step: &Step, at: usize) -> Result<String, Reason> {
        let node = self.argument(step, at).ok_or_else(Reason::column)?;
        let Some((value, replacement)) = self.fixed_string(node) else {
            // `kind === "boat" ? "skipper_id" : "warden_id"`
            self.chosen = self.one_of(node, "column")?;
            return Ok("column".to_owned());
        };
        if let Some(text) = replacement {
            self.hole(node.byte_range(), Fill::Text(text));
        }
        Ok(value)
    }

    /// An argument that must not depend on anything: a constant's name is replaced by its value.
    pub(super) fn options(&mut self, node: Node<'s>, method: &str) -> Result<(), Reason> {
        match self.fixed(node) {
            Some(None) => Ok(()),
            Some(Some(text)) => {
                self.hole(node.byte_range(), Fill::Text(text));
                Ok(())
            }
            None => Err(Reason::arguments(method)),
        }
    }

    pub(super) fn guess(&self, node: Node<'_>) -> Guess {
        guess::of(self.tree, self.scopes, node)
    }

    /// A value: fixed, the session's user, or sent by the browser.
    pub(super) fn fill(&mut self, node: Node<'s>, want: &Want<'_>) -> Result<Filled, Reason> {
        let shorthand = node.kind() == "shorthand_property_identifier";
        let key = if shorthand { format!("{}: ", self.tree.text(node)) } else { String::new() };
        let nobodys = self.is_identity(node) && self.may_be_nobodys(node, want);
        if self.is_identity(node) && !nobodys {
            self.needs_session();
            self.hole(node.byte_range(), Fill::Text(format!("{key}user.id")));
            return Ok(Filled::Identity);
        }
        if let Some(fixed) = self.fixed(node) {
            // The server's check is strict, whatever the app's is.
            let refused = self.typed && want.column.as_ref().is_some_and(|column| column.refuses_null());
            let null = (refused && self.tree.text(node) == "null").then(|| "null as never".to_owned());
            if let Some(text) = fixed.or(null) {
                self.hole(node.byte_range(), Fill::Text(format!("{key}{text}")));
            }
            return Ok(Filled::Static);
        }
        if nobodys || self.is_identity_or_null(node) {
            self.draft.identity.get_or_insert(Needed::Optional);
            self.hole(node.byte_range(), Fill::Text(format!("{key}user?.id ?? null")));
            return Ok(Filled::Identity);
        }
        if let Some(thing) = guess::no_json(self.tree, self.scopes, node) {
            return Err(Reason::input(&format!("A {thing}").replace("A A ", "A ")));
        }
        // `${user.id}/photos`: the id comes from the session, the rest from where it came.
        if self.holds_identity(node) && node.kind() == "template_string" {
            return self.template(node, want);
        }
        let guess = self.guess(node);
        if !self.may_be_asked(node) {
            return Err(Reason::builder_variable());
        }
        let (schema, site) = self.branched(node, want.column.as_ref(), &guess);
        let index = self.send(want.name, Input::Schema(schema), site, false);
        let cast = if self.fits_no_type(node, want.column.as_ref(), &guess) { " as never" } else { "" };
        let fill = match (shorthand, cast) {
            (false, "") => Fill::Input(index),
            _ => Fill::Around(key, index, cast.to_owned()),
        };
        self.hole(node.byte_range(), fill);
        Ok(Filled::Sent(index))
    }

    /// The schema and the place of a value, which may be used under a condition only.
    pub(super) fn branched(&self, node: Node<'s>, column: Option<&Column>, guess: &Guess) -> (String, Site) {
        let plain = || (self.schema_at(node, column, guess), Site::Expression(node.byte_range()));
        let Some(branch) = &self.branch else { return plain() };
        let simple = view::member_path(self.tree, node).is_some();
        if simple && self.is_truthy(node) {
            let schema = self.schema_at(node, column, &Guess { there: true, ..guess.clone() });
            return (column::or_unset(&schema, guess) + ".nullish()", Site::Expression(node.byte_range()));
        }
        if guess.there && simple {
            let (schema, site) = plain();
            return (if self.is_unsure(node) { "json.optional()".to_owned() } else { schema }, site);
        }
        let site = match &branch.condition {
            Some(condition) if !simple => Site::Guarded(condition.clone(), node.byte_range()),
            _ => Site::Expression(node.byte_range()),
        };
        ("json.optional()".to_owned(), site)
    }

    /// A template with the session's user in it, part by part.
    fn template(&mut self, node: Node<'s>, want: &Want<'_>) -> Result<Filled, Reason> {
        let mut filled = Filled::Identity;
        for part in view::code_children(node).filter(|part| part.kind() == "template_substitution") {
            let Some(value) = view::code_children(part).next() else { continue };
            let name = self.input_name(value).unwrap_or_else(|| want.name.to_owned());
            if let Filled::Sent(index) = self.fill(value, &Want { name: &name, column: None })? {
                filled = Filled::Sent(index);
            }
        }
        Ok(filled)
    }

    /// What an expression would be called: the last name in it.
    pub(super) fn input_name(&self, node: Node<'_>) -> Option<String> {
        let node = view::unwrapped(node);
        let name = match node.kind() {
            "identifier" | "shorthand_property_identifier" => self.tree.text(node),
            "member_expression" => self.tree.text(node.child_by_field_name("property")?),
            "call_expression" => {
                let called = node.child_by_field_name("function")?;
                return self.input_name(called.child_by_field_name("object")?);
            }
            _ => return None,
        };
        Some(name.to_owned())
    }

    /// [`Reader::send`] under the first name, or under the second if the first means something else already.
    pub(super) fn send_as(&mut self, names: [&str; 2], schema: Input, site: Site) -> usize {
        let same = |sent: &Sent| {
            sent.name == names[0]
                && !matches!((&sent.site, &site), (Site::Expression(one), Site::Expression(other)) if self.file.text[one.clone()] == self.file.text[other.clone()])
        };
        let taken = self.draft.sent.iter().any(same);
        self.send(names[usize::from(taken)], schema, site, false)
    }

    /// Notes that the browser sends something; the same thing under the same name is sent once.
    pub(super) fn send(&mut self, name: &str, schema: Input, site: Site, whole: bool) -> usize {
        let text = |site: &Site| &self.file.text[site.range()];
        let same =
            |sent: &Sent| sent.name == name && sent.schema == schema && text(&sent.site) == text(&site);
        if let Some(known) = self.draft.sent.iter().position(same) {
            return known;
        }
        let mut free = name.to_owned();
        let mut count = 1;
        while self.draft.sent.iter().any(|sent| sent.name == free) {
            count += 1;
            free = format!("{name}_{count}");
        }
        self.draft.sent.push(Sent { name: free, schema, site, whole });
        self.draft.sent.len() - 1
    }
}
