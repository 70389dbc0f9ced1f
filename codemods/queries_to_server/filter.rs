//! Filter texts: `or("name.ilike.%" + q + "%")`. A value inside such a text can widen the query, so the server puts it in quotes.

use super::chain::last;
use super::column::{self, Column, Kind, list_of};
use super::draft::{Fill, Site};
use super::read::Reader;
use super::reason::Reason;
use stack::server::function::Input;
use syntax::Node;
use syntax::view::{self, TemplatePart};

/// A part of a filter text.
enum Part<'s> {
    Text(String),
    Value(Node<'s>),
}

/// A piece of the text as the server writes it.
enum Out {
    Text(String),
    /// `${before}input${after}`
    Hole(String, usize, String),
    User,
}

/// The longest search text.
const LONGEST: usize = 200;

impl<'s> Reader<'s> {
    /// The text of `or`. Whether a value of the browser is in it.
    pub(super) fn filter_text(&mut self, node: Node<'s>) -> Result<bool, Reason> {
        if let Some(fixed) = self.fixed(node) {
            if let Some(text) = fixed {
                self.hole(node.byte_range(), Fill::Text(text));
            }
            return Ok(false);
        }
        let mut parts = Vec::new();
        self.parts(view::unwrapped(node), &mut parts).ok_or_else(Reason::filter_text)?;
        let mut out = Vec::new();
        let mut sent = false;
        let mut at = 0;
        let mut before = String::new();
        while at < parts.len() {
            match &parts[at] {
                Part::Text(text) => {
                    before += text;
                    out.push(Out::Text(text.clone()));
                    at += 1;
                }
                Part::Value(_) => {
                    // The condition that the value stands in: `column.operator.` and what of the value stands before it.
                    let start = before.rfind([',', '(']).map_or(0, |at| at + 1);
                    let condition = &before[start..];
                    let listed = before[..start].trim_end().ends_with(".in.(");
                    let (column, lead) = if listed {
                        let list = before[..start].trim_end();
                        let list = list.strip_suffix(".in.(").unwrap_or_default();
                        let from = list.rfind([',', '(']).map_or(0, |at| at + 1);
                        (list[from..].trim().to_owned(), String::new())
                    } else {
                        condition_of(condition).ok_or_else(Reason::filter_text)?
                    };
                    before.clear();
                    at =
                        self.value(&parts, at, (&column, &lead, listed), (&mut out, &mut before), &mut sent)?;
                }
            }
        }
        self.put(node, out);
        Ok(sent)
    }

    /// One value of the text, which may be several parts: `%${a} ${b}%`. Where the parts go on.
    fn value(
        &mut self,
        parts: &[Part<'s>],
        from: usize,
        (column, lead, listed): (&str, &str, bool),
        (out, before): (&mut Vec<Out>, &mut String),
        sent: &mut bool,
    ) -> Result<usize, Reason> {
        let Part::Value(node) = parts[from] else { return Ok(from + 1) };
        let known = self.filtered(column);
        if listed {
            out.push(self.joined_list(node, known)?);
            *sent = true;
            self.draft.parts.by.push((last(column).to_owned(), "in".to_owned()));
            return Ok(from + 1);
        }
        // What follows up to the next comma or bracket belongs to the value.
        let tail = match parts.get(from + 1) {
            Some(Part::Text(text)) => {
                let end = text.find([',', ')']).unwrap_or(text.len());
                if end == text.len() && matches!(parts.get(from + 2), Some(Part::Value(_))) {
                    return Err(Reason::filter_text());
                }
                text[..end].to_owned()
            }
            Some(Part::Value(_)) => return Err(Reason::filter_text()),
            None => String::new(),
        };
        if self.is_identity(node) {
            self.needs_session();
            if !lead.is_empty() || !tail.is_empty() {
                return Err(Reason::filter_text());
            }
            out.push(Out::User);
            return Ok(from + 1);
        }
        if let Some(fixed) = self.fixed(node) {
            let text = fixed.unwrap_or_else(|| self.tree.text(node).to_owned());
            out.push(Out::Text(text.trim_matches(['"', '\'', '`']).to_owned()));
            return Ok(from + 1);
        }
        let truthy = self.is_truthy(node);
        // Where it may not be there, the condition has to ask for it.
        if self.branch.is_some() && self.is_unsure(node) && !truthy || !self.may_be_asked(node) {
            return Err(Reason::builder_variable());
        }
        let name = self.input_name(node).unwrap_or_else(|| last(column).to_owned());
        let kind = known.map(|column| column.kind);
        let bare = lead.is_empty() && tail.is_empty();
        *sent = true;
        if bare && matches!(kind, Some(Kind::Number | Kind::Guid)) {
            let mut schema = kind.map_or_else(String::new, |kind| kind.zod());
            if truthy {
                schema = column::or_unset(&schema, &self.guess(node)) + ".nullish()";
            }
            let site = Site::Expression(node.byte_range());
            let index = self.send_as([&name, last(column)], Input::Schema(schema), site);
            out.push(Out::Hole(String::new(), index, String::new()));
            return Ok(from + 1);
        }
        let mut schema = format!("z.string().max({LONGEST})");
        if self.branch.is_some() {
            let simple = view::member_path(self.tree, node).is_some();
            if truthy && simple {
                schema += ".nullish()";
            } else if !simple || !self.guess(node).there {
                return Err(Reason::builder_variable());
            }
        }
        let index =
            self.send_as([&name, last(column)], Input::Schema(schema), Site::Expression(node.byte_range()));
        // Quotes that the text has already are those that `quoted` writes.
        let (lead, tail_kept) = match (lead.strip_prefix('"'), tail.strip_suffix('"')) {
            (Some(lead), Some(tail)) => (lead, tail),
            _ => (lead, tail.as_str()),
        };
        trim_end(out, lead);
        let inner = if lead.is_empty() && tail_kept.is_empty() {
            (String::from("quoted("), String::from(")"))
        } else {
            (format!("quoted(`{}${{", escaped(lead)), format!("}}{}`)", escaped(tail_kept)))
        };
        out.push(Out::Hole(inner.0, index, inner.1));
        if tail.is_empty() {
            return Ok(from + 1);
        }
        // The rest of the text behind the value.
        if let Some(Part::Text(text)) = parts.get(from + 1) {
            out.push(Out::Text(text[tail.len()..].to_owned()));
            *before += &text[tail.len()..];
        }
        Ok(from + 2)
    }

    /// `(${ids.join(",")})` of `not(column, "in", ...)`.
    pub(super) fn list_text(&mut self, node: Node<'s>, column: &str) -> Result<(), Reason> {
        let mut parts = Vec::new();
        self.parts(view::unwrapped(node), &mut parts).ok_or_else(Reason::filter_text)?;
        let [Part::Text(open), Part::Value(value), Part::Text(close)] = parts.as_slice() else {
            return Err(Reason::filter_text());
        };
        if open.trim() != "(" || close.trim() != ")" {
            return Err(Reason::filter_text());
        }
        let known = self.filtered(column);
        let list = self.joined_list(*value, known)?;
        let out = vec![Out::Text("(".to_owned()), list, Out::Text(")".to_owned())];
        self.put(node, out);
        self.draft.parts.by.push((last(column).to_owned(), "notIn".to_owned()));
        Ok(())
    }

    /// The list behind `.join(",")`, sent as a list and joined on the server.
    fn joined_list(&mut self, node: Node<'s>, known: Option<Column>) -> Result<Out, Reason> {
        let node = view::unwrapped(node);
        let called = node.child_by_field_name("function").ok_or_else(Reason::filter_text)?;
        let method = called.child_by_field_name("property").map(|name| self.tree.text(name));
        let separator = view::arguments(node).first().and_then(|text| view::string_value(self.tree, *text));
        let list = called.child_by_field_name("object").ok_or_else(Reason::filter_text)?;
        if method != Some("join") || separator.is_some_and(|text| text.trim() != ",") {
            return Err(Reason::filter_text());
        }
        let name = self.input_name(list).unwrap_or_else(|| "values".to_owned());
        let (item, quote) = match known.map(|column| column.kind) {
            Some(Kind::Guid) => ("z.guid()", ""),
            Some(Kind::Number) => ("z.number()", ""),
            _ => ("z.string()", ".map(quoted)"),
        };
        let site = self.early(list)?;
        // A condition that asks how long the list is takes it for there.
        let optional = self.branch.is_some() && !self.is_counted(list);
        let missing = if optional { ".nullish()" } else { "" };
        let there = if optional && !self.is_truthy(list) { "!" } else { "" };
        let index = self.send(&name, Input::Schema(list_of(item) + missing), site, false);
        Ok(Out::Hole(String::new(), index, format!("{there}{quote}.join(\",\")")))
    }

    /// Template, strings joined by `+`, or a constant that holds one.
    fn parts(&self, node: Node<'s>, out: &mut Vec<Part<'s>>) -> Option<()> {
        match node.kind() {
            "string" => out.push(Part::Text(view::string_value(self.tree, node)?.into_owned())),
            "template_string" => {
                for part in view::template_parts(self.tree, node)? {
                    out.push(match part {
                        TemplatePart::Text(text) => Part::Text(text.into_owned()),
                        TemplatePart::Expression(value) => Part::Value(value),
                    });
                }
            }
            "binary_expression" => {
                let operator = node.child_by_field_name("operator")?;
                if self.tree.text(operator) != "+" {
                    return None;
                }
                for side in ["left", "right"] {
                    let part = view::unwrapped(node.child_by_field_name(side)?);
                    match part.kind() {
                        "string" | "template_string" | "binary_expression" => self.parts(part, out)?,
                        _ => out.push(Part::Value(part)),
                    }
                }
            }
            "identifier" => {
                let value = self.constant(node)?;
                matches!(value.kind(), "template_string" | "binary_expression").then_some(())?;
                self.parts(value, out)?;
            }
            _ => return None,
        }
        Some(())
    }

    /// The text as the server writes it, in place of the argument.
    fn put(&mut self, node: Node<'s>, out: Vec<Out>) {
        // Holes that reading the parts made lie inside the argument, which goes as a whole.
        let own = node.byte_range();
        self.draft.holes.retain(|(range, _)| !(own.start <= range.start && range.end <= own.end));
        let mut fills: Vec<Fill> = vec![Fill::Text("`".to_owned())];
        for part in out {
            match part {
                Out::Text(text) => fills.push(Fill::Text(escaped(&text))),
                Out::User => fills.push(Fill::Text("${user.id}".to_owned())),
                Out::Hole(before, index, after) => {
                    fills.push(Fill::Around(format!("${{{before}"), index, format!("{after}}}")));
                }
            }
        }
        fills.push(Fill::Text("`".to_owned()));
        // Several fills at one place: the first takes the argument, the others stand behind it.
        for (at, fill) in fills.into_iter().enumerate() {
            let range = if at == 0 { own.clone() } else { own.end..own.end };
            self.hole(range, fill);
        }
    }
}

/// The column of `name.ilike.%`, and what of the value stands there already: `%`.
fn condition_of(text: &str) -> Option<(String, String)> {
    const OPERATORS: &[&str] = &[
        "eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "is", "fts", "plfts", "phfts", "wfts",
        "match", "imatch",
    ];
    let text = text.trim_start();
    let (mut column, mut rest) = text.split_once('.')?;
    if column == "not" {
        (column, rest) = rest.split_once('.')?;
    }
    loop {
        let (word, after) = rest.split_once('.')?;
        if word == "not" {
            rest = after;
            continue;
        }
        if OPERATORS.contains(&word) {
            let plain = column.chars().all(|letter| letter.is_ascii_alphanumeric() || "_->".contains(letter));
            return (plain && !column.is_empty()).then(|| (column.to_owned(), after.to_owned()));
        }
        // `profiles.name.eq.`
        column = word;
        rest = after;
    }
}

/// Takes `lead` off the end of the text written last: it moves into the quotes.
fn trim_end(out: &mut [Out], lead: &str) {
    if let Some(Out::Text(text)) = out.last_mut() {
        if let Some(shorter) = text.strip_suffix(lead) {
            *text = shorter.to_owned();
        }
        if let Some(shorter) = text.strip_suffix('"') {
            *text = shorter.to_owned();
        }
    }
}

/// As text of a template.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('`', "\\`").replace("${", "\\${")
}
