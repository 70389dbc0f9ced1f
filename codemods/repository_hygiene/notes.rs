//! `DEPLOYMENT.md`: how the app is run, what it needs, who may change it. Other codemods add their sections to it.

use super::commands::Commands;
use audit::Survey;
use audit::env::given;
use edit::{Piece, RelPath};
use plan::Request;
use project::File;

/// Where it stands.
const PATH: &str = "DEPLOYMENT.md";

/// Sections in the order in which they stand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the headings")]
pub enum Section {
    Run = 10,
    Variables = 20,
    Release = 30,
    Repository = 40,
}

/// The file that the tree has under that name, however it is spelled: some systems know no difference.
pub fn file<'p>(survey: &Survey<'p>) -> Option<&'p File> {
    survey.project.files.iter().find(|file| file.path.as_str().eq_ignore_ascii_case(PATH))
}

/// What to do by hand where the notes would be kept out of the repository.
pub fn kept_out(survey: &Survey<'_>) -> Option<String> {
    if file(survey).is_some() { None } else { super::kept_out(survey, PATH) }
}

/// A section of the notes; `text` begins with its heading. `None` where they would be kept out of the repository.
pub fn section(survey: &Survey<'_>, place: Section, text: &str) -> Option<Request> {
    if kept_out(survey).is_some() {
        return None;
    }
    Some(Request::ModuleItem {
        path: file(survey).map_or_else(|| RelPath::new(PATH), |file| Some(file.path.clone()))?,
        frame: ("# Deployment\n".to_owned(), String::new()),
        order: place as u32,
        key: (place as u32).to_string(),
        pieces: vec![Piece::text(format!("\n{}\n", text.trim()))],
    })
}

/// Whether the tree tells how it is run: our notes, or notes of that name by somebody else.
pub(super) fn missing(survey: &Survey<'_>) -> bool {
    let told = survey.project.files.iter().any(|file| {
        let name = file.path.name().to_ascii_lowercase();
        matches!(name.as_str(), "deployment.md" | "deploy.md" | "deploying.md" | "contributing.md")
    });
    !told && Commands::of(survey).is_some()
}

/// The section on running it.
pub(super) fn request(survey: &Survey<'_>) -> Option<Request> {
    let commands = Commands::of(survey)?;
    let place = match commands.app.folder.as_str() {
        "" => "In the root of the repository".to_owned(),
        folder => format!("In `{folder}/`"),
    };
    let node = commands.package.json["engines"]["node"].as_str();
    let node = node.unwrap_or_else(|| survey.stack.framework.node(survey.stack.framework_version.as_deref()));
    let mut lines = vec![commands.update()];
    if survey.env.iter().any(|name| !given(&name.name) && !name.reads.is_empty()) {
        lines.push("cp -n .env.example .env.local   # then fill in what has no value".to_owned());
    }
    lines.extend(commands.script("dev").map(|_| commands.run("dev")));
    let mut text = format!("## Run it\n\n{place}, with Node {node}:\n\n```sh\n{}\n```\n", lines.join("\n"));
    if commands.script("build").is_some() {
        text += &format!("\n`{}` makes the production build", commands.run("build"));
        let there = || ["start", "preview"].into_iter().find(|script| commands.script(script).is_some());
        let start = crate::sessions_to_server::start_script(survey).or_else(there);
        text += &start.map_or(".".to_owned(), |script| format!(", `{}` serves it.", commands.run(script)));
        text += "\n";
    }
    text += "\nValues stay out of git: `.env.example` has the names, `.env.local` the values of one machine, the host those of \
             its environments.\nOnly the people who release the app may change what is set for production.";
    section(survey, Section::Run, &text)
}
