//! Every call of a provider that the browser makes with the app's key: what it sends where, or why it stays.
//!
//! A call is read by itself first ([`read`]); then what carries its key is looked at ([`carried`]): the key leaves the browser with all
//! of its uses, or the calls stay.

use super::body::{self, Field};
use super::text::{Bit, Carrier, Key, bits, fixed};
use crate::constant::constant;
use audit::Survey;
use edit::Span;
use project::{File, Kind};
use stack::Side;
use std::collections::BTreeMap;
use syntax::Node;
use syntax::view::{self, arguments, callee_path, pairs, unwrapped, value_of};

/// A call that can move.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) span: Span,
    pub(super) key: Key,
    /// The address: text before and behind the key, which stands in the query; all of it is before where the key is in a header.
    pub(super) address: (String, Option<String>),
    /// Headers with a fixed text that the provider gets; that of the key with what stands around it.
    pub(super) headers: Vec<(String, String)>,
    pub(super) key_header: Option<(String, String, String)>,
    pub(super) fields: Vec<Field>,
    /// What the edits take: the address, and the pair of the key's header.
    pub(super) address_span: Span,
    pub(super) header_span: Option<Span>,
    /// Where a header is added if the key is in none: the object of headers, or the options.
    pub(super) headers_span: Option<Span>,
    pub(super) options_span: Span,
    pub(super) carriers: Vec<Carrier>,
}

impl Call {
    /// The address without the key: what tells endpoints apart.
    pub(super) fn plain_address(&self) -> &str {
        &self.address.0
    }
}

/// A call that stays, and why.
#[derive(Clone, Debug)]
pub(super) struct Stays {
    pub(super) span: Span,
    pub(super) host: String,
    pub(super) why: String,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    pub(super) moving: Vec<Call>,
    pub(super) stays: Vec<Stays>,
    /// What goes with them: declarations of the key, and checks for it.
    pub(super) removed: Vec<Span>,
}

/// Judged by themselves, whatever becomes of the app.
pub(super) fn judged(survey: &Survey<'_>) -> Calls {
    let mut calls = Calls::default();
    let mut seen = Vec::new();
    let browser = |file: &&File| {
        matches!(file.kind, Kind::Code(_))
            && file.skipped.is_none()
            && matches!(survey.stack.side(file.id), Side::Browser | Side::Both)
            && file.text.contains("fetch(")
    };
    for file in survey.project.files.iter().filter(browser) {
        let Some((tree, scopes)) = file.syntax() else { continue };
        view::walk(tree.root(), &mut |node| {
            let path = (node.kind() == "call_expression").then(|| callee_path(tree, node)).flatten();
            let path: Vec<String> = path.into_iter().flatten().map(|part| part.into_owned()).collect();
            let is_fetch = path == ["fetch"] || path == ["window", "fetch"];
            if is_fetch && scopes.lookup(&path[0], node.start_byte()).is_none() {
                match read(survey, file, node) {
                    Some(Ok(call)) => seen.push(call),
                    Some(Err(stays)) => calls.stays.push(stays),
                    None => {}
                }
            }
            true
        });
    }
    carried(survey, seen, &mut calls);
    calls
}

/// One call; `None` if it carries no key of the app.
fn read(survey: &Survey<'_>, file: &File, call: Node<'_>) -> Option<Result<Call, Stays>> {
    let (tree, _) = file.syntax()?;
    let given = arguments(call);
    let first = *given.first()?;
    let mut carriers = Vec::new();
    let address = bits(survey, file, first, &mut carriers);
    let options = given.get(1).map(|node| unwrapped(*node)).filter(|node| node.kind() == "object");
    let headers = options.and_then(|options| value_of(tree, options, "headers")).map(unwrapped);
    let header_pairs =
        headers.filter(|headers| headers.kind() == "object").map(|headers| pairs(tree, headers));
    let header_bits: Vec<(String, Node<'_>, Vec<Bit>)> = header_pairs
        .iter()
        .flatten()
        .map(|(name, key, value)| (name.to_string(), *key, bits(survey, file, *value, &mut carriers)))
        .collect();
    let keys: Vec<&Key> = address
        .iter()
        .chain(header_bits.iter().flat_map(|(_, _, bits)| bits))
        .filter_map(|bit| if let Bit::Key(key) = bit { Some(key) } else { None })
        .collect();
    let key = (*keys.first()?).clone();
    let span = file.span(call.byte_range());
    let host = host(&address);
    let stays = |why: &str| Some(Err(Stays { span, host: host.clone(), why: why.to_owned() }));
    if keys.len() > 1 {
        return stays("It sends more than one secret. Write an endpoint of the server for it by hand.");
    }
    let at_key = address.iter().position(|bit| matches!(bit, Bit::Key(_)));
    let known = match at_key {
        None => fixed(&address).map(|text| (text, None)),
        Some(at) => fixed(&address[..at]).zip(fixed(&address[at + 1..]).map(Some)),
    };
    let Some((before, behind)) = known.filter(|(before, _)| before.starts_with("https://")) else {
        return stays("Its address is computed. Write the address as a constant, then run again.");
    };
    let (is_query, fragment) = (before.contains('?') && before.ends_with('='), before.contains('#'));
    if behind.is_some()
        && (!is_query || behind.as_deref().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('&')))
    {
        return stays(
            "The key stands in the path of the address. Write an endpoint of the server for it by hand.",
        );
    }
    if fragment || before.contains(['`', '"', '\\', '$']) || before["https://".len()..].starts_with('/') {
        return stays("Its address is not one that the server can repeat. Write an endpoint for it by hand.");
    }
    let Some(options) = options.filter(|_| given.len() == 2 && tree.sound(call)) else {
        return stays(
            "It has no options that can be read here, and only calls with `POST` move by themselves.",
        );
    };
    let known = ["method", "headers", "body", "signal", "cache", "keepalive"];
    let all = pairs(tree, options);
    if all.len() != view::code_children(options).count()
        || all.iter().any(|(name, _, value)| !known.contains(&&**name) || value.kind() == "method_definition")
    {
        return stays(
            "Its options are not all known. Write `method`, `headers` and `body` there, then run again.",
        );
    }
    let method = value_of(tree, options, "method")
        .and_then(|method| fixed(&bits(survey, file, method, &mut Vec::new())));
    if !method.is_some_and(|method| method.eq_ignore_ascii_case("POST")) {
        return stays(
            "Only calls with `POST` move by themselves: write an endpoint of the server for this one.",
        );
    }
    let open = header_pairs.as_ref().zip(headers).is_some_and(|(pairs, headers)| {
        pairs.len() != view::code_children(headers).count()
            || pairs.iter().any(|(_, _, value)| value.kind() == "method_definition")
    });
    if open || headers.is_some() && header_pairs.is_none() {
        return stays("Its headers are not all known. Write them in the call, then run again.");
    }
    let (mut sent, mut key_header, mut header_span) = (Vec::new(), None, None);
    for (name, node, bits) in &header_bits {
        if let Some(at) = bits.iter().position(|bit| matches!(bit, Bit::Key(_))) {
            let Some((before, behind)) = fixed(&bits[..at]).zip(fixed(&bits[at + 1..])) else {
                return stays(
                    "The header of the key has a computed part. Write an endpoint of the server by hand.",
                );
            };
            if !behind.is_empty() || !["", "Bearer ", "Token ", "Key ", "Basic "].contains(&before.as_str()) {
                return stays(
                    "The header of the key has an odd form. Write an endpoint of the server by hand.",
                );
            }
            key_header = Some((name.clone(), before, behind));
            let pair = if node.parent().is_some_and(|parent| parent.kind() == "pair") {
                node.parent()
            } else {
                Some(*node)
            };
            header_span = pair.map(|pair| file.span(pair.byte_range()));
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let text = fixed(bits);
        match (lower.as_str(), text) {
            ("content-type", Some(text)) if text.starts_with("application/json") => {}
            ("content-type", _) => {
                return stays("It does not send JSON. Write an endpoint of the server by hand.");
            }
            // Says that the key may be seen by everyone.
            (lower, _) if lower.contains("dangerous") => {}
            (_, Some(text)) if !text.contains(['"', '\\', '\n']) && is_name(name) => {
                sent.push((name.clone(), text))
            }
            _ => {
                return stays(&format!(
                    "It computes the header `{name}`. Write an endpoint of the server by hand."
                ));
            }
        }
    }
    let body = value_of(tree, options, "body");
    let shorthand = all.iter().any(|(_, key, value)| key == value && key.kind().starts_with("shorthand"));
    let fields = match body.filter(|_| !shorthand).map(|body| body::fields(survey, file, body)) {
        Some(Ok(fields)) => fields,
        Some(Err(why)) => return stays(&why),
        None => {
            return stays("It sends no body that is known here. Write an endpoint of the server by hand.");
        }
    };
    if carriers.iter().any(|carrier| carrier.file != file.id) {
        return stays(
            "Its key comes from another module. Move the constant next to the call, then run again.",
        );
    }
    carriers.sort();
    carriers.dedup();
    Some(Ok(Call {
        span,
        key,
        address: (before, behind),
        headers: sent,
        key_header,
        fields,
        address_span: file.span(first.byte_range()),
        header_span,
        headers_span: headers.map(|headers| file.span(headers.byte_range())),
        options_span: file.span(options.byte_range()),
        carriers,
    }))
}

fn is_name(name: &str) -> bool {
    name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

/// The host of an address, as far as it is known.
fn host(address: &[Bit]) -> String {
    let Some(Bit::Text(text)) = address.first() else { return "a provider".to_owned() };
    of_host(text)
}

/// The host of an address.
pub(super) fn of_host(address: &str) -> String {
    let rest = address.trim_start_matches("https://").trim_start_matches("http://");
    let host: String = rest.chars().take_while(|letter| !matches!(letter, '/' | '?' | '#' | ':')).collect();
    if host.contains('.') { host } else { "a provider".to_owned() }
}

/// Keeps the calls whose keys have no other use in the browser; the others stay. A call that stays may keep others.
fn carried(survey: &Survey<'_>, mut moving: Vec<Call>, calls: &mut Calls) {
    loop {
        let taken: Vec<Span> =
            moving.iter().flat_map(|call| [Some(call.address_span), call.header_span]).flatten().collect();
        let mut removed: Vec<Span> = Vec::new();
        let mut kept: BTreeMap<usize, String> = BTreeMap::new();
        for (at, call) in moving.iter().enumerate() {
            match uses(survey, call, &moving, &taken) {
                Ok(spans) => removed.extend(spans),
                Err(why) => {
                    kept.insert(at, why);
                }
            }
        }
        if kept.is_empty() {
            removed.sort();
            removed.dedup();
            calls.removed = removed;
            calls.moving = moving;
            return;
        }
        let mut left = Vec::new();
        for (at, call) in moving.into_iter().enumerate() {
            match kept.remove(&at) {
                Some(why) => {
                    calls.stays.push(Stays { span: call.span, host: of_host(&call.address.0), why });
                }
                None => left.push(call),
            }
        }
        moving = left;
    }
}

/// What goes with the key of a call: its constants, and the checks whether it is there.
fn uses(survey: &Survey<'_>, call: &Call, moving: &[Call], taken: &[Span]) -> Result<Vec<Span>, String> {
    let mut removed = Vec::new();
    for carrier in &call.carriers {
        let file = survey.project.get(carrier.file);
        let lost = || "Its key is declared in an odd way. Move the call by hand.".to_owned();
        let (tree, scopes) = file.syntax().ok_or_else(lost)?;
        let name = carrier.name.0..carrier.name.1;
        let statement =
            tree.node_at(name.clone()).and_then(|node| node.parent()).and_then(|node| node.parent());
        let statement = statement
            .filter(|statement| {
                statement.kind() == "lexical_declaration"
                    && view::code_children(*statement).count() == 1
                    && tree.sound(*statement)
            })
            .ok_or_else(lost)?;
        if statement.parent().is_some_and(|parent| parent.kind() == "export_statement") {
            return Err(
                "Its key is exported to other modules. Move the constant next to the call, then run again."
                    .to_owned(),
            );
        }
        let binding = scopes.binding_at(name).ok_or_else(lost)?;
        for reference in scopes.references_of(binding) {
            let span = file.span(reference.range.clone());
            let in_carrier = moving.iter().flat_map(|call| &call.carriers).any(|other| {
                other.file == carrier.file && declares(file, other).is_some_and(|whole| whole.covers(span))
            });
            if taken.iter().any(|taken| taken.covers(span)) || in_carrier {
                continue;
            }
            let check = tree.node_at(reference.range.clone()).and_then(|node| check(node));
            match check {
                Some(check) => removed.push(file.span(check.byte_range())),
                None => {
                    let line = file.line_column(reference.range.start).0;
                    return Err(format!(
                        "Its key is used at `{}:{line}`, too, which cannot move by itself.",
                        file.path
                    ));
                }
            }
        }
        removed.push(file.span(statement.byte_range()));
    }
    // Every other read of the variable keeps it in the bundle.
    if let super::text::Source::Variable(name) = &call.key.source {
        let known = survey.env_name(name);
        let declared: Vec<Span> = moving
            .iter()
            .flat_map(|call| &call.carriers)
            .filter_map(|carrier| declares(survey.project.get(carrier.file), carrier))
            .collect();
        for read in known.into_iter().flat_map(|known| &known.reads) {
            let gone = taken.iter().chain(&declared).any(|span| span.covers(read.span));
            if gone {
                continue;
            }
            let file = survey.project.get(read.span.file);
            let node = file.syntax().and_then(|(tree, _)| tree.node_at(read.span.range()));
            match node.and_then(check) {
                Some(check) => removed.push(file.span(check.byte_range())),
                None => {
                    let line = file.line_column(read.span.start as usize).0;
                    return Err(format!(
                        "`{name}` is read at `{}:{line}`, too, which cannot move by itself.",
                        file.path
                    ));
                }
            }
        }
    }
    Ok(removed)
}

/// The declaration of a carrier.
fn declares(file: &File, carrier: &Carrier) -> Option<Span> {
    let value = constant(file, carrier.name.0..carrier.name.1)?;
    Some(file.span(value.byte_range()))
}

/// `if (!KEY) throw …`, whose condition `node` is; `return` likewise.
fn check(node: Node<'_>) -> Option<Node<'_>> {
    let not = view::wrapped(node).parent().filter(|parent| parent.kind() == "unary_expression")?;
    let is_not = not.child_by_field_name("operator").is_some_and(|operator| operator.kind() == "!");
    let statement = view::wrapped(not).parent().filter(|parent| parent.kind() == "if_statement")?;
    if !is_not || statement.child_by_field_name("alternative").is_some() {
        return None;
    }
    let inner = statement.child_by_field_name("consequence")?;
    let last = if inner.kind() == "statement_block" { view::code_children(inner).last()? } else { inner };
    matches!(last.kind(), "throw_statement" | "return_statement").then_some(statement)
}
