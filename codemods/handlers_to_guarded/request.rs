//! What a handler believes of the request, and where its directive stands.

use super::find::told;
use super::finding;
use audit::handler::{Auth, Handler, Kind, What};
use audit::{Confidence, Finding, Related, Rule, Severity, Survey};
use edit::Span;
use std::collections::BTreeMap;

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for handler in &survey.handlers {
        for what in [What::Identity, What::Price, What::Role, What::Columns] {
            findings.extend(taken(survey, handler, what));
        }
    }
    findings.extend(known(survey));
    findings.extend(unvalidated(survey));
    findings.extend(misplaced(survey));
    findings
}

fn taken(survey: &Survey<'_>, handler: &Handler, what: What) -> Option<Finding> {
    if super::development::only(survey, handler) {
        return None;
    }
    let of_kind: Vec<_> = handler.taken.iter().filter(|taken| taken.what == what).collect();
    let first = of_kind.first()?;
    let text = survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default();
    let policies = text.contains(".from(") && !handler.admin;
    let (rule, severity, todo): (&Rule, Severity, &str) = match what {
        What::Identity => {
            // Who may do it for others was asked; and what is open to all is told as that.
            if handler.role || !matches!(handler.auth, Auth::Enforced | Auth::Optional) {
                return None;
            }
            let severity = if policies { Severity::Warning } else { Severity::Hole };
            (&super::IDENTITY, severity, "Take the id from the session, and drop it from the request.")
        }
        What::Price => {
            // The `total_amount` of a row is written down; the `amount` of an order is asked for.
            let charged = ["unit_amount", "paymentIntents", "checkout.sessions", "orders.create"]
                .iter()
                .any(|mark| text.contains(mark))
                || text.match_indices("amount:").any(|(at, _)| {
                    !text[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_')
                });
            // An amount alone may be the payer's to choose: a gift, a deposit.
            let fixed = of_kind.iter().any(|taken| !matches!(taken.name.as_str(), "amount" | "cents"));
            let severity = if charged && fixed { Severity::Hole } else { Severity::Warning };
            (
                &super::PRICE,
                severity,
                "Read the price from its row on the server, for the ids that were sent.",
            )
        }
        What::Role => {
            if handler.role || handler.auth == Auth::Secret {
                return None;
            }
            (
                &super::ROLE,
                Severity::Hole,
                "Fix the role on the server; who may give others a role is asked for that role first.",
            )
        }
        What::Columns => (
            &super::COLUMNS,
            Severity::Hole,
            "Keep a list of the columns that may be set, and take no other name from the request.",
        ),
    };
    let goes_on = match what {
        What::Columns => format!("{} makes columns of the names in `{}`.", told(handler), first.name),
        _ => format!("{} goes on with `{}` as it was sent.", told(handler), first.name),
    };
    let mut found = finding(rule, first.span, goes_on, todo, &format!("{} {}", handler.name, first.name));
    found.severity = severity;
    found.confidence = Confidence::Likely;
    found.related = of_kind[1..]
        .iter()
        .map(|taken| Related { span: taken.span, message: format!("and `{}`", taken.name) })
        .collect();
    Some(found)
}

/// One finding for each text that opens handlers.
fn known(survey: &Survey<'_>) -> Vec<Finding> {
    let mut by_place: BTreeMap<Span, Vec<&Handler>> = BTreeMap::new();
    for handler in &survey.handlers {
        if let Some(place) = handler.known_pass {
            by_place.entry(place).or_default().push(handler);
        }
    }
    let told_of = |(place, handlers): (Span, Vec<&Handler>)| {
        let first = handlers.first()?;
        let who = match handlers.len() {
            1 => format!("{} lets", told(first)),
            more => format!("{} and {} more let", told(first), more - 1),
        };
        let mut found = finding(
            &super::KNOWN,
            place,
            format!("{who} in whoever sends a text that stands in the source."),
            "Take the branch out, and sign in for tests as everybody does.",
            &first.name,
        );
        found.confidence = Confidence::Certain;
        let rests = |handler: &&Handler| Related {
            span: handler.span,
            message: format!("{} rests on it", told(handler)),
        };
        found.related = handlers.iter().take(20).map(rests).collect();
        Some(found)
    };
    by_place.into_iter().filter_map(told_of).collect()
}

fn unvalidated(survey: &Survey<'_>) -> Option<Finding> {
    let takes_input = |handler: &&Handler| {
        handler.writes
            && !handler.validated
            && handler.method != "GET"
            && handler.method != "DELETE"
            && handler.auth != Auth::Secret
            && !crate::server::hands_on(survey, handler)
            // These are told of by themselves.
            && super::typed::of(survey, handler).is_none()
    };
    let handlers: Vec<&Handler> = survey.handlers.iter().filter(takes_input).collect();
    let first = handlers.first()?;
    let message = if handlers.len() == 1 {
        format!("{} writes what it is sent without a schema.", told(first))
    } else {
        format!(
            "{} handlers write what they are sent without a schema, {} among them.",
            handlers.len(),
            told(first)
        )
    };
    let mut found = finding(
        &super::UNVALIDATED,
        first.span,
        message,
        "Parse the input with a schema that names every field, and refuse the rest with 400.",
        "input",
    );
    found.confidence = Confidence::Likely;
    found.related = handlers[1..]
        .iter()
        .take(40)
        .map(|handler| Related { span: handler.span, message: told(handler) })
        .collect();
    Some(found)
}

fn misplaced(survey: &Survey<'_>) -> Vec<Finding> {
    let says =
        |file: &&project::File| file.module.directives.iter().any(|directive| directive == "use server");
    let mut findings = Vec::new();
    for file in survey.project.files.iter().filter(says) {
        let stem = file.path.name().split('.').next().unwrap_or_default();
        let special = matches!(stem, "page" | "layout" | "route" | "template" | "middleware" | "proxy")
            && (file.path.as_str().contains("app/") || stem == "middleware" || stem == "proxy");
        let actions: Vec<_> = survey
            .handlers
            .iter()
            .filter(|handler| handler.kind == Kind::ServerAction && handler.span.file == file.id)
            .collect();
        let plain = file.module.exports.iter().find(|export| {
            let text = file.text.get(export.range.clone()).unwrap_or_default();
            let known = export.local.as_deref().is_none_or(|local| {
                actions.iter().all(|action| action.name != local && action.name != export.name)
            });
            !export.type_only
                && export.from.is_none()
                && known
                && !text.contains("async")
                && !text.contains("type ")
                && !text.contains("interface ")
        });
        let message = match (special, plain) {
            (true, _) => format!("`{}` says \"use server\", and is no module of actions.", file.path),
            (false, Some(export)) => format!(
                "`{}` says \"use server\" and exports `{}`, which is no async function.",
                file.path, export.name
            ),
            _ => continue,
        };
        let mut found = finding(
            &super::MISPLACED,
            file.span(0..0),
            message,
            "Remove the directive here, and keep actions in a module of their own.",
            "use-server",
        );
        found.confidence = Confidence::Likely;
        findings.push(found);
    }
    findings
}
