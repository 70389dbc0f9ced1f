//! The methods of a table's query.

use super::column::{Column, Columns, Kind, Side, quoted};
use super::draft::{Fill, Site};
use super::fixed::listed;
use super::ground;
use super::name::Verb;
use super::read::{Filled, Reader, Want};
use super::reason::Reason;
use audit::query::{Step, Target};
use stack::server::function::Input;
use syntax::Node;
use syntax::scope::Declared;
use syntax::view;

impl<'s> Reader<'s> {
    pub(super) fn chain(&mut self) -> Result<(), Reason> {
        let query = self.query;
        for step in &query.steps {
            self.step(step)?;
        }
        self.verb();
        Ok(())
    }

    /// One method of the chain.
    pub(super) fn step(&mut self, step: &Step) -> Result<(), Reason> {
        let typed = self.type_arguments(step);
        match step.name.as_str() {
            "schema" => {
                let node = self.argument(step, 0).ok_or_else(Reason::table)?;
                self.options(node, "schema")
            }
            "from" => self.table(step),
            "select" => self.select(step),
            "insert" | "upsert" | "update" => {
                let side = if step.name == "update" { Side::Update } else { Side::Insert };
                let node = self.argument(step, 0).ok_or_else(|| Reason::method(&step.name))?;
                self.written(node, side, &step.name)?;
                match self.argument(step, 1) {
                    Some(options) => self.options(options, &step.name),
                    None => Ok(()),
                }
            }
            "delete" => match self.argument(step, 0) {
                Some(options) => self.options(options, "delete"),
                None => Ok(()),
            },
            "eq" | "neq" | "gt" | "gte" | "lt" | "lte" | "is" => self.compared(step),
            "like" | "ilike" => self.pattern(step),
            "in" => self.any_of(step),
            "contains" | "containedBy" | "overlaps" => self.contained(step),
            "textSearch" => {
                let column = self.column_name(step, 0)?;
                let node = self.argument(step, 1).ok_or_else(|| Reason::method(&step.name))?;
                let want = Want { name: &column, column: Some(text()) };
                if let Filled::Sent(_) = self.fill(node, &want)? {
                    self.draft.parts.verb = Verb::Search;
                }
                self.argument(step, 2).map_or(Ok(()), |options| self.options(options, "textSearch"))
            }
            "match" => self.matched(step),
            "not" | "filter" => self.operated(step),
            "or" => {
                let node = self.argument(step, 0).ok_or_else(|| Reason::method("or"))?;
                if self.filter_text(node)? {
                    self.draft.parts.verb = Verb::Search;
                }
                self.argument(step, 1).map_or(Ok(()), |options| self.options(options, "or"))
            }
            "order" => self.ordered(step),
            "limit" => {
                let node = self.argument(step, 0).ok_or_else(|| Reason::method("limit"))?;
                self.bounded(node, "limit")?;
                self.argument(step, 1).map_or(Ok(()), |options| self.options(options, "limit"))
            }
            "range" => {
                self.draft.parts.page = true;
                for (at, name) in ["from", "to"].into_iter().enumerate() {
                    let node = self.argument(step, at).ok_or_else(|| Reason::method("range"))?;
                    self.bounded(node, name)?;
                }
                self.argument(step, 2).map_or(Ok(()), |options| self.options(options, "range"))
            }
            "single" | "maybeSingle" if self.answers_nothing() => Err(Reason::no_rows(&step.name)),
            "single" => {
                self.draft.parts.verb = Verb::Get;
                self.read_as(typed, "PostgrestSingleResponse");
                Ok(())
            }
            "maybeSingle" => {
                self.draft.parts.verb = Verb::Maybe;
                self.read_as(typed, "PostgrestMaybeSingleResponse");
                Ok(())
            }
            "returns" | "overrideTypes" => {
                // `.returns<Task[]>()` is no request: it goes as a whole, if its type does.
                if typed.is_none() {
                    return Ok(());
                }
                self.hole(step.span.range(), Fill::Text(String::new()));
                self.draft.holes.retain(|(range, _)| {
                    !(step.span.range().start < range.start && range.end <= step.span.range().end)
                });
                self.read_as(typed, "PostgrestSingleResponse");
                Ok(())
            }
            other => Err(Reason::method(other)),
        }
    }

    /// The result is read as a type that the browser's module knows.
    /// Whether a write answers no row, so that what asks for one gets nothing: the app's own check of types knows no such answer.
    fn answers_nothing(&self) -> bool {
        let writes = matches!(self.query.operation.as_str(), "insert" | "update" | "upsert" | "delete");
        writes && !self.query.steps.iter().any(|step| step.name == "select") && ground::is_own(self.survey)
    }

    fn read_as(&mut self, kind: Option<String>, response: &'static str) {
        if let Some(kind) = kind {
            self.draft.cast = Some(format!("Promise<{response}<{kind}>>"));
            self.draft.cast_with = Some(response);
        }
    }

    fn table(&mut self, step: &Step) -> Result<(), Reason> {
        let node = self.argument(step, 0).ok_or_else(Reason::table)?;
        match &self.query.table {
            Target::Named(name) => {
                if view::string_value(self.tree, node).is_none() {
                    self.hole(node.byte_range(), Fill::Text(quoted(name)));
                }
                Ok(())
            }
            // A closed set of tables is an enum on the wire: no other can be named.
            Target::OneOf(names) => {
                let names = names.iter().filter(|name| !name.is_empty()).cloned().collect();
                let schema = Input::Schema(Kind::Enum(names).zod());
                self.any_text_goes(node);
                let index = self.send("table", schema, Site::Expression(node.byte_range()), false);
                self.hole(node.byte_range(), Fill::Input(index));
                Ok(())
            }
            Target::Dynamic => Err(Reason::table()),
        }
    }

    fn select(&mut self, step: &Step) -> Result<(), Reason> {
        if let Some(node) = self.argument(step, 0) {
            let Some((list, replacement)) = self.fixed_string(node) else { return Err(Reason::column()) };
            if let Some(text) = replacement {
                self.hole(node.byte_range(), Fill::Text(text));
            }
            let reads = self.query.operation == "select";
            if reads {
                let (columns, embeds) = listed(&list);
                let star = columns.iter().any(|column| column == "*");
                self.draft.parts.columns = if star { Vec::new() } else { columns };
                self.draft.parts.embeds = embeds;
            }
        }
        if let Some(options) = self.argument(step, 1) {
            self.options(options, "select")?;
            let head = view::value_of(self.tree, view::unwrapped(options), "head");
            if head.is_some_and(|head| self.tree.text(head) == "true") {
                self.draft.parts.verb = Verb::Count;
                self.draft.parts.columns.clear();
            }
        }
        Ok(())
    }

    /// `eq` and its like: a column and a value.
    fn compared(&mut self, step: &Step) -> Result<(), Reason> {
        let column = self.column_name(step, 0)?;
        let node = self.argument(step, 1).ok_or_else(|| Reason::method(&step.name))?;
        self.filtered_by(&column, &step.name, node)
    }

    fn filtered_by(&mut self, column: &str, operator: &str, node: Node<'s>) -> Result<(), Reason> {
        let name = self.filter_name(column, operator);
        // `is` asks for what no value is.
        let missing = operator == "is" && self.tree.text(node) == "null";
        let known = if missing { None } else { self.filtered(column) };
        let want = Want { name: &name, column: known };
        match self.fill(node, &want)? {
            Filled::Sent(_) => self.draft.parts.by.push((last(column).to_owned(), operator.to_owned())),
            Filled::Static if operator == "eq" => {
                let node = view::unwrapped(node);
                let constant = match node.kind() {
                    "true" => Some(column.to_owned()),
                    "false" => Some(format!("!{column}")),
                    _ => self.fixed_string(node).map(|(value, _)| value).filter(|value| is_word(value)),
                };
                self.draft.parts.constants.extend(constant);
            }
            _ => {}
        }
        Ok(())
    }

    /// The column that a filter compares.
    pub(super) fn filtered(&self, column: &str) -> Option<Column> {
        let plain = |column: Column| Column { nullable: false, optional: false, ..column };
        if column.contains("->") {
            return Some(Column { kind: Kind::Text, nullable: false, optional: false });
        }
        match column.split_once('.') {
            None => {
                let columns = self.columns.as_ref()?;
                let mut chosen = self
                    .chosen
                    .iter()
                    .filter(|_| column == "column")
                    .map(|one| columns.get(one, Side::Row).map(plain));
                // Of several the value fits them all.
                match chosen.next() {
                    Some(first) if chosen.all(|other| other == first) => first,
                    Some(_) => Some(Column { kind: Kind::Unknown, nullable: false, optional: false }),
                    None => columns.get(column, Side::Row).map(plain),
                }
            }
            // `module.product_id` of a table beside this one, which may stand here under another name: no value is none.
            Some((table, column)) => {
                Some(Columns::of(self.survey, &[table]).get(column, Side::Row).map(plain).unwrap_or(Column {
                    kind: Kind::Unknown,
                    nullable: false,
                    optional: false,
                }))
            }
        }
    }

    /// What the input of a filter is called: its column, and the operator where that is needed.
    fn filter_name(&self, column: &str, operator: &str) -> String {
        let column = last(column);
        let plain = matches!(operator, "eq" | "like" | "ilike" | "is" | "contains" | "overlaps");
        let taken = self.draft.sent.iter().any(|sent| sent.name == column);
        if plain && !taken { column.to_owned() } else { format!("{column}_{operator}") }
    }

    /// `like` and `ilike`: the pattern around the value stays.
    fn pattern(&mut self, step: &Step) -> Result<(), Reason> {
        let column = self.column_name(step, 0)?;
        let node = self.argument(step, 1).ok_or_else(|| Reason::method(&step.name))?;
        let mut sent = false;
        if node.kind() == "template_string" && self.fixed(node).is_none() {
            for part in view::code_children(node).filter(|part| part.kind() == "template_substitution") {
                let Some(value) = view::code_children(part).next() else { continue };
                let name = self.input_name(value).unwrap_or_else(|| last(&column).to_owned());
                let want = Want { name: &name, column: Some(text()) };
                sent |= matches!(self.fill(value, &want)?, Filled::Sent(_));
            }
        } else {
            let want = Want { name: last(&column), column: Some(text()) };
            sent = matches!(self.fill(node, &want)?, Filled::Sent(_));
        }
        if sent && self.query.operation == "select" {
            self.draft.parts.verb = Verb::Search;
        }
        Ok(())
    }

    /// `in`: a list of values.
    fn any_of(&mut self, step: &Step) -> Result<(), Reason> {
        let column = self.column_name(step, 0)?;
        let node = self.argument(step, 1).ok_or_else(|| Reason::method("in"))?;
        let inner = view::unwrapped(node);
        let item = self.filtered(&column);
        if inner.kind() == "array" && self.holds_identity(inner) {
            return self.elements(inner, &column, item).map(|_| ());
        }
        let list = item.map(|item| Column {
            kind: Kind::List(Box::new(item.kind)),
            nullable: false,
            optional: false,
        });
        let list = list.or(Some(Column {
            kind: Kind::List(Box::new(Kind::Unknown)),
            nullable: false,
            optional: false,
        }));
        let name = format!("{}_in", last(&column));
        if let Filled::Sent(_) = self.fill(node, &Want { name: &name, column: list })? {
            self.draft.parts.by.push((last(&column).to_owned(), "in".to_owned()));
        }
        Ok(())
    }

    fn contained(&mut self, step: &Step) -> Result<(), Reason> {
        let column = self.column_name(step, 0)?;
        let node = self.argument(step, 1).ok_or_else(|| Reason::method(&step.name))?;
        let inner = view::unwrapped(node);
        if inner.kind() == "array" && self.fixed(inner).is_none() {
            let item = match self.filtered(&column).map(|column| column.kind) {
                Some(Kind::List(item)) => Some(Column { kind: *item, nullable: false, optional: false }),
                _ => None,
            };
            if self.elements(inner, &column, item)? {
                self.draft.parts.by.push((last(&column).to_owned(), step.name.clone()));
            }
            return Ok(());
        }
        self.filtered_by(&column, &step.name, node)
    }

    /// The values of a list that is written in place, `...more` among them. Whether any is sent.
    fn elements(&mut self, list: Node<'s>, column: &str, item: Option<Column>) -> Result<bool, Reason> {
        let mut sent = false;
        for value in view::code_children(list) {
            let spread = view::code_children(value).next().filter(|_| value.kind() == "spread_element");
            let filled = match spread {
                Some(more) => {
                    let kind = item.as_ref().map_or(Kind::Unknown, |item| item.kind.clone());
                    let list = Column { kind: Kind::List(Box::new(kind)), nullable: false, optional: false };
                    let name = format!("{}_in", last(column));
                    self.fill(more, &Want { name: &name, column: Some(list) })?
                }
                None => {
                    let name = self.input_name(value).unwrap_or_else(|| last(column).to_owned());
                    self.fill(value, &Want { name: &name, column: item.clone() })?
                }
            };
            sent |= matches!(filled, Filled::Sent(_));
        }
        Ok(sent)
    }

    /// `match({ a, b })`.
    fn matched(&mut self, step: &Step) -> Result<(), Reason> {
        let node = self.argument(step, 0).map(view::unwrapped).ok_or_else(|| Reason::method("match"))?;
        if node.kind() != "object" {
            return Err(Reason::column());
        }
        let pairs = view::pairs(self.tree, node);
        if pairs.len() != view::code_children(node).count() {
            return Err(Reason::column());
        }
        for (column, _, value) in pairs {
            self.filtered_by(&column, "eq", value)?;
        }
        Ok(())
    }

    /// `not` and `filter`: column, operator, value.
    fn operated(&mut self, step: &Step) -> Result<(), Reason> {
        let column = self.column_name(step, 0)?;
        let operator = self.column_name(step, 1)?;
        let node = self.argument(step, 2).ok_or_else(|| Reason::method(&step.name))?;
        if self.fixed(node).is_some() {
            return self.fill(node, &Want { name: &column, column: None }).map(|_| ());
        }
        if operator == "in" {
            return self.list_text(node, &column);
        }
        let plain =
            matches!(operator.as_str(), "eq" | "neq" | "gt" | "gte" | "lt" | "lte" | "is" | "like" | "ilike");
        if !plain {
            return Err(Reason::filter_text());
        }
        let name = format!("{}_{}", last(&column), if step.name == "not" { "not" } else { &operator });
        let want = Want { name: &name, column: self.filtered(&column) };
        if let Filled::Sent(_) = self.fill(node, &want)? {
            self.draft.parts.by.push((last(&column).to_owned(), "not".to_owned()));
        }
        Ok(())
    }

    /// `order(column, { ascending })`.
    fn ordered(&mut self, step: &Step) -> Result<(), Reason> {
        let node = self.argument(step, 0).ok_or_else(Reason::column)?;
        match self.fixed_string(node) {
            Some((_, Some(text))) => self.hole(node.byte_range(), Fill::Text(text)),
            Some((_, None)) => {}
            None => {
                self.one_of(node, "order_by")?;
            }
        }
        let Some(options) = self.argument(step, 1) else { return Ok(()) };
        let options = view::unwrapped(options);
        if self.fixed(options).is_some() {
            return self.options(options, "order");
        }
        if options.kind() != "object" {
            return Err(Reason::arguments("order"));
        }
        for (key, _, value) in view::pairs(self.tree, options) {
            if self.fixed(value).is_some() {
                self.options(value, "order")?;
            } else {
                let flag = Column { kind: Kind::Flag, nullable: false, optional: !self.guess(value).there };
                self.fill(value, &Want { name: &key, column: Some(flag) })?;
            }
        }
        Ok(())
    }

    /// A text that is one of several, and whose type only says that it is a text: a constant's says which.
    pub(super) fn any_text_goes(&mut self, node: Node<'s>) {
        let inner = view::unwrapped(node);
        let told = inner.kind() == "ternary_expression" || self.constant(inner).is_some();
        if !told && self.guess(node).kind == Some(Kind::Text) {
            self.draft.loose.push(node.byte_range());
        }
    }

    /// One of the names that the source lists: `x ? "a" : "b"`.
    pub(super) fn one_of(&mut self, node: Node<'s>, name: &str) -> Result<Vec<String>, Reason> {
        let mut values = Vec::new();
        let mut open = vec![view::unwrapped(node)];
        while let Some(next) = open.pop() {
            match next.kind() {
                "identifier" if self.fixed(next).is_none() => {
                    open.push(self.constant(next).ok_or_else(Reason::column)?);
                }
                "ternary_expression" => {
                    for part in ["alternative", "consequence"] {
                        open.push(view::unwrapped(
                            next.child_by_field_name(part).ok_or_else(Reason::column)?,
                        ));
                    }
                }
                _ => values.push(self.fixed_string(next).ok_or_else(Reason::column)?.0),
            }
        }
        values.sort();
        values.dedup();
        let site = self.early(node)?;
        let guarded = matches!(site, Site::Guarded(..));
        let (missing, there) = if guarded { (".optional()", "!") } else { ("", "") };
        let schema = Input::Schema(Kind::Enum(values.clone()).zod() + missing);
        let index = self.send(name, schema, site, false);
        self.hole(node.byte_range(), Fill::Around(String::new(), index, there.to_owned()));
        Ok(values)
    }

    /// What a constant of this file was made from.
    pub(super) fn constant(&self, name: Node<'s>) -> Option<Node<'s>> {
        let binding = self.scopes.binding(self.scopes.binding_at(name.byte_range())?);
        let declarator = self.tree.node_at(binding.range.clone())?;
        let constant = binding.declared == Declared::Const && declarator.kind() == "variable_declarator";
        constant.then(|| declarator.child_by_field_name("value")).flatten().map(view::unwrapped)
    }

    /// The verb of the name, from what was read.
    pub(super) fn verb(&mut self) {
        let many = self.draft.sent.iter().any(|sent| sent.whole && matches!(sent.schema, Input::List(_)));
        let verb = match self.query.operation.as_str() {
            "insert" if many => Verb::CreateMany,
            "insert" => Verb::Create,
            "upsert" if many => Verb::UpsertMany,
            "upsert" => Verb::Upsert,
            "update" => Verb::Update,
            "delete" => Verb::Delete,
            _ => return,
        };
        self.draft.parts.verb = verb;
    }
}

/// A text.
pub(super) fn text() -> Column {
    Column { kind: Kind::Text, nullable: false, optional: false }
}

/// The column of `profiles.name`.
pub(super) fn last(column: &str) -> &str {
    let column = column.split("->").next().unwrap_or(column);
    column.rsplit('.').next().unwrap_or(column)
}

/// Whether a constant can stand in a name.
fn is_word(value: &str) -> bool {
    value.len() <= 24
        && value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | ' '))
}
