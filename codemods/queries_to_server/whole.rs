//! What an insert, an update or an upsert writes: key by key where the source lists the keys, else a whole object, narrowed to the
//! columns that a browser may set.

use super::column::{Columns, Side};
use super::draft::{Fill, Object, Site};
use super::guess::Guess;
use super::keys::{Key, Keys};
use super::read::{Filled, Reader, Want};
use super::reason::Reason;
use stack::server::function::Input;
use std::ops::Range;
use syntax::Node;
use syntax::view;

/// More literals in a list than this are a list.
const FEW: usize = 4;

/// A column that a row brings along and that the browser must not set: it is not written.
const LEFT_OUT: &str = "z.any().overwrite(() => undefined).optional()";

impl<'s> Reader<'s> {
    /// The argument of `insert`, `update` or `upsert`.
    pub(super) fn written(&mut self, node: Node<'s>, side: Side, method: &str) -> Result<(), Reason> {
        let inner = view::unwrapped(node);
        let loose = self.strip_cast(node);
        let elements: Vec<Node<'s>> = match inner.kind() {
            "object" => vec![inner],
            "array" => view::code_children(inner).map(view::unwrapped).collect(),
            _ => Vec::new(),
        };
        let listed =
            !elements.is_empty() && elements.len() <= FEW && elements.iter().all(|one| is_closed(*one));
        if !listed {
            return self.whole(node, inner, side, method, loose);
        }
        let mut drifted = false;
        for element in elements {
            let keys = view::pairs(self.tree, element).into_iter().map(|(key, _, _)| key.into_owned());
            drifted |= self.lacks(&keys.collect::<Vec<_>>(), side);
            drifted |= self.listed_keys(element, side)?;
        }
        if drifted && !loose && self.typed {
            self.hole(inner.end_byte()..inner.end_byte(), Fill::Text(" as never".to_owned()));
        }
        if side == Side::Update {
            let keys = view::pairs(self.tree, inner).into_iter().map(|(key, _, _)| key.into_owned());
            self.draft.parts.columns = keys.filter(|key| key != "updated_at").collect();
        }
        Ok(())
    }

    /// Whether a row lacks a column that the generated types ask for: the source says nothing of its type, and the database decides.
    fn lacks(&self, keys: &[String], side: Side) -> bool {
        let columns = self.columns.as_ref().filter(|columns| side == Side::Insert && columns.known());
        columns.is_some_and(|columns| {
            columns.writable(side).iter().any(|(name, column)| !column.optional && !keys.contains(name))
        })
    }

    /// A cast to a type of the browser's module goes; `as any` and its like stay, and say that the types do not fit.
    fn strip_cast(&mut self, node: Node<'s>) -> bool {
        let mut current = node;
        let mut loose = false;
        loop {
            match current.kind() {
                "as_expression" | "satisfies_expression" => {
                    let mut parts = view::code_children(current);
                    let (Some(value), kind) = (parts.next(), parts.next()) else { return loose };
                    let plain =
                        kind.is_some_and(|kind| matches!(self.tree.text(kind), "any" | "never" | "unknown"));
                    if plain {
                        loose = true;
                    } else {
                        self.hole(value.end_byte()..current.end_byte(), Fill::Text(String::new()));
                    }
                    current = value;
                }
                "parenthesized_expression" | "non_null_expression" => {
                    match view::code_children(current).next() {
                        Some(inner) => current = inner,
                        None => return loose,
                    }
                }
                _ => return loose,
            }
        }
    }

    /// An object literal, key by key. Whether the generated types do not take a column there.
    fn listed_keys(&mut self, object: Node<'s>, side: Side) -> Result<bool, Reason> {
        let mut drifted = false;
        for (key, key_node, value) in view::pairs(self.tree, object) {
            let column = self.columns.as_ref().and_then(|columns| columns.get(&key, side));
            let filled = self.fill(value, &Want { name: &key, column: column.clone() })?;
            let Some(columns) = self.columns.clone() else { continue };
            // The types of several tables agree in what all of them have.
            drifted |= columns.of_some(&key, side);
            if columns.drifted(&key) {
                drifted = true;
                self.draft.drift.push(key.to_string());
            } else if column.is_none() && matches!(filled, Filled::Sent(_)) {
                self.draft.unknown.push(key.to_string());
            }
            if filled != Filled::Identity && (columns.privileged(&key) || self.says_paid(&key, Some(value))) {
                self.draft.granted.push((key.to_string(), key_node.byte_range()));
            }
        }
        Ok(drifted)
    }

    /// Whether the browser says itself that something was paid or verified, or may say so.
    fn says_paid(&self, column: &str, value: Option<Node<'s>>) -> bool {
        let open = |value: Node<'s>| match value.kind() {
            "null" | "undefined" | "false" => true,
            "string" => view::string_value(self.tree, value).is_some_and(|text| {
                let said = ["paid", "succeeded", "success", "completed", "complete", "confirmed", "verified"];
                !said.contains(&text.to_lowercase().as_str())
            }),
            _ => false,
        };
        super::column::is_proof(column) && !value.map(view::unwrapped).is_some_and(open)
    }

    /// A whole object or a list of them.
    fn whole(
        &mut self,
        node: Node<'s>,
        inner: Node<'s>,
        side: Side,
        method: &str,
        loose: bool,
    ) -> Result<(), Reason> {
        if let Some(thing) = super::guess::no_json(self.tree, self.scopes, inner) {
            return Err(Reason::input(&format!("A {thing}").replace("A A ", "A ")));
        }
        let columns = self.columns.clone().filter(Columns::known);
        let columns = columns.as_ref();
        let keys = Keys::of(self, inner);
        if keys.open && columns.is_none() {
            return Err(Reason::columns_unknown(&self.draft.parts.table));
        }
        let (site, mut set) = self.site_of(inner, node);
        // `const row: Record<string, unknown> = { … }`: its type says less than its keys, also as `{ ...row }`; and `{ ...row } as any`
        // says so itself.
        let of_record = |child: Node<'s>| {
            let what = view::code_children(child).next().filter(|_| child.kind() == "spread_element");
            what.is_some_and(|what| self.is_open_record(what))
        };
        // Of an update every column may be left out.
        let short_of_keys = side == Side::Insert && view::code_children(inner).any(of_record);
        let spread = inner.kind() == "object" && (loose || short_of_keys);
        if let Site::Expression(range) | Site::Without(range, _) = &site
            && (spread || matches!(site, Site::Expression(_)) && (keys.wider || self.is_open_record(inner)))
        {
            self.draft.loose.push(range.clone());
        }
        let mut schema: Vec<(String, Input)> = Vec::new();
        let mut privileged = Vec::new();
        // A column that the table asks for and not every row of the source has: the database decides.
        let known =
            || keys.found.iter().map(|key| key.name.clone()).chain(set.iter().map(|(key, _)| key.clone()));
        let mut short = !keys.open && self.lacks(&known().collect::<Vec<_>>(), side);
        if let Some(columns) = columns {
            self.draft
                .drift
                .extend(set.iter().filter(|(key, _)| columns.drifted(key)).map(|(key, _)| key.clone()));
        }
        let lenient = self.behind_role();
        let anything = loose || !self.typed || self.of_any(inner);
        let mut unfit = false;
        // A type says what is there at least: a row that is passed as one has the other columns too.
        let row_of_type = !keys.open
            && keys.parameter
            && keys.found.iter().any(|key| key.value.is_none() && !key.made)
            && columns.is_some();
        for (name, mut column) in columns
            .filter(|_| keys.open || row_of_type)
            .map(|columns| columns.writable(side))
            .unwrap_or_default()
        {
            if set.iter().any(|(key, _)| *key == name) || keys.find(&name).is_some() {
                continue;
            }
            // A row that must have the column could not be written without it.
            let must = side == Side::Insert && !column.optional;
            let grants = columns.is_some_and(|columns| columns.privileged(&name));
            let sets = grants && self.pages_set(&name);
            if grants && !sets && (row_of_type || !must && !lenient) {
                if side == Side::Update {
                    schema.push((name.clone(), Input::Schema(LEFT_OUT.to_owned())));
                }
                if !row_of_type {
                    privileged.push(name);
                }
                continue;
            }
            if row_of_type {
                column.optional = true;
            }
            if sets || !row_of_type && (must && grants || super::column::is_proof(&name)) {
                self.draft.granted.push((name.clone(), inner.byte_range()));
            }
            let text = self.taken(Some(&column), &Guess::default(), anything);
            unfit |= self.typed && text != self.schema(Some(&column), &Guess::default());
            schema.push((name, Input::Schema(text)));
        }
        for Key { name, guess, value, optional, made } in &keys.found {
            if set.iter().any(|(key, _)| key == name) {
                continue;
            }
            let column = columns.and_then(|columns| columns.get(name, side));
            if let (Some(columns), None, false) = (columns, value, made) {
                // A type of the app says what may be there, not what is: the database decides, as before.
                if column.is_none() && columns.drifted(name) {
                    continue;
                }
                let must = side == Side::Insert && column.as_ref().is_some_and(|column| !column.optional);
                if columns.privileged(name) && !lenient && !must && !self.pages_set(name) {
                    if side == Side::Update {
                        schema.push((name.clone(), Input::Schema(LEFT_OUT.to_owned())));
                    }
                    self.draft.withheld.push(name.clone());
                    continue;
                }
            }
            if let Some(columns) = columns {
                if columns.drifted(name) {
                    self.draft.drift.push(name.clone());
                } else if column.is_none() && (value.is_some() || *made) {
                    self.draft.unknown.push(name.clone());
                }
                if columns.privileged(name) || self.says_paid(name, *value) {
                    let place = value.map_or(inner.byte_range(), |value| value.byte_range());
                    self.draft.granted.push((name.clone(), place));
                }
            }
            if value.is_some_and(|value| self.is_identity(value)) {
                // It may be sent, and is not believed.
                self.needs_session();
                set.push((name.clone(), "user.id".to_owned()));
                schema.push((name.clone(), Input::Schema("z.guid().optional()".to_owned())));
                continue;
            }
            let optional = *optional || keys.typed && method == "update";
            // What only a type says is there may be missing: the database has a default then.
            let seen = value.is_some() || *made;
            let guess = Guess { there: guess.there && !optional && seen, ..guess.clone() };
            let mut text = self.schema(column.as_ref(), &guess);
            if columns.is_some() && column.is_none() && !seen {
                text = "json.optional()".to_owned();
            }
            if let Some(value) = value {
                unfit |= self.fits_no_type(*value, column.as_ref(), &guess);
                text = self.schema_at(*value, column.as_ref(), &guess);
            }
            if optional && !text.ends_with(".optional()") && !text.ends_with(".nullish()") {
                short |= side == Side::Insert && column.as_ref().is_some_and(|column| !column.optional);
                text += ".optional()";
            }
            schema.push((name.clone(), Input::Schema(text)));
        }
        for (name, _) in set.iter().filter(|(name, _)| self.may_bring(inner, name)) {
            if schema.iter().all(|(known, _)| known != name) {
                // Pages put anything there, such as an empty text, for somebody sets it anyway.
                schema.push((name.clone(), Input::Schema("z.any().optional()".to_owned())));
            }
        }
        // Of all that the type lists, the SQL knows nothing: what is sent cannot be told.
        if schema.is_empty() && set.is_empty() && !keys.found.is_empty() && self.draft.withheld.is_empty() {
            return Err(Reason::columns_unknown(&self.draft.parts.table));
        }
        schema.sort_by(|one, other| one.0.cmp(&other.0));
        schema.dedup_by(|one, other| one.0 == other.0);
        self.draft.withheld.extend(privileged);
        // Nothing but a type of the app says what the table has.
        let told_by_type = columns.is_none() && keys.found.iter().any(|key| key.value.is_none() && !key.made);
        let row = if told_by_type { Input::Open(schema) } else { Input::Object(schema) };
        let (input, list) = match keys.list {
            Some(true) => (Input::List(Box::new(row)), true),
            Some(false) => (row, false),
            None if side == Side::Insert && set.is_empty() => (Input::OneOrMany(Box::new(row)), false),
            None => (row, false),
        };
        let index = self.send("values", input, site, true);
        let drifts = self.typed && !self.draft.drift.is_empty();
        // A row or a list of them fits no overload, and a row of one of several tables fits none of them.
        unfit |= self.draft.sent.get(index).is_some_and(|sent| matches!(sent.schema, Input::OneOrMany(_)))
            || (self.typed && self.query.named().is_none());
        let cast = if (drifts || unfit || short && self.typed) && !loose { " as never" } else { "" };
        self.hole(inner.byte_range(), Fill::Object(Object { input: index, set, list, cast }));
        Ok(())
    }

    /// Whether a name was declared as a record of whatever keys.
    fn is_open_record(&self, name: Node<'s>) -> bool {
        let declared = self.scopes.binding_at(name.byte_range()).and_then(|binding| {
            let name = self.tree.node_at(self.scopes.binding(binding).name_range.clone())?;
            name.parent()?.child_by_field_name("type")
        });
        let text = declared.map_or("", |declared| self.tree.text(declared)).trim_start_matches([':', ' ']);
        name.kind() == "identifier"
            && (text.starts_with("Record<string, ") || text.starts_with("{ [key: string]"))
    }

    /// What of the argument is sent, and what the server sets.
    fn site_of(&mut self, inner: Node<'s>, node: Node<'s>) -> (Site, Vec<(String, String)>) {
        let whole =
            Site::Expression(if inner.kind() == "object" { inner.byte_range() } else { node.byte_range() });
        if inner.kind() != "object" {
            return (whole, Vec::new());
        }
        let children: Vec<Node<'s>> = view::code_children(inner).collect();
        let last_spread = children.iter().rposition(|child| child.kind() == "spread_element");
        let mut set = Vec::new();
        let mut gone: Vec<usize> = Vec::new();
        for (at, child) in children.iter().enumerate() {
            let (key, value) = match child.kind() {
                "pair" => (child.child_by_field_name("key"), child.child_by_field_name("value")),
                "shorthand_property_identifier" => (Some(*child), Some(*child)),
                _ => continue,
            };
            let (Some(key), Some(value)) = (key, value) else { continue };
            let Some(name) = view::key_name(self.tree, key) else { continue };
            let text = if self.is_identity(value) {
                self.needs_session();
                Some("user.id".to_owned())
            } else if last_spread.is_none_or(|spread| spread < at) {
                self.fixed(value).map(|text| text.unwrap_or_else(|| self.tree.text(value).to_owned()))
            } else {
                None
            };
            if let Some(text) = text.filter(|text| !text.contains('\n')) {
                set.push((name.into_owned(), text));
                gone.push(at);
            }
        }
        let left: Vec<usize> = (0..children.len()).filter(|at| !gone.contains(at)).collect();
        if let [only] = left.as_slice()
            && children[*only].kind() == "spread_element"
            && let Some(value) = view::code_children(children[*only]).next()
            && matches!(view::unwrapped(value).kind(), "identifier" | "member_expression")
        {
            return (Site::Expression(value.byte_range()), set);
        }
        let ranges: Vec<Range<usize>> =
            gone.iter().map(|at| removal(&self.file.text, inner, &children, *at)).collect();
        (Site::Without(inner.byte_range(), joined(ranges)), set)
    }

    /// Whether what an object spreads may hold a key that the server sets anyway: it is taken then, and not used.
    fn may_bring(&self, object: Node<'s>, name: &str) -> bool {
        let spread = view::code_children(object).filter(|child| child.kind() == "spread_element");
        spread.filter_map(|child| view::code_children(child).next()).any(|value| {
            let keys = Keys::of(self, value);
            // A type says what is there at least.
            keys.open
                || keys.find(name).is_some()
                || keys.found.iter().any(|key| key.value.is_none() && !key.made)
        })
    }

    /// Whether some page puts the column into a row.
    fn pages_set(&self, column: &str) -> bool {
        let columns = self.columns.as_ref();
        let is_column = |name: &str| columns.is_some_and(|columns| columns.get(name, Side::Row).is_some());
        super::sets::is_set_by_pages(self.survey, column, is_column)
    }

    /// Whether everything that reaches this module is behind a guard that asks for a role.
    fn behind_role(&self) -> bool {
        self.doors.ask_for_role(self.file.id)
    }
}

/// Whether an object literal lists all its keys.
fn is_closed(object: Node<'_>) -> bool {
    object.kind() == "object"
        && view::code_children(object).all(|child| match child.kind() {
            "pair" => {
                child.child_by_field_name("key").is_some_and(|key| key.kind() != "computed_property_name")
            }
            "shorthand_property_identifier" => true,
            _ => false,
        })
}

/// The range that goes with the child at `at`: its comma, and its line if it has one.
fn removal(source: &str, object: Node<'_>, children: &[Node<'_>], at: usize) -> Range<usize> {
    let own = children[at];
    match children.get(at + 1) {
        Some(next) => own.start_byte()..next.start_byte(),
        None => {
            let before =
                at.checked_sub(1).map_or(object.start_byte() + 1, |before| children[before].end_byte());
            // A trailing comma stays where it ends the key before.
            let trailing = source[own.end_byte()..object.end_byte()].trim_start().starts_with(',');
            let comma = source[before..own.start_byte()].find(',').map(|found| before + found + 1);
            match (trailing, comma) {
                (true, Some(comma)) => {
                    comma..own.end_byte() + source[own.end_byte()..].find(',').unwrap_or(0) + 1
                }
                _ => before..own.end_byte(),
            }
        }
    }
}

/// Touching ranges as one.
fn joined(ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}
