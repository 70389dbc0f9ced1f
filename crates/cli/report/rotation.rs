//! What must be rotated. Rewriting does not un-leak: a secret that was in the source, or in git, is known to whoever could read it.

use super::inventory::place;
use audit::Survey;
use audit::secret::Secret;
use std::collections::BTreeMap;

/// `git log -S` over a long history takes its time: so many secrets are dated, the rest is listed without.
const DATED: usize = 40;

/// One secret value, wherever it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rotation {
    /// What it is, for people.
    pub(crate) kind: String,
    /// Its mask.
    pub(crate) masked: String,
    /// The name it has in the environment.
    pub(crate) env_name: String,
    /// `path:line`, all of them.
    pub(crate) places: Vec<String>,
    /// The commit that brought it, and its date.
    pub(crate) since: Option<(String, String)>,
    /// Where a new one is made.
    pub(crate) rotate: Option<String>,
}

/// Each secret of the survey once, in the order of its first place. A value that git never saw need not be rotated.
pub(crate) fn list(survey: &Survey<'_>) -> Vec<Rotation> {
    let mut secrets: Vec<&Secret> = survey.secrets.iter().filter(|secret| leaked(survey, secret)).collect();
    secrets.sort_by_key(|secret| secret.span);
    let mut order: Vec<&str> = Vec::new();
    let mut by_value: BTreeMap<&str, Vec<&Secret>> = BTreeMap::new();
    for secret in secrets {
        let places = by_value.entry(&secret.value).or_default();
        if places.is_empty() {
            order.push(&secret.value);
        }
        places.push(secret);
    }
    let mut rotations = Vec::new();
    for value in order {
        let (Some(places), dated) = (by_value.get(value), rotations.len() < DATED) else { continue };
        let Some(first) = places.first() else { continue };
        let path = survey.project.get(first.span.file).path.as_str();
        let since =
            dated.then(|| project::vcs::first_commit_with(&survey.project.root, path, value)).flatten();
        let kind = audit::secret::kind_of(&first.kind);
        rotations.push(Rotation {
            kind: kind.title.clone(),
            masked: first.masked.clone(),
            env_name: first.env_name.clone(),
            places: places.iter().map(|secret| place(survey, secret.span)).collect(),
            since,
            rotate: kind.rotate.clone(),
        });
    }
    rotations
}

fn leaked(survey: &Survey<'_>, secret: &Secret) -> bool {
    // A signing secret that everybody can guess has let everybody in.
    let real = !secret.placeholder || secret.kind == "signing-secret";
    let sure = secret.confidence != audit::Confidence::Possible;
    !secret.public_by_design && real && sure && (secret.tracked || !survey.project.vcs.present)
}

impl Rotation {
    /// Where it was, since when, and where a new one is made; no Markdown.
    pub(crate) fn whereabouts(&self) -> String {
        let places = match self.places.as_slice() {
            [] => String::new(),
            [one] => one.clone(),
            [first, rest @ ..] => format!("{first} and {}", super::count(rest.len(), "more place")),
        };
        let since = self.since.as_ref().map(|(commit, date)| format!(", in git since {commit} of {date}"));
        let rotate = self.rotate.as_ref().map(|place| format!(". New one: {place}"));
        format!("{places}{}{}", since.unwrap_or_default(), rotate.unwrap_or_default())
    }
}
