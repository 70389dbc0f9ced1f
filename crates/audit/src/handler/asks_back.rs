//! Handlers of events that ask the service itself what happened.

use super::reach::functions;
use edit::Span;
use project::Project;

/// Whether a handler asks a payment service for what an event names, with a key of its own.
pub(super) fn asks_back(project: &Project, function: Span) -> bool {
    const CALLS: &[&str] = &[
        ".payments.get(",
        "payment.get(",
        "preapproval.get(",
        "payments.fetch(",
        "sessions.retrieve(",
        "paymentintents.retrieve(",
        "subscriptions.retrieve(",
        "transaction.verify(",
    ];
    functions(project, function, 2).iter().any(|span| {
        let text = project.get(span.file).text.get(span.range()).unwrap_or_default().to_ascii_lowercase();
        CALLS.iter().any(|call| text.contains(call)) || text.split("fetch(").skip(1).any(reads_payment)
    })
}

/// Whether a call of `fetch`, in lower case, reads one payment by its number.
fn reads_payment(call: &str) -> bool {
    const MONEY: &[&str] = &[
        "payment",
        "preapproval",
        "charge",
        "transaction",
        "subscription",
        "invoice",
        "checkout",
        "order",
        "collection",
    ];
    let Some(address) = call.trim_start().strip_prefix('`').and_then(|rest| rest.split('`').next()) else {
        return false;
    };
    let options = call.split_once(");").map_or(call, |(options, _)| options);
    let named = address.rsplit_once("/${").or_else(|| address.rsplit_once("=${"));
    let asks = !["\"post\"", "'post'", "\"put\"", "'put'", "\"patch\"", "'patch'", "\"delete\"", "'delete'"]
        .iter()
        .any(|method| options.contains(method));
    let keyed =
        ["authorization", "access_token", "api-key", "apikey"].iter().any(|mark| options.contains(mark));
    asks && keyed
        && !address.contains("supabase")
        && named.is_some_and(|(path, _)| MONEY.iter().any(|word| path.contains(word)))
}
