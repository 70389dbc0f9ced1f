//! Which uses of the client have a counterpart on the server.

use super::client::PACKAGE;
use super::decide::Blocker;
use super::native;
use super::places::Places;
use super::uses::{self, Use, What};
use crate::queries_to_server::through;
use crate::server::Verdict;
use audit::Survey;
use stack::Side;
use syntax::view::{pairs, string_value, unwrapped, value_of};
use syntax::{Node, Tree};

/// Auth methods that have a counterpart on the server.
pub(super) const METHODS: &[&str] = &[
    "getSession",
    "getUser",
    "getClaims",
    "onAuthStateChange",
    "signInWithPassword",
    "signUp",
    "signInAnonymously",
    "signInWithIdToken",
    "signInWithOAuth",
    "signInWithSSO",
    "signInWithOtp",
    "verifyOtp",
    "resend",
    "signOut",
    "resetPasswordForEmail",
    "updateUser",
    "refreshSession",
    "exchangeCodeForSession",
    "setSession",
    "startAutoRefresh",
    "stopAutoRefresh",
    "getUserIdentities",
    "linkIdentity",
    "unlinkIdentity",
    "mfa",
    "oauth",
    // Refused to every visitor, on the server as before.
    "admin",
];
/// Methods of `auth` in the first version of the client, which the second has not: a call fails today, and fails afterwards.
const OF_FIRST_VERSION: &[&str] = &[
    "session",
    "user",
    "signIn",
    "update",
    "getSessionFromUrl",
    "setAuth",
    "api",
    "currentUser",
    "currentSession",
];
/// What is served of second factors.
pub(super) const FACTORS: &[&str] = &[
    "mfa.enroll",
    "mfa.challenge",
    "mfa.verify",
    "mfa.challengeAndVerify",
    "mfa.unenroll",
    "mfa.listFactors",
    "mfa.getAuthenticatorAssuranceLevel",
];
/// All that is asked about the rights of other programs, which act for a visitor with tokens of their own.
pub(super) const GRANTS: &[&str] = &[
    "oauth.getAuthorizationDetails",
    "oauth.approveAuthorization",
    "oauth.denyAuthorization",
    "oauth.listGrants",
    "oauth.revokeGrant",
];
/// Methods of stored files that have one.
pub(super) const STORAGE: &[&str] = &[
    "upload",
    "update",
    "createSignedUploadUrl",
    "uploadToSignedUrl",
    "getPublicUrl",
    "createSignedUrl",
    "createSignedUrls",
    "download",
    "list",
    "remove",
    "move",
    "copy",
];

/// Those of them for which a page builds an address of the storage.
pub(super) const BUILT: &[&str] = &["getPublicUrl", "uploadToSignedUrl"];
/// What is asked of the storage itself.
pub(super) const BUCKETS: &[&str] = &["listBuckets", "getBucket", "createBucket"];

/// What is served of channels.
pub(super) const CHANNELS: &[&str] = &["channel", "removeChannel", "removeAllChannels", "getChannels"];
/// What is served of the connection that they share.
pub(super) const CONNECTION: &[&str] =
    &["realtime", "realtime.setAuth", "realtime.connect", "realtime.disconnect", "realtime.isConnected"];

/// Uses that have no counterpart.
pub(super) fn unserved(
    survey: &Survey<'_>,
    uses: &[Use],
    places: &Places,
    verdict: &Verdict,
) -> Vec<Blocker> {
    let within = places.server.is_within();
    let package = survey.project.packages.get(places.app.package);
    let client = package.and_then(|package| package.version(PACKAGE));
    let fails = |what: &What| {
        let What::Auth(method) = what else { return false };
        let method = method.split('.').next().unwrap_or(method);
        OF_FIRST_VERSION.contains(&method)
            && client.as_deref().is_none_or(|version| !version.starts_with("1."))
    };
    let mut found = Vec::new();
    for one in uses.iter().filter(|one| !fails(&one.what)) {
        let side = survey.stack.side(one.span.file);
        let moves = verdict.moved.iter().any(|span| span.covers(one.span) || one.span.covers(*span));
        let native = if within && !moves { native::unserved(survey, one) } else { None };
        let why = match &one.what {
            _ if native.is_some() => native,
            // The app's own server has the session of the request.
            _ if side == Side::Edge || side == Side::Server && !within => {
                Some("uses the page's client on a server. Make a client of its own there.".to_owned())
            }
            What::Auth(method)
                if METHODS.contains(&method.as_str()) && method != "mfa"
                    || FACTORS.contains(&method.as_str())
                    || GRANTS.contains(&method.as_str()) =>
            {
                odd_call(survey, one, method)
            }
            What::Auth(method) if method.starts_with("admin.") => Some(format!(
                "calls `auth.{method}` from the browser. Write a server function that checks the caller's right first."
            )),
            What::Auth(method) => {
                Some(format!("calls `auth.{method}`, which has no counterpart on the server yet."))
            }
            What::Functions if through::every_edge_function(survey).is_empty() => {
                Some("hands on all edge functions. Write one call for each.".to_owned())
            }
            What::Value => Some(
                "uses the Supabase client as a value. Pass the function that is needed instead.".to_owned(),
            ),
            what => of_part(survey, what),
        };
        let admin = matches!(&one.what, What::Auth(method) if method.starts_with("admin."));
        found.extend(why.map(|why| Blocker { span: one.span, why, admin }));
    }
    found
}

/// Why a use of stored files, channels or edge functions has no counterpart, as the end of a sentence.
pub(super) fn of_part(survey: &Survey<'_>, what: &What) -> Option<String> {
    match what {
        What::Storage(_, method) if !STORAGE.iter().chain(BUCKETS).any(|known| known == method) => {
            Some(format!("calls `{method}` of the storage, which has no counterpart on the server yet."))
        }
        What::Realtime(name) if !CHANNELS.iter().chain(CONNECTION).any(|known| known == name) => {
            Some(format!("calls `{name}` by hand. Channels get their token by themselves: remove the call."))
        }
        What::Invoke(names) if names.is_empty() && through::every_edge_function(survey).is_empty() => {
            Some("computes the name of the edge function. Write one call for each.".to_owned())
        }
        _ => None,
    }
}

/// A call of a known method with arguments that the server does not take.
fn odd_call(survey: &Survey<'_>, one: &Use, method: &str) -> Option<String> {
    let (tree, _) = uses::node(survey, one.span)?;
    let given = uses::arguments_of(survey, one);
    // A page has no other user's token than its visitor's.
    let on_server = survey.stack.side(one.span.file) == Side::Server;
    let asks = matches!(method, "getUser" | "getClaims") && on_server || method == "refreshSession";
    if asks && !given.is_empty() {
        return Some(format!("gives `{method}` a token. The server knows the visitor: call it without."));
    }
    let first = unwrapped(*given.first()?);
    if first.kind() != "object" {
        return None;
    }
    if method == "linkIdentity" && skips_redirect(tree, first) {
        return Some(format!("opens the provider's page by itself. Let `{method}` do it."));
    }
    if method == "linkIdentity" && value_of(tree, first, "token").is_some() {
        return Some("links an identity by a token, which has no counterpart on the server yet. Let the visitor come back from the provider.".to_owned());
    }
    let factor = value_of(tree, first, "factorType").and_then(|factor| string_value(tree, unwrapped(factor)));
    (method == "mfa.enroll" && factor.as_deref() != Some("totp")).then(|| {
        "enrols another factor than an authenticator app (`totp`), which has no counterpart on the server yet. Write a server function for it.".to_owned()
    })
}

/// `{ options: { skipBrowserRedirect: true } }`: the page opens the provider's address itself.
fn skips_redirect(tree: &Tree, asked: Node<'_>) -> bool {
    value_of(tree, asked, "options")
        .and_then(|options| value_of(tree, unwrapped(options), "skipBrowserRedirect"))
        .is_some_and(|skips| tree.text(skips) != "false")
}

/// Whether a sign-in leaves it to the page to open the provider's address.
pub(super) fn leaves_redirect(survey: &Survey<'_>, one: &Use) -> bool {
    let Some((tree, _)) = uses::node(survey, one.span) else { return false };
    uses::arguments_of(survey, one).first().is_some_and(|first| skips_redirect(tree, unwrapped(*first)))
}

/// Whether an auth call names a phone number instead of an address.
pub(super) fn by_phone(survey: &Survey<'_>, one: &Use) -> bool {
    let Some((tree, _)) = uses::node(survey, one.span) else { return false };
    let first = uses::arguments_of(survey, one).first().map(|first| unwrapped(*first));
    first.is_some_and(|first| pairs(tree, first).iter().any(|(key, _, _)| key == "phone"))
}
