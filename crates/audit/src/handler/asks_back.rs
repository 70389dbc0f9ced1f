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
        CALLS.iter().any(|call| text.contains(call))
            || text.split("fetch(").skip(1).any(|call| reads_payment(call) || verifies_payment(call))
    })
}

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

/// Whether a call of `fetch`, in lower case, asks for one payment to be verified: `/api/verify-payment`.
fn verifies_payment(call: &str) -> bool {
    let mut quoted = call.trim_start().chars();
    let quote = quoted.next().filter(|quote| matches!(quote, '`' | '"' | '\''));
    let Some(address) = quote.and_then(|quote| quoted.as_str().split(quote).next()) else { return false };
    let path = address.split('?').next().unwrap_or_default();
    let options = call.split_once(");").map_or(call, |(options, _)| options);
    is_keyed(options)
        && !address.contains("supabase")
        && path.contains("verif")
        && MONEY.iter().any(|word| path.contains(word))
}

/// Whether a call shows a key of its own.
fn is_keyed(options: &str) -> bool {
    ["authorization", "access_token", "api-key", "apikey"].iter().any(|mark| options.contains(mark))
}

/// Whether a call of `fetch`, in lower case, reads one payment by its number.
fn reads_payment(call: &str) -> bool {
    let Some(address) = call.trim_start().strip_prefix('`').and_then(|rest| rest.split('`').next()) else {
        return false;
    };
    let options = call.split_once(");").map_or(call, |(options, _)| options);
    let named = address.rsplit_once("/${").or_else(|| address.rsplit_once("=${"));
    let asks = !["\"post\"", "'post'", "\"put\"", "'put'", "\"patch\"", "'patch'", "\"delete\"", "'delete'"]
        .iter()
        .any(|method| options.contains(method));
    asks && is_keyed(options)
        && !address.contains("supabase")
        && named.is_some_and(|(path, _)| MONEY.iter().any(|word| path.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::verifies_payment;

    #[test]
    fn a_payment_is_verified_with_a_key_of_the_app() {
        let call = |address: &str| {
            format!("`{address}`, {{ method: \"post\", headers: {{ \"x-api-key\": key }} }});")
        };
        assert!(verifies_payment(&call("${base}/api/verify-payment")));
        assert!(verifies_payment(&call("https://pay.test/transaction/verify/${reference}")));
        assert!(!verifies_payment(&call("${base}/api/verify-email")));
        assert!(!verifies_payment("`${base}/api/verify-payment`, { method: \"post\" });"));
    }
}
