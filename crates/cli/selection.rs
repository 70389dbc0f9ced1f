//! The codemods as this run wants them: only the rules that were asked for, without what was accepted, suppressed or refused.
//! Plan and recheck get the same wrapped codemods, so what is left out is neither reported nor changed, and not missed either.

use crate::settings::Settings;
use crate::suppress;
use audit::{Finding, Survey};
use edit::FileId;
use plan::{About, Change, Chosen, Codemod, Complaint, Plan, Safety};
use std::collections::{BTreeMap, BTreeSet};

/// All codemods of a run.
pub(crate) struct Selection<'s> {
    settings: &'s Settings,
    /// Ids of changes that a person refused.
    pub(crate) refused: BTreeSet<String>,
}

impl<'s> Selection<'s> {
    /// What the settings select.
    pub(crate) fn of(settings: &'s Settings) -> Self {
        Self { settings, refused: BTreeSet::new() }
    }

    /// The one pass over `survey`, as far as this run wants it.
    pub(crate) fn plan(&self, survey: &Survey<'_>) -> Plan {
        let wanted = |id: &str, change: &Change| {
            let edited = change.edits.iter().map(|edit| edit.span.file);
            let mut touched =
                edited.chain(change.deletes.iter().copied()).chain(change.untracks.iter().copied());
            let bold = self.settings.safe_only && change.safety != Safety::Safe;
            !bold && !self.refused.contains(id) && !touched.any(|file| ignored(self.settings, survey, file))
        };
        self.with(|codemods| {
            plan::plan_chosen(survey, codemods, &Chosen { finding: &|_| true, change: &wanted })
        })
    }

    /// What is not as promised in the planned tree.
    pub(crate) fn recheck(&self, survey: &Survey<'_>, plan: &Plan) -> Vec<Complaint> {
        self.with(|codemods| plan::recheck(survey, plan, codemods))
    }

    /// Hands the wrapped codemods to `then`.
    fn with<T>(&self, then: impl FnOnce(&[&dyn Codemod]) -> T) -> T {
        let asked = |about: &About| about.rules.iter().any(|rule| self.settings.runs(rule.id));
        let chosen = codemods::ALL.iter().filter(|codemod| asked(&codemod.about()));
        let wrap = |inner: &&'static dyn Codemod| Selected { inner: *inner, settings: self.settings };
        let selected: Vec<Selected<'_>> = chosen.map(wrap).collect();
        let own = OwnRules { settings: self.settings };
        let own = asked(&own.about()).then_some(&own as &dyn Codemod);
        let all: Vec<&dyn Codemod> = selected.iter().map(|one| one as &dyn Codemod).chain(own).collect();
        then(&all)
    }

    /// The fingerprint of each finding of a plan over `survey`, in the plan's order, and the entries of the baseline that no
    /// finding needs any more.
    pub(crate) fn fingerprints(
        &self,
        survey: &Survey<'_>,
        findings: &[&Finding],
    ) -> (Vec<String>, Vec<String>) {
        if self.settings.baseline.accepted.is_empty() {
            return (numbered(survey, findings), Vec::new());
        }
        // Occurrences are counted with the accepted findings among them, so that accepting one does not rename the next.
        let all: Vec<Finding> =
            codemods::ALL.iter().flat_map(|codemod| found(*codemod, self.settings, survey)).collect();
        let own = OwnRules { settings: self.settings }.all(survey);
        let all: Vec<&Finding> = all.iter().chain(&own).collect();
        let prints = numbered(survey, &all);
        let stale =
            self.settings.baseline.accepted.iter().filter(|entry| !prints.contains(&entry.fingerprint));
        let stale = stale.map(|entry| format!("{} in {}", entry.rule, entry.path)).collect();
        let by_place: BTreeMap<_, _> = all.iter().map(|finding| place(finding)).zip(&prints).collect();
        let print = |finding: &&Finding| {
            by_place
                .get(&place(finding))
                .map_or_else(|| finding.fingerprint(survey.project, 0), |print| (*print).clone())
        };
        (findings.iter().map(print).collect(), stale)
    }
}

fn place(finding: &Finding) -> (&str, edit::Span, &str, &str) {
    (finding.rule, finding.span, &finding.subject, &finding.message)
}

/// Fingerprints in the order of the findings; equal ones are counted by their place in the tree.
fn numbered(survey: &Survey<'_>, findings: &[&Finding]) -> Vec<String> {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|at| (findings[*at].span, *at));
    let mut seen: BTreeMap<(&str, FileId, &str), usize> = BTreeMap::new();
    let mut prints = vec![String::new(); findings.len()];
    for at in order {
        let finding = findings[at];
        let occurrence = seen.entry((finding.rule, finding.span.file, &finding.subject)).or_default();
        prints[at] = finding.fingerprint(survey.project, *occurrence);
        *occurrence += 1;
    }
    prints
}

/// What a codemod finds, by the selection, the ignored paths and the suppressions; accepted findings are still among it.
fn found(codemod: &dyn Codemod, settings: &Settings, survey: &Survey<'_>) -> Vec<Finding> {
    let mut findings = asked(codemod.find(survey), settings, survey);
    findings.retain(|finding| !suppress::covers(survey, finding));
    findings
}

fn asked(mut findings: Vec<Finding>, settings: &Settings, survey: &Survey<'_>) -> Vec<Finding> {
    findings.retain(|finding| settings.runs(finding.rule) && !ignored(settings, survey, finding.span.file));
    for finding in &mut findings {
        let codemod = finding.rule.split('/').next().unwrap_or(finding.rule);
        let severity = settings.severity.get(finding.rule).or_else(|| settings.severity.get(codemod));
        finding.severity = severity.copied().unwrap_or(finding.severity);
    }
    findings
}

fn ignored(settings: &Settings, survey: &Survey<'_>, file: FileId) -> bool {
    !settings.ignore.is_empty() && settings.ignore.is_match(survey.project.get(file).path.as_str())
}

fn without_accepted(mut findings: Vec<Finding>, settings: &Settings, survey: &Survey<'_>) -> Vec<Finding> {
    let accepted = settings.baseline.fingerprints();
    if accepted.is_empty() {
        return findings;
    }
    let prints = numbered(survey, &findings.iter().collect::<Vec<_>>());
    let mut prints = prints.iter();
    findings.retain(|_| prints.next().is_none_or(|print| !accepted.contains(print.as_str())));
    findings
}

/// One codemod of the list.
struct Selected<'s> {
    inner: &'static dyn Codemod,
    settings: &'s Settings,
}

impl Codemod for Selected<'_> {
    fn about(&self) -> About {
        self.inner.about()
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        without_accepted(found(self.inner, self.settings, survey), self.settings, survey)
    }

    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        // Whoever was told of nothing changes nothing.
        if findings.is_empty() {
            return Vec::new();
        }
        self.inner.fix(survey, findings)
    }
}

/// The rules of this program itself: suppressions.
struct OwnRules<'s> {
    settings: &'s Settings,
}

impl OwnRules<'_> {
    fn all(&self, survey: &Survey<'_>) -> Vec<Finding> {
        let unsuppressed = || {
            let findings = codemods::ALL.iter().flat_map(|codemod| codemod.find(survey)).collect();
            asked(findings, self.settings, survey)
        };
        let findings = suppress::findings(survey, unsuppressed, |id| looked_at(self.settings, id));
        asked(findings, self.settings, survey)
    }
}

/// A codemod is looked at if one of its rules is. A name that nothing has is, too: its suppression suppresses nothing.
fn looked_at(settings: &Settings, id: &str) -> bool {
    let ids = crate::settings::ids();
    let mut rules = ids.iter().filter(|rule| **rule == id || rule.split('/').next() == Some(id));
    !ids.contains(&id) || rules.any(|rule| settings.runs(rule))
}

impl Codemod for OwnRules<'_> {
    fn about(&self) -> About {
        suppress::about()
    }

    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        without_accepted(self.all(survey), self.settings, survey)
    }

    fn fix(&self, _survey: &Survey<'_>, _findings: &[Finding]) -> Vec<Change> {
        Vec::new()
    }
}
