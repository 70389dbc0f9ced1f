//! Edge functions that whoever has the publishable key may call.

use super::find::{asked_back, reads_people, words};
use super::finding;
use audit::handler::{Auth, Handler};
use audit::{Confidence, Finding, Severity, Survey};

pub(super) fn find(survey: &Survey<'_>, handler: &Handler) -> Option<Finding> {
    let without_token = handler.verify_jwt == Some(false);
    // What reads no rows of people tells what any page of the app may show.
    let matters = handler.writes || handler.pays || handler.admin && reads_people(survey, handler);
    let severity = match (without_token, handler.admin && handler.writes, matters) {
        (true, _, false) if handler.admin => Severity::Warning,
        (_, true, _) | (true, _, true) => Severity::Hole,
        (false, false, true) => Severity::Warning,
        (false, false, false) if handler.admin => Severity::Warning,
        _ => return None,
    };
    let does = if handler.admin {
        "works with the service key, past every policy"
    } else if handler.pays {
        "spends money for each call"
    } else {
        "writes"
    };
    let gate = match () {
        () if asks_for_text(survey, handler) => "lets in whoever sends a text that stands in the source",
        () if without_token => "lets in whoever calls it",
        () => "lets in whoever has the publishable key",
    };
    let mut found = finding(
        &super::EDGE,
        handler.span,
        format!("The edge function `{}` {gate}, and {does}.", handler.name),
        "Check the user of the token, or a signature, and refuse without it.",
        &handler.name,
    );
    let words = words(handler);
    let meant = words.iter().any(|word| MEANT.split(' ').any(|known| known == word))
        // `report-error` takes one; `daily-report` is sent by a clock.
        || words.first().is_some_and(|first| first == "report")
        // It takes the password of whoever signs in.
        || super::elsewhere::takes_password(survey, handler);
    if meant {
        found.todo = "If it is meant for visitors without an account: check every field, limit how often one address may call, and ask for a captcha. Otherwise check the user of the token first.".to_owned();
        found.confidence = Confidence::Possible;
    }
    // What it does for whom it knows may be less than what it does for all.
    found.severity = if (handler.auth == Auth::Optional || meant) && severity == Severity::Hole {
        Severity::Warning
    } else {
        severity
    };
    if handler.auth == Auth::Optional {
        found.confidence = Confidence::Likely;
    }
    let told = ["webhook", "webhooks", "ipn", "callback", "notification", "notifications"];
    if handler.asks_back && words.iter().any(|word| told.contains(&word.as_str())) {
        asked_back(&mut found);
    }
    Some(found)
}

/// Whether a handler refuses whoever does not send a text of its source: `if (pass !== "open sesame")`.
fn asks_for_text(survey: &Survey<'_>, handler: &Handler) -> bool {
    let text = survey.project.get(handler.span.file).text.get(handler.span.range()).unwrap_or_default();
    ["!== \"", "!== '", "!= \"", "!= '"].iter().flat_map(|mark| text.match_indices(mark)).any(|(at, mark)| {
        let name = text[..at].trim_end().rsplit(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let name = name.into_iter().next().unwrap_or_default().to_lowercase();
        let known = text[at + mark.len()..].split(['"', '\'']).next().unwrap_or_default();
        let pass = ["secret", "password", "passcode", "secret_key", "secretkey", "api_key", "apikey"];
        pass.iter().any(|word| name.ends_with(word)) && known.len() >= 6
    })
}

/// What visitors without an account call: forms, reports of errors, the way in.
const MEANT: &str = "contact newsletter subscribe unsubscribe waitlist feedback inquiry enquiry lead leads validate verify verification check \
                     track tracking rsvp telemetry error errors log logs consent sso oauth otp captcha guest \
                     login signin signup";
