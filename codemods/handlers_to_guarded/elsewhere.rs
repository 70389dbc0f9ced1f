//! What a caller proves elsewhere: to whom a handler hands their token on, by the password that they sign in with, or to the
//! policies of the database.

use super::reads::called;
use audit::Survey;
use audit::handler::Handler;
use schema::Name;
use schema::grade::{Fault, Grade};

/// Whether all that a handler does is to send the token of its caller on, by the context that a middleware gave: whoever gets it
/// judges it.
pub(super) fn only_sends_token_on(survey: &Survey<'_>, handler: &Handler) -> bool {
    let flat: String = text(survey, handler).split_whitespace().collect::<String>().to_lowercase();
    let sends = ["authorization:`bearer${context.", "authorization:`bearer${ctx.", "authorization:context."];
    let asks = [".from(", ".rpc(", "sql`", "prisma.", "db."];
    !handler.admin
        && !handler.pays
        && sends.iter().any(|mark| flat.contains(mark))
        && !asks.iter().any(|mark| flat.contains(mark))
}

/// Whether a handler signs its caller in with the password that was sent: it is the way in, and nobody has a session before it.
pub(super) fn takes_password(survey: &Survey<'_>, handler: &Handler) -> bool {
    let text = text(survey, handler);
    text.contains(".auth.signInWithPassword(") && text.contains("password")
}

/// What knows nothing of the visitor's rights.
const OTHERS: [&str; 4] = ["sql`", ".query(", "prisma.", "stripe."];

/// Whether a handler asks the database with the visitor's own rights, itself or through a helper, and nothing else; or nothing
/// else before it.
pub(super) fn by_policies(survey: &Survey<'_>, handler: &Handler) -> bool {
    let own = text(survey, handler);
    let others = |text: &str| OTHERS.iter().any(|mark| text.contains(mark));
    if handler.admin || survey.clients.iter().all(|client| client.backend != "supabase") {
        return false;
    }
    if own.contains(".from(") || own.contains(".rpc(") {
        return !others(own) || policies_first(survey, handler);
    }
    // A table by its name: builders of other databases are given an object.
    let asks = |text: &str| {
        [".from(\"", ".from('", ".rpc(", ".storage"].iter().any(|mark| text.contains(mark))
            && ["supabase", "db.storage"].iter().any(|mark| text.contains(mark))
    };
    let helpers = called(survey, handler.span).into_iter();
    let helpers: Vec<&str> = helpers
        .map(|span| survey.project.get(span.file).text.get(span.range()).unwrap_or_default())
        .collect();
    helpers.iter().any(|text| asks(text)) && !others(own) && !helpers.iter().any(|text| others(text))
}

/// Whether a handler first looks, with the visitor's own rights, for a row that the policies keep to some, and stops where there
/// is none.
pub(super) fn policies_first(survey: &Survey<'_>, handler: &Handler) -> bool {
    let text = text(survey, handler);
    let other = OTHERS.iter().filter_map(|mark| text.find(mark)).min();
    let Some((before, rest)) = text.split_once(".from(").filter(|_| !handler.admin) else { return false };
    let between = other.map_or(Some(rest), |other| rest.get(..other.checked_sub(before.len() + 6)?));
    let Some(between) = between else { return false };
    let stops =
        between.contains("return ") && ["401", "403", "404"].iter().any(|code| between.contains(code));
    let name = rest.split(['"', '\'', '`']).nth(1).unwrap_or_default();
    let name = Name { schema: "public".to_owned(), name: name.to_owned() };
    let kept = |table: &schema::Table| {
        let open = |policy: &schema::Policy| {
            let verdicts = survey.schema.verdicts(&name, policy);
            verdicts.iter().any(|it| it.fault == Some(Fault::OpenRead) && it.grade == Grade::Hole)
        };
        table.row_security && !table.policies.iter().any(open)
    };
    stops && survey.schema.tables.get(&name).is_some_and(kept)
}

fn text<'s>(survey: &'s Survey<'_>, handler: &Handler) -> &'s str {
    survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default()
}
