//! What is wrong with how the app reads its environment, and what it needs of each variable.

use super::asked::{goes_without, is_asked_for, is_option, stops_without};
use super::contract::{Audience, Contract, Need};
use crate::server;
use audit::env::{Accessor, DefinedIn, EnvName, EnvRead, Fallback, given};
use audit::finding::Related;
use audit::{Confidence, Finding, Severity, Survey};
use edit::Span;
use stack::Side;
use std::collections::{BTreeMap, BTreeSet};
use syntax::Node;
use syntax::view::unwrapped;

/// A read that goes through the contract from now on.
pub(super) struct Read<'s> {
    pub(super) name: &'s EnvName,
    pub(super) read: &'s EnvRead,
    pub(super) contract: Contract,
}

/// The reads that can go through a contract, and those that must not (a server's variable in a file that the browser loads too).
pub(super) fn reads<'s>(survey: &'s Survey<'_>) -> (Vec<Read<'s>>, Vec<(&'s EnvName, &'s EnvRead)>) {
    let (mut movable, mut mixed) = (Vec::new(), Vec::new());
    // What waits for its first use may be checked there.
    let waits = super::lazy::clients(survey);
    let is_option = |read: &EnvRead| {
        is_option(survey, read) && !waits.iter().any(|client| client.value.covers(read.span))
    };
    for name in survey.env.iter().filter(|name| !given(&name.name)) {
        // A secret with a public name, and a secret literal behind a name, belong to the codemod that takes secrets out.
        if name.public && name.secret {
            continue;
        }
        // Code that asks whether a variable is there, or has another way without it, is checked already.
        if is_handled(survey, name) {
            continue;
        }
        let audience = if name.public { Audience::Public } else { Audience::Server };
        for read in name.reads.iter().filter(|read| read.replaceable && is_plain(survey, read)) {
            let file = survey.project.get(read.span.file);
            if is_behind(survey, read) || is_nullish(survey, read) || is_option(read) {
                continue;
            }
            // What an earlier pass wrote reads as the guard file does, which knows no module of the app.
            let written = survey.stack.server.is_some_and(|server| server.wrote(file));
            if stack::builder::loads_alone(file) || written {
                continue;
            }
            if audience == Audience::Server && matches!(read.side, Side::Browser | Side::Both) {
                mixed.push((name, read));
                continue;
            }
            let sound = file.syntax().is_some_and(|(tree, _)| {
                tree.node_at(read.whole.range()).is_some_and(|node| tree.sound(node))
            });
            match Contract::of(survey, read.span.file, audience) {
                Some(contract) if sound && !contract.written && contract.path != file.path => {
                    movable.push(Read { name, read, contract });
                }
                _ => {}
            }
        }
    }
    (movable, mixed)
}

/// Whether the read is a member expression that stands for a value, with no secret in it.
fn is_plain(survey: &Survey<'_>, read: &EnvRead) -> bool {
    // What a test needs says nothing of the app.
    let spelled = matches!(read.accessor, Accessor::ImportMeta | Accessor::Process)
        && !stack::is_test(survey.project.get(read.span.file));
    let secret = survey.secrets.iter().any(|secret| read.whole.covers(secret.span));
    spelled && !secret && !matches!(read.fallback, Fallback::Literal { secret: true })
}

/// Whether no read of the variable fails late or in silence: each asks for it first, or one has another way without it.
fn is_handled(survey: &Survey<'_>, name: &EnvName) -> bool {
    let reads: Vec<&EnvRead> = name.reads.iter().filter(|read| is_plain(survey, read)).collect();
    let behind = |read: &&EnvRead| is_behind(survey, read);
    // A number, or values that differ from place to place, cannot be one text in the module.
    let valued = |fallback: &Fallback| {
        use Fallback::{Empty, Literal, Localhost, Placeholder};
        matches!(fallback, Empty | Localhost | Placeholder | Literal { secret: false })
    };
    let values: BTreeSet<Option<String>> = reads
        .iter()
        .filter(|read| valued(&read.fallback) && !behind(read))
        .map(|read| match read.fallback {
            Fallback::Empty => Some(String::new()),
            _ => literal(survey, read),
        })
        .collect();
    if values.len() > 1 || values.contains(&None) || reads.iter().any(|read| goes_without(survey, read)) {
        return true;
    }
    let other = |read: &&EnvRead| gives_way(&read.fallback);
    let asked = |read: &&EnvRead| matches!(read.fallback, Fallback::None) && is_asked_for(survey, read);
    reads.iter().any(other) || reads.iter().all(|read| asked(read) || behind(read))
}

/// Whether another variable or a computed value stands in for a missing one.
fn gives_way(fallback: &Fallback) -> bool {
    matches!(fallback, Fallback::OtherEnv(_) | Fallback::Expression)
}

/// Whether the read stands in for another variable: `A ?? B ?? "…"` holds together.
fn is_behind(survey: &Survey<'_>, read: &EnvRead) -> bool {
    let all = survey.env.iter().flat_map(|name| &name.reads);
    all.filter(|one| gives_way(&one.fallback)).any(|one| one.span != read.span && one.whole.covers(read.span))
}

/// Whether a value stands behind `??`: there the empty text is a value, and a default of the module takes its place.
fn is_nullish(survey: &Survey<'_>, read: &EnvRead) -> bool {
    let valued =
        matches!(read.fallback, Fallback::Localhost | Fallback::Placeholder | Fallback::Literal { .. });
    let operator = || Some(chain(survey, read)?.child_by_field_name("operator")?.kind());
    valued && operator() == Some("??")
}

/// What is needed where nothing says more: the project's address is one wherever its value is kept.
pub(super) fn plain(name: &str) -> Need {
    if name.ends_with("SUPABASE_URL") { Need::RequiredUrl } else { Need::Required }
}

/// What the app needs of the variable: the strictest of what its reads and definitions say, without breaking a deployment
/// that works.
pub(super) fn need_of(survey: &Survey<'_>, name: &str) -> Need {
    let plain = plain(name);
    let Some(name) = survey.env.iter().find(|one| one.name == name) else { return plain };
    let values: Vec<&str> = name
        .definitions
        .iter()
        .filter(|definition| !definition.example)
        .map(|definition| &survey.project.get(definition.value.file).text[definition.value.range()])
        .filter(|value| !value.is_empty())
        .collect();
    let is_address = |value: &str| value.starts_with("https://") || value.starts_with("http://");
    let required = match values.as_slice() {
        [] => plain,
        values if values.iter().all(|value| is_address(value)) => Need::RequiredUrl,
        _ => Need::Required,
    };
    let reads: Vec<&EnvRead> = name.reads.iter().filter(|read| is_plain(survey, read)).collect();
    // A literal behind any read is the value that the app runs on today when the variable is missing.
    for read in reads.iter().filter(|read| !is_behind(survey, read)) {
        match read.fallback {
            Fallback::Localhost => return literal(survey, read).map_or(required, Need::Development),
            // What only holds a place is a value like any other: an address that nobody changed is one.
            Fallback::Placeholder if !builds_client(survey, read) => {
                return literal(survey, read).map_or(required, Need::Default);
            }
            Fallback::Literal { secret: false } => {
                return literal(survey, read).map_or(required, Need::Default);
            }
            _ => {}
        }
    }
    let soft = |read: &EnvRead| matches!(read.fallback, Fallback::Empty | Fallback::Placeholder);
    let asked = |read: &EnvRead| read.fallback != Fallback::NonNull && is_asked_for(survey, read);
    if !values.is_empty() || name.reads.iter().any(|read| stops_without(survey, read)) {
        required
    } else if is_handled(survey, name) && !reads.is_empty() {
        Need::Optional
    } else if reads.iter().any(|read| !soft(read) && !asked(read) || builds_client(survey, read)) {
        required
    } else {
        Need::Empty
    }
}

/// Whether the value goes into a client as it is made: `createClient(URL || "", KEY || "")` fails without it today.
pub(super) fn builds_client(survey: &Survey<'_>, read: &EnvRead) -> bool {
    let Some((tree, scopes)) = survey.project.get(read.span.file).syntax() else { return false };
    let Some(node) = tree.node_at(read.whole.range()) else { return false };
    let makes = |mut node: Node<'_>| {
        let around =
            ["binary_expression", "non_null_expression", "as_expression", "parenthesized_expression"];
        while let Some(parent) = node.parent().filter(|parent| around.contains(&parent.kind())) {
            node = parent;
        }
        let call = node.parent().filter(|list| list.kind() == "arguments").and_then(|list| list.parent());
        call.is_some_and(|call| match call.kind() {
            "new_expression" => true,
            "call_expression" => call.child_by_field_name("function").is_some_and(|callee| {
                let name = tree.text(callee);
                name == "neon" || name == "postgres" || name.starts_with("create") && name.ends_with("Client")
            }),
            _ => false,
        })
    };
    let declared = node.parent().filter(|parent| parent.kind() == "variable_declarator");
    let binding = declared
        .and_then(|declared| declared.child_by_field_name("name"))
        .and_then(|name| scopes.binding_at(name.byte_range()));
    makes(node)
        || binding.is_some_and(|binding| {
            let mut uses = scopes.references_of(binding);
            uses.any(|reference| tree.node_at(reference.range.clone()).is_some_and(makes))
        })
}

/// The literal behind a read, decoded.
fn literal(survey: &Survey<'_>, read: &EnvRead) -> Option<String> {
    let (tree, _) = survey.project.get(read.whole.file).syntax()?;
    let right = unwrapped(chain(survey, read)?.child_by_field_name("right")?);
    syntax::view::string_value(tree, right).map(|value| value.into_owned())
}

/// A read with what stands behind it.
fn chain<'s>(survey: &'s Survey<'_>, read: &EnvRead) -> Option<Node<'s>> {
    let (tree, _) = survey.project.get(read.whole.file).syntax()?;
    let mut node = tree.node_at(read.whole.range())?;
    while node.kind() != "binary_expression" {
        node = node.named_child(0).filter(|child| child.end_byte() <= read.whole.end as usize)?;
    }
    Some(node)
}

/// All findings.
pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let (movable, mixed) = reads(survey);
    let mut found = Vec::new();
    let mut by_module: BTreeMap<String, Vec<&Read<'_>>> = BTreeMap::new();
    for read in &movable {
        by_module.entry(read.contract.path.to_string()).or_default().push(read);
    }
    for (module, reads) in by_module {
        found.extend(unchecked(&module, &reads));
    }
    for name in survey.env.iter().filter(|name| !given(&name.name)) {
        found.extend(silent(survey, name));
        found.extend(undefined(survey, name));
        found.extend(unused(survey, name));
        found.extend(baked(survey, name));
    }
    found.extend(mixed_module(survey, &mixed));
    found.extend(super::example::find(survey));
    found
}

fn unchecked(module: &str, reads: &[&Read<'_>]) -> Option<Finding> {
    let first = reads.iter().map(|read| read.read.span).min()?;
    let names = distinct(reads.iter().map(|read| read.name.name.as_str()));
    let taken = reads.iter().any(|read| read.contract.taken);
    let many =
        |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let todo = if taken {
        format!(
            "`{module}` is taken by a file of the app. Check the variables there, or rename it and run again."
        )
    } else {
        format!("Read them through `{module}`, which checks all of them at first use.")
    };
    Some(Finding {
        rule: super::UNCHECKED.id,
        severity: Severity::Warning,
        confidence: Confidence::Certain,
        span: first,
        message: format!(
            "{} read in {} without a check.",
            many(names.len(), "variable is").replace("variable iss", "variables are"),
            many(reads.len(), "place")
        ),
        // What has a value of its own beside it is never `undefined`.
        why: if reads.iter().all(|read| !matches!(read.read.fallback, Fallback::None | Fallback::NonNull)) {
            "What stands in for a missing variable is spread over the code: a deployment without it goes on, and nobody sees with what."
        } else {
            super::UNCHECKED.why
        }
        .into(),
        todo,
        related: reads
            .iter()
            .map(|read| read.read.span)
            .filter(|span| *span != first)
            .take(20)
            .map(|span| Related { span, message: "read here".into() })
            .collect(),
        subject: module.to_owned(),
    })
}

fn silent(survey: &Survey<'_>, name: &EnvName) -> Option<Finding> {
    let hides = |read: &&EnvRead| {
        is_plain(survey, read)
            && !is_behind(survey, read)
            && matches!(
                read.fallback,
                Fallback::Empty
                    | Fallback::Placeholder
                    | Fallback::Localhost
                    | Fallback::Literal { secret: false }
            )
    };
    let reads: Vec<&EnvRead> = name
        .reads
        .iter()
        .filter(hides)
        .filter(|read| read.side != Side::Config && !survey.stack.is_script(read.span.file))
        .filter(|read| read.side != Side::None || server::side(survey, read.span.file) != Side::None)
        .collect();
    let first = reads.first()?;
    let behind = match first.fallback {
        Fallback::Empty => "an empty text",
        Fallback::Placeholder => "a placeholder",
        Fallback::Localhost => "a local address",
        _ => "a fixed value",
    };
    Some(Finding {
        rule: super::SILENT.id,
        severity: if matches!(first.fallback, Fallback::Literal { .. }) {
            Severity::Note
        } else {
            Severity::Warning
        },
        confidence: Confidence::Certain,
        span: first.whole,
        message: format!("Without `{}` the app goes on with {behind}.", name.name),
        why: super::SILENT.why.into(),
        todo: format!(
            "Set `{}` in every environment; a default belongs into the env module, where it can be seen.",
            name.name
        ),
        related: reads[1..]
            .iter()
            .take(20)
            .map(|read| Related { span: read.whole, message: "and here".into() })
            .collect(),
        subject: name.name.clone(),
    })
}

fn undefined(survey: &Survey<'_>, name: &EnvName) -> Option<Finding> {
    let first = name.reads.iter().find(|read| read.side != Side::None)?;
    let valued = |definition: &audit::env::Definition| definition.within != DefinedIn::Types;
    if name.definitions.iter().any(valued) || !matches!(first.fallback, Fallback::None | Fallback::NonNull) {
        return None;
    }
    let asked = |read: &EnvRead| {
        read.fallback == Fallback::None && is_asked_for(survey, read) && !stops_without(survey, read)
    };
    let close = survey.env.iter().find(|other| {
        other.reads.is_empty() && other.definitions.iter().any(valued) && is_close(&other.name, &name.name)
    });
    let hint = close
        .map(|close| format!(" `{}` is defined and never read: a typing error?", close.name))
        .unwrap_or_default();
    Some(Finding {
        rule: super::UNDEFINED.id,
        severity: Severity::Note,
        confidence: if close.is_some() { Confidence::Likely } else { Confidence::Certain },
        span: first.span,
        message: format!("`{}` is read, and no file of the tree says that it exists.{hint}", name.name),
        why: super::UNDEFINED.why.into(),
        todo: match () {
            () if name.reads.iter().all(|read| matches!(read.side, Side::Edge | Side::None)) => {
                format!("Set `{}` for the edge functions, with the command of their host.", name.name)
            }
            () if name.reads.iter().filter(|read| read.side != Side::None).all(asked) => {
                format!(
                    "The app asks whether it is set: set `{}` at the host where that is wanted.",
                    name.name
                )
            }
            () => format!("Set `{}` at the host, and in `.env.local` for development.", name.name),
        },
        related: Vec::new(),
        subject: name.name.clone(),
    })
}

fn unused(survey: &Survey<'_>, name: &EnvName) -> Option<Finding> {
    let definition = name
        .definitions
        .iter()
        .find(|definition| definition.within == DefinedIn::EnvFile && !definition.example)?;
    // What is about to be read, because a literal of that value leaves the code, is in use.
    let value = &survey.project.get(definition.value.file).text[definition.value.range()];
    let soon = !value.is_empty()
        && survey.secrets.iter().any(|secret| secret.value == value && secret.span != definition.value);
    // An env module reads all its variables at once: it names them in its schema.
    let named =
        |file: &project::File| matches!(file.kind, project::Kind::Code(_)) && file.text.contains(&name.name);
    if !name.reads.is_empty() || name.implicit.is_some() || soon || survey.project.files.iter().any(named) {
        return None;
    }
    Some(Finding {
        rule: super::UNUSED.id,
        severity: Severity::Note,
        confidence: Confidence::Likely,
        span: definition.span,
        message: format!("`{}` is defined and never read.", name.name),
        why: super::UNUSED.why.into(),
        todo: "Remove it, here and at the host, unless a tool outside this tree reads it.".into(),
        related: Vec::new(),
        subject: name.name.clone(),
    })
}

/// A public name that no code of the browser reads, for what differs from one environment to the next. An address of a backend
/// is the same for both sides, and is read by clients on both.
fn baked(survey: &Survey<'_>, name: &EnvName) -> Option<Finding> {
    let own = audit::env::without_public_prefix(&name.name);
    // Whole words: `SUPABASE_URL` is an address of a backend.
    let is_word =
        |end: &&str| own.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    let address = ["SITE_URL", "APP_URL", "BASE_URL", "ORIGIN", "DOMAIN", "HOST"].iter().any(is_word);
    let server = |read: &EnvRead| matches!(read.side, Side::Server | Side::None | Side::Config);
    let first = name.reads.iter().find(|read| read.side == Side::Server)?;
    if !name.public || !address || !name.reads.iter().all(server) || survey.env_name(own).is_some() {
        return None;
    }
    Some(Finding {
        rule: super::BAKED.id,
        severity: Severity::Note,
        confidence: Confidence::Certain,
        span: first.span,
        message: format!("`{}` is built in, though only the server reads it.", name.name),
        why: super::BAKED.why.into(),
        todo: format!(
            "Call it `{own}`, in code, env files and at the host: then it is read when the app runs."
        ),
        related: Vec::new(),
        subject: name.name.clone(),
    })
}

fn mixed_module(survey: &Survey<'_>, mixed: &[(&EnvName, &EnvRead)]) -> Vec<Finding> {
    let mut by_file: BTreeMap<edit::FileId, Vec<(&EnvName, Span)>> = BTreeMap::new();
    for (name, read) in mixed.iter().filter(|(_, read)| read.side == Side::Browser) {
        by_file.entry(read.span.file).or_default().push((name, read.span));
    }
    let finding = |reads: Vec<(&EnvName, Span)>| {
        let names = distinct(reads.iter().map(|(name, _)| name.name.as_str()));
        let first = reads.first()?.1;
        Some(Finding {
            rule: super::MIXED.id,
            severity: Severity::Warning,
            confidence: Confidence::Certain,
            span: first,
            message: format!(
                "{} read in a file of the browser bundle, where it is always undefined.",
                listed(&names)
            ),
            why: super::MIXED.why.into(),
            todo: format!(
                "Move what needs it to a server file, then run again. `{}` is loaded by the browser.",
                survey.project.get(first.file).path
            ),
            related: Vec::new(),
            subject: names.join(","),
        })
    };
    by_file.into_values().filter_map(finding).collect()
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} {}", quoted.join(", "), if names.len() == 1 { "is" } else { "are" })
}

fn distinct<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.collect::<std::collections::BTreeSet<_>>().into_iter().map(str::to_owned).collect()
}

/// Whether two names differ by a slip: one letter more, less or other, or the words in another order.
fn is_close(one: &str, other: &str) -> bool {
    let sorted = |name: &str| {
        let mut words: Vec<String> =
            audit::env::without_public_prefix(name).split('_').map(str::to_owned).collect();
        words.sort();
        words
    };
    if sorted(one) == sorted(other) {
        return true;
    }
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let head = short.bytes().zip(long.bytes()).take_while(|(a, b)| a == b).count();
    let tail = short.bytes().rev().zip(long.bytes().rev()).take_while(|(a, b)| a == b).count();
    long.len() - short.len() <= 1 && head + tail + 1 >= short.len().max(2)
}
