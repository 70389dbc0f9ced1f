//! Small codemods and small trees for the tests of the plan.
#![expect(dead_code, reason = "each test file uses a part of it")]

use audit::{Confidence, Finding, Severity, Survey};
use edit::{Edit, RelPath, Span};
use plan::{About, Change, Codemod, Plan, Request, Safety};
use project::Project;
use stack::Stack;
use std::path::Path;

type Find<'a> = Box<dyn Fn(&Survey<'_>) -> Vec<Finding> + Sync + 'a>;
type Fix<'a> = Box<dyn Fn(&Survey<'_>, &[Finding]) -> Vec<Change> + Sync + 'a>;

/// A codemod made of two closures.
pub(crate) struct Tiny<'a> {
    pub(crate) id: &'static str,
    pub(crate) find: Find<'a>,
    pub(crate) fix: Fix<'a>,
}

impl Codemod for Tiny<'_> {
    fn about(&self) -> About {
        About { id: self.id, title: "", rules: &[], readme: "", frameworks: &[] }
    }
    fn find(&self, survey: &Survey<'_>) -> Vec<Finding> {
        (self.find)(survey)
    }
    fn fix(&self, survey: &Survey<'_>, findings: &[Finding]) -> Vec<Change> {
        (self.fix)(survey, findings)
    }
}

/// A codemod that finds nothing and proposes what `fix` says.
pub(crate) fn proposing<'a>(
    id: &'static str,
    fix: impl Fn(&Survey<'_>) -> Vec<Change> + Sync + 'a,
) -> Tiny<'a> {
    Tiny { id, find: Box::new(|_| Vec::new()), fix: Box::new(move |survey, _| fix(survey)) }
}

pub(crate) fn path(path: &str) -> RelPath {
    RelPath::new(path).unwrap()
}

pub(crate) fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(at, text)| (path(at), (*text).to_owned()));
    Project::from_texts(Path::new("/app"), files.collect())
}

/// The span of the first `needle` in the file at `at`.
pub(crate) fn span(survey: &Survey<'_>, at: &str, needle: &str) -> Span {
    let file = survey.project.file(at).unwrap();
    let start = file.text.find(needle).unwrap_or_else(|| panic!("{at} does not hold {needle}"));
    file.span(start..start + needle.len())
}

pub(crate) fn change(codemod: &'static str, title: &str) -> Change {
    Change::new(codemod, title, Safety::Safe)
}

/// A change that replaces the first `old` in the file at `at`.
pub(crate) fn replacing(
    survey: &Survey<'_>,
    codemod: &'static str,
    at: &str,
    old: &str,
    new: &str,
) -> Change {
    let edit = Edit::replace(span(survey, at, old), new);
    Change { edits: vec![edit], ..change(codemod, &format!("replace {old}")) }
}

/// A change that only asks.
pub(crate) fn asking(codemod: &'static str, title: &str, requests: Vec<Request>) -> Change {
    Change { requests, ..change(codemod, title) }
}

pub(crate) fn finding(survey: &Survey<'_>, rule: &'static str, at: &str, needle: &str) -> Finding {
    Finding {
        rule,
        severity: Severity::Warning,
        confidence: Confidence::Certain,
        span: span(survey, at, needle),
        message: format!("{needle} is there."),
        why: String::new(),
        todo: String::new(),
        related: Vec::new(),
        subject: needle.to_owned(),
    }
}

/// Runs `then` over a survey of these files.
pub(crate) fn with_survey<T>(files: &[(&str, &str)], then: impl FnOnce(&Survey<'_>) -> T) -> T {
    let project = project(files);
    let stack = Stack::detect(&project);
    then(&Survey::of(&project, &stack))
}

/// Every file that the plan changes, with its text afterwards; `-` for one that goes.
pub(crate) fn texts(survey: &Survey<'_>, plan: &Plan) -> Vec<(String, String)> {
    let text = |(path, outcome): (&RelPath, &plan::Outcome)| {
        let text = match outcome {
            plan::Outcome::Deleted { .. } => "-".to_owned(),
            _ => plan::text_after(survey, outcome),
        };
        (path.to_string(), text)
    };
    plan.files.iter().map(text).collect()
}

/// Plans `requests` over `files` and compares the text of the file at `at` afterwards; nothing may be held.
#[track_caller]
pub(crate) fn check_requests(
    files: &[(&str, &str)],
    requests: impl Fn(&Survey<'_>) -> Vec<Request> + Sync,
    at: &str,
    after: &str,
) {
    with_survey(files, |survey| {
        let asks = proposing("asks", |survey| vec![asking("asks", "ask", requests(survey))]);
        let plan = plan::plan(survey, &[&asks]);
        assert!(plan.held.is_empty(), "{:?}", plan.held);
        let planned = plan.files.get(&path(at)).map(|outcome| plan::text_after(survey, outcome));
        let planned = planned.unwrap_or_else(|| survey.project.file(at).unwrap().text.to_string());
        assert_eq!(planned, after);
        // What is granted once is there, and is not granted again.
        let texts =
            plan.files.iter().map(|(path, outcome)| (path.clone(), Some(plan::text_after(survey, outcome))));
        let project = survey.project.planned(texts.collect(), &[]);
        let stack = Stack::detect(&project);
        let again = Survey::of(&project, &stack);
        let again = plan::plan(&again, &[&asks]);
        assert!(again.held.is_empty(), "the second time: {:?}", again.held);
        assert!(again.files.is_empty(), "planned a second time: {:?}", again.files);
    });
}

/// Why the change that asks for `requests` is held.
#[track_caller]
pub(crate) fn check_refused(
    files: &[(&str, &str)],
    requests: impl Fn(&Survey<'_>) -> Vec<Request> + Sync,
    why: &str,
) {
    with_survey(files, |survey| {
        let asks = proposing("asks", |survey| vec![asking("asks", "ask", requests(survey))]);
        let plan = plan::plan(survey, &[&asks]);
        assert!(plan.files.is_empty());
        assert_eq!(plan.held.iter().map(|held| held.why.as_str()).collect::<Vec<_>>(), [why]);
    });
}
