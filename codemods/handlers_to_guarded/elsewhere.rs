//! What a caller proves elsewhere: to whom a handler hands their token on, or by the password that they sign in with.

use audit::Survey;
use audit::handler::Handler;

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

fn text<'s>(survey: &'s Survey<'_>, handler: &Handler) -> &'s str {
    survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default()
}
