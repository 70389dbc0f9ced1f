//! Rules of Firebase: always true, open until a date, a role that its owner writes, or not there.

use super::{PRIVILEGED, RULES_FILE, Told};
use audit::{Confidence, Finding, Severity, Survey};
use project::{File, Kind};
use stack::Side;

const TODO: &str = "Ask for the owner: `if request.auth != null && request.auth.uid == resource.data.userId`, apart for create, update and delete.";

pub(super) fn find(survey: &Survey<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let files = || survey.project.files.iter().filter(|file| file.skipped.is_none());
    for file in files().filter(|file| file.path.name().ends_with(".rules")) {
        of_documents(file, &mut found);
    }
    for file in files().filter(|file| file.path.name() == "database.rules.json") {
        of_tree(file, &mut found);
    }
    found.extend(missing(survey));
    found
}

/// A database that pages ask, and of which no rules are in the tree.
fn missing(survey: &Survey<'_>) -> Vec<Finding> {
    let has = |ending: &str| survey.project.files.iter().any(|file| file.path.name().ends_with(ending));
    let asked = [
        ("firebase/database", "database.rules.json", "the Realtime Database", has("database.rules.json")),
        ("firebase/firestore", "firestore.rules", "Firestore", has(".rules")),
    ];
    let mut found = Vec::new();
    for (module, rules, called, there) in asked {
        let import = |file: &File| {
            ['"', '\''].iter().find_map(|quote| file.text.find(&format!("from {quote}{module}{quote}")))
        };
        let mut pages = survey.project.files.iter().filter(|file| {
            matches!(file.kind, Kind::Code(_))
                && matches!(survey.stack.side(file.id), Side::Browser | Side::Both)
        });
        let Some((file, at)) = pages.find_map(|file| Some((file, import(file)?))).filter(|_| !there) else {
            continue;
        };
        let mut finding = Told {
            rule: &RULES_FILE,
            span: file.span(at..at + "from ".len() + module.len() + 2),
            subject: module.to_owned(),
            message: format!("Pages ask {called}, and the tree holds no rules of it: who may read and write what is not told."),
            todo: format!("Take the rules from the console into `{rules}`, and see that each path asks for its user."),
        }
        .finding();
        finding.severity = Severity::Warning;
        finding.confidence = Confidence::Possible;
        found.push(finding);
    }
    found
}

/// Rules of documents and files: `match` and `allow`.
fn of_documents(file: &File, found: &mut Vec<Finding>) {
    let text = without_comments(&file.text);
    let rules = Rules::of(&text);
    // A picture of somebody is made to be seen, a document with an address is not.
    let documents = text.contains("cloud.firestore") && !text.contains("firebase.storage");
    for statement in &rules.statements {
        let span = file.span(statement.at..statement.at + statement.text.len());
        let collection = statement.collection();
        let Some(condition) = statement.condition() else {
            // `allow read;` has no condition at all.
            found.push(open(span, statement.text, "It asks for nothing.", Severity::Hole));
            continue;
        };
        let (methods, flat) = (statement.methods(), flat(condition));
        if flat == "true" {
            let mut finding = open(span, methods, "Its condition is always true.", Severity::Warning);
            if statement.writes() {
                finding.severity = Severity::Hole;
            } else if documents && schema::holdings::names_people(collection) {
                finding.severity = Severity::Hole;
                finding.message =
                    format!("`{}`: Everybody reads the documents of `{collection}`.", finding.subject);
            } else if rules.only_staff_writes(statement) {
                finding.severity = Severity::Note;
                let what = if documents { format!("`{collection}`") } else { "these files".to_owned() };
                finding.message =
                    format!("`{}`: Everybody reads {what}, which only staff writes.", finding.subject);
                finding.todo = "Leave it, if pages show all of it to everybody; move what they do not show to another place.".to_owned();
            }
            found.push(finding);
        } else if flat.contains("request.time<timestamp.date(") {
            let message = "It is open to everybody until a date, and closed to all after it.";
            found.push(open(span, methods, message, Severity::Hole));
        } else if statement.writes()
            && matches!(flat.as_str(), "request.auth!=null" | "request.auth.uid!=null")
        {
            found.push(open(span, methods, "Whoever signs up may write what others own.", Severity::Warning));
        }
        if let Some(field) = rules.role_given(statement) {
            let told = Told {
                rule: &PRIVILEGED,
                span,
                subject: format!("{collection}.{field}"),
                message: format!(
                    "`{}` of `{collection}`: who has signed in may write `{field}` of their own document, by which these rules decide.",
                    flat_words(methods)
                ),
                todo: format!(
                    "Let users change other fields only: `!request.resource.data.diff(resource.data).affectedKeys().hasAny(['{field}'])`; when the document is made, ask for the least role."
                ),
            };
            let known = |other: &Finding| {
                other.rule == PRIVILEGED.id && other.subject == told.subject && other.span.file == file.id
            };
            if !found.iter().any(known) {
                found.push(told.finding());
            }
        }
    }
}

/// Rules of a tree in JSON: `".read"` and `".write"`.
fn of_tree(file: &File, found: &mut Vec<Finding>) {
    for (key, writes) in [("\".read\"", false), ("\".write\"", true)] {
        for (at, _) in file.text.match_indices(key) {
            let Some(rest) = file.text[at + key.len()..].trim_start().strip_prefix(':') else { continue };
            let rest = rest.trim_start();
            let value = match rest.strip_prefix('"') {
                Some(inside) => inside.split('"').next(),
                None => rest.split([',', '}', '\n']).next(),
            };
            let value = flat(value.unwrap_or_default());
            let span = file.span(at..at + key.len());
            let method = key.trim_matches('"');
            if value == "true" {
                let severity = if writes { Severity::Hole } else { Severity::Warning };
                found.push(open(span, method, "Its condition is always true.", severity));
            } else if value.starts_with("now<") {
                let message = "It is open to everybody until a date, and closed to all after it.";
                found.push(open(span, method, message, Severity::Hole));
            } else if writes && value == "auth!=null" {
                found.push(open(
                    span,
                    method,
                    "Whoever signs up may write what others own.",
                    Severity::Warning,
                ));
            }
        }
    }
}

fn open(span: edit::Span, subject: &str, message: &str, severity: Severity) -> Finding {
    let subject = flat_words(subject);
    let message = format!("`{subject}`: {message}");
    let mut finding = Told { rule: &RULES_FILE, span, subject, message, todo: TODO.to_owned() }.finding();
    finding.severity = severity;
    finding
}

fn flat_words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect()
}

/// What a file of rules says.
struct Rules<'t> {
    statements: Vec<Statement<'t>>,
    /// Functions by name, with their bodies.
    functions: Vec<(&'t str, String)>,
    /// What a decision about the visitor looks up: the collection of the visitor's own document, and the field in it.
    deciding: Vec<(String, String)>,
}

/// An `allow`.
struct Statement<'t> {
    at: usize,
    text: &'t str,
    /// The paths of the blocks around it, from the outside.
    path: Vec<&'t str>,
}

impl<'t> Rules<'t> {
    fn of(text: &'t str) -> Self {
        let mut rules = Self { statements: Vec::new(), functions: Vec::new(), deciding: Vec::new() };
        // The paths of the blocks that are open, `None` for a block of another kind.
        let mut blocks: Vec<Option<&'t str>> = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let starts = !text[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
            let keyword = |word: &str| {
                starts && rest.strip_prefix(word).is_some_and(|rest| rest.starts_with(char::is_whitespace))
            };
            if keyword("match") {
                let path = rest["match".len()..].split_whitespace().next().unwrap_or_default();
                let begins = at + rest.find(path).unwrap_or(0) + path.len();
                let Some(opens) = text[begins..].find('{') else { break };
                blocks.push(Some(path));
                at = begins + opens + 1;
            } else if keyword("allow") {
                let end = rest.find(';').unwrap_or(rest.len());
                let path = blocks.iter().flatten().copied().collect();
                rules.statements.push(Statement { at, text: rest[..end].trim_end(), path });
                at += end.max(1);
            } else if keyword("function") {
                let Some(opens) = rest.find('{') else { break };
                let name = rest["function".len()..opens].split('(').next().unwrap_or_default().trim();
                let body = &rest[opens + 1..];
                let (mut depth, mut end) = (1, body.len());
                for (place, letter) in body.char_indices() {
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    if depth == 0 {
                        end = place;
                        break;
                    }
                }
                rules.functions.push((name, flat(&body[..end])));
                at += opens + 1 + end + 1;
            } else {
                let Some(letter) = rest.chars().next() else { break };
                match letter {
                    '{' => blocks.push(None),
                    '}' => {
                        blocks.pop();
                    }
                    _ => {}
                }
                at += letter.len_utf8();
            }
        }
        const OWN: &str = "/$(request.auth.uid)).data.";
        let whole = flat(text);
        for (at, _) in whole.match_indices(OWN) {
            let collection = whole[..at].rsplit('/').next().unwrap_or_default();
            let field = whole[at + OWN.len()..].split(|c: char| !c.is_alphanumeric() && c != '_').next();
            let pair = (collection.to_owned(), field.unwrap_or_default().to_owned());
            if !pair.1.is_empty() && pair.1 != "get" && !rules.deciding.contains(&pair) {
                rules.deciding.push(pair);
            }
        }
        rules
    }

    /// The condition with the bodies of the functions that it calls.
    fn whole(&self, condition: &str) -> String {
        let called = |name: &str| {
            condition.match_indices(name).any(|(at, _)| {
                condition[at + name.len()..].starts_with('(')
                    && !condition[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'))
            })
        };
        let bodies = self.functions.iter().filter(|(name, _)| called(name)).map(|(_, body)| body.as_str());
        bodies.fold(condition.to_owned(), |text, body| text + ";" + body)
    }

    /// Whether some write stands beside the statement, and each asks for more than a session, and for no owner.
    fn only_staff_writes(&self, statement: &Statement<'_>) -> bool {
        let beside = || self.statements.iter().filter(|other| other.path == statement.path && other.writes());
        beside().next().is_some()
            && beside().all(|other| {
                let Some(condition) = other.condition() else { return false };
                let whole = self.whole(&flat(condition));
                let staff = ["get(", "exists(", ".token."].iter().any(|mark| whole.contains(mark));
                flat(condition) == "false" || staff && !names_owner(&whole)
            })
    }

    /// The field that decides what somebody may do, if a branch of the statement lets them write it into their own document.
    fn role_given(&self, statement: &Statement<'_>) -> Option<&str> {
        let collection = statement.collection();
        let methods = statement.methods();
        let changes = ["write", "update", "create"].iter().any(|method| methods.contains(method));
        let condition = statement.condition().filter(|_| changes)?;
        let fields = self.deciding.iter().filter(|(of, _)| of == collection);
        let branches: Vec<_> = flat(condition).split("||").map(|branch| self.whole(branch)).collect();
        let keeps = |branch: &String, field: &str| {
            let marks = ["affectedKeys", "changedKeys", "hasOnly", "get(", "exists(", ".token."];
            branch.contains(&format!("data.{field}")) || marks.iter().any(|mark| branch.contains(mark))
        };
        let signed_in = |branch: &String| {
            names_owner(branch) || !methods.contains("update") && branch.contains("request.auth!=null")
        };
        let given = |field: &str| branches.iter().any(|branch| signed_in(branch) && !keeps(branch, field));
        fields.map(|(_, field)| field.as_str()).find(|field| given(field))
    }
}

fn names_owner(condition: &str) -> bool {
    condition.contains("request.auth.uid==") || condition.contains("==request.auth.uid")
}

impl<'t> Statement<'t> {
    fn methods(&self) -> &'t str {
        self.text.split_once(':').map_or(self.text, |(methods, _)| methods.trim())
    }

    fn condition(&self) -> Option<&'t str> {
        self.text.split_once(':').map(|(_, condition)| condition.trim().trim_start_matches("if"))
    }

    fn writes(&self) -> bool {
        ["write", "create", "update", "delete"].iter().any(|method| self.methods().contains(method))
    }

    /// The last part of the path that is no variable.
    fn collection(&self) -> &'t str {
        let parts = self.path.iter().rev().flat_map(|path| path.rsplit('/'));
        parts.into_iter().find(|part| !part.is_empty() && !part.starts_with('{')).unwrap_or_default()
    }
}

/// The text with blanks for its comments: places stay.
fn without_comments(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("//").into_iter().chain(rest.find("/*")).min() {
        let (before, comment) = rest.split_at(at);
        let length = if comment.starts_with("//") {
            comment.find('\n').unwrap_or(comment.len())
        } else {
            comment.find("*/").map_or(comment.len(), |end| end + 2)
        };
        made += before;
        made.extend(comment[..length].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        rest = &comment[length..];
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::{Rules, without_comments};

    const TEXT: &str = "service cloud.firestore {
  match /databases/{database}/documents { // all /* of it
    function keeper() { return get(/databases/$(database)/documents/sailors/$(request.auth.uid)).data.rank == 'keeper'; }
    function own(id) { return request.auth != null && request.auth.uid == id; }
    match /sailors/{id} {
      allow read: if true;
      allow create: if request.auth != null && request.resource.data.rank == 'deckhand';
      allow update: if keeper() || own(id);
    }
    match /piers/{pier=**} { allow read: if true; allow write: if keeper(); }
    match /logs/{log} { allow read: if true; allow write: if own(log); }
  }
}";

    #[test]
    fn a_role_that_its_owner_writes() {
        let text = without_comments(TEXT);
        assert_eq!(text.len(), TEXT.len());
        let rules = Rules::of(&text);
        let given: Vec<_> =
            rules.statements.iter().map(|it| (it.collection(), rules.role_given(it))).collect();
        assert_eq!(
            given,
            [
                ("sailors", None),
                ("sailors", None),
                ("sailors", Some("rank")),
                ("piers", None),
                ("piers", None),
                ("logs", None),
                ("logs", None)
            ]
        );
    }

    #[test]
    fn what_only_staff_writes() {
        let text = without_comments(TEXT);
        let rules = Rules::of(&text);
        let staff: Vec<_> =
            [0, 3, 5].iter().map(|at| rules.only_staff_writes(&rules.statements[*at])).collect();
        assert_eq!(staff, [false, true, false]);
    }
}
