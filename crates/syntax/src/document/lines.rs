//! Files that are lists of lines, such as `.gitignore`.

use super::Replacement;

/// What to insert so that all of `lines` are there: present ones are not repeated; the rest goes to the end under `heading`
/// (a comment line; none if empty), or to the lines that already stand under that heading, in the file's line ends. Order counts
/// in such files: a line that takes back (`!name`) is repeated if one that it takes back from is new. Empty if nothing is missing.
pub fn added(text: &str, heading: &str, lines: &[&str]) -> Vec<Replacement> {
    let present = |line: &str| content(text).lines().any(|there| there.trim() == line.trim());
    let mut missing: Vec<&str> = Vec::new();
    for line in lines.iter().map(|line| line.trim_end()) {
        let again = line.starts_with('!') && missing.iter().any(|before| !before.starts_with('!'));
        if !line.is_empty() && (!present(line) || again) && !missing.contains(&line) {
            missing.push(line);
        }
    }
    if missing.is_empty() {
        return Vec::new();
    }
    let end = super::line_end(text);
    let heading = match heading.trim() {
        "" => String::new(),
        comment if comment.starts_with('#') => comment.to_owned(),
        words => format!("# {words}"),
    };
    if let Some(at) = section_end(text, &heading) {
        let new: String = missing.iter().map(|line| format!("{end}{line}")).collect();
        return vec![(at..at, new)];
    }
    let mut new = String::new();
    let empty = content(text).trim().is_empty();
    if !empty {
        new += if text.ends_with('\n') { "" } else { end };
        new += if text.ends_with("\n\n") || text.ends_with("\n\r\n") { "" } else { end };
    }
    let heading = (!heading.is_empty()).then_some(heading.as_str());
    new += &heading.into_iter().chain(missing).collect::<Vec<_>>().join(end);
    // A file without a last line end keeps it so; an empty file gets one.
    if empty || text.ends_with('\n') {
        new += end;
    }
    vec![(text.len()..text.len(), new)]
}

fn content(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The end of the last line of the block below `heading`, if the heading is there and nothing but blank lines follows the block:
/// further up, a new line could be overruled by what follows.
fn section_end(text: &str, heading: &str) -> Option<usize> {
    if heading.is_empty() {
        return None;
    }
    let last = text.trim_end().len();
    let block = text[..last].rsplit("\n\n").next()?.rsplit("\n\r\n").next()?;
    block.lines().next().filter(|first| content(first).trim() == heading).map(|_| last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, lines: &[&str], after: &str) {
        let made = super::super::replaced(before, &added(before, "# Environment", lines));
        assert_eq!(made, after);
        assert!(added(&made, "# Environment", lines).is_empty(), "a second time adds nothing: {made:?}");
    }

    #[test]
    fn missing_lines_go_to_the_end_under_a_heading() {
        check("dist\n", &[".env", "dist"], "dist\n\n# Environment\n.env\n");
    }

    #[test]
    fn nothing_missing_changes_nothing() {
        assert!(added("a\r\n  b \n", "", &["a", "b"]).is_empty());
    }

    #[test]
    fn an_empty_file_is_made_whole() {
        check("", &["a", "b"], "# Environment\na\nb\n");
    }

    #[test]
    fn a_missing_last_line_end_stays_missing() {
        check("dist", &[".env"], "dist\n\n# Environment\n.env");
    }

    #[test]
    fn carriage_returns_are_kept() {
        check("dist\r\n", &[".env"], "dist\r\n\r\n# Environment\r\n.env\r\n");
    }

    #[test]
    fn a_heading_is_used_again() {
        check("dist\n\n# Environment\n.env\n", &[".env.*"], "dist\n\n# Environment\n.env\n.env.*\n");
        check("# Environment\n.env", &[".env.*"], "# Environment\n.env\n.env.*");
        check("# Environment\n.env\n\nx\n", &["y"], "# Environment\n.env\n\nx\n\n# Environment\ny\n");
    }

    #[test]
    fn what_takes_back_comes_behind_what_it_takes_back_from() {
        check(
            "!.env.example\n",
            &[".env.*", "!.env.example"],
            "!.env.example\n\n# Environment\n.env.*\n!.env.example\n",
        );
    }

    #[test]
    fn a_heading_without_hash_gets_one() {
        assert_eq!(added("", "Build", &["dist"]), [(0..0, "# Build\ndist\n".to_owned())]);
        assert_eq!(added("", "", &["dist"]), [(0..0, "dist\n".to_owned())]);
    }

    #[test]
    fn a_line_asked_for_twice_comes_once() {
        check("", &["a", "a"], "# Environment\na\n");
    }

    #[test]
    fn no_cut_of_a_file_is_a_panic() {
        super::super::every_cut("\u{feff}é\r\n\r\n# Environment\r\nü\n\n!x", |part| {
            let _ = super::super::replaced(part, &added(part, "# Environment", &["ü", "!x", "y"]));
        });
    }
}
