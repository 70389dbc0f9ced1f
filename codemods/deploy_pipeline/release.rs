//! The release: which host it goes to, and what the notes say of it.

use audit::Survey;

/// The host files of an app that is deployed by its host's own command.
const RELEASES: &[(&str, &str)] = &[
    ("vercel", include_str!("templates/any/deploy-vercel.yml")),
    ("netlify", include_str!("templates/any/deploy-netlify.yml")),
];

/// The first host with a command of its own that the tree is configured for.
pub(super) fn release(survey: &Survey<'_>) -> Option<(&'static str, &'static str)> {
    let hosts: Vec<&str> = survey.stack.hosts.iter().map(|host| host.id()).collect();
    RELEASES.iter().find(|(host, _)| hosts.contains(host)).copied()
}

/// The name of a host as a title has it.
pub(super) fn capital(host: &str) -> String {
    let mut letters = host.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// The section of the notes on releases.
pub(super) fn told(host: &str, migrate: bool) -> String {
    let (variables, secret, back) = match host {
        "netlify" => (
            "`NETLIFY_SITE_ID`",
            "NETLIFY_AUTH_TOKEN",
            "`netlify api restoreSiteDeploy`, or *Publish deploy* on an earlier one",
        ),
        _ => ("`VERCEL_PROJECT_ID` and `VERCEL_ORG_ID`", "VERCEL_TOKEN", "`vercel rollback`"),
    };
    let mut text = format!(
        "## Release\n\nA pull request gets a preview, a push to `main` goes to production once a reviewer approves it \
         (`.github/workflows/deploy.yml`).\nTo switch it on: turn off the host's own deployments of this repository, then\n\n\
         1. Settings > Environments: make `preview` and `production`, the latter with reviewers and for `main` only.\n\
         2. Set the variables {variables} for the repository, and the secret in both environments: \
         `gh secret set {secret} --env production`, which asks for the value.\n"
    );
    if migrate {
        text += "3. For the migrations that run before a release, in `production`: the variable `SUPABASE_PROJECT_REF`, the secrets \
                 `SUPABASE_ACCESS_TOKEN` and `SUPABASE_DB_PASSWORD`.\n";
    }
    text += &format!("\nTo go back: {back}.");
    if migrate {
        text +=
            " A migration is not taken back by that: write each so that the release before it still runs.";
    }
    text
}
