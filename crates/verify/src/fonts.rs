//! A build that fetches fonts from Google, on a machine that does not reach them: it is asked again with fonts of the system.

use anyhow::Result;
use regex::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The variable by which a build takes answers from a file.
pub(crate) const VARIABLE: &str = "NEXT_FONT_GOOGLE_MOCKED_RESPONSES";

/// For the reader, where stand-ins were used.
pub(crate) const NOTE: &str =
    "fonts.googleapis.com cannot be reached from here: built with a font of the system in its place";

/// Writes answers for the fonts that a build wanted in vain, by what it said; `None` if it failed for something else.
pub(crate) fn stand_ins(said: &str, folder: &Path) -> Result<Option<PathBuf>> {
    if !said.contains("Google Font") && !said.contains("fonts.googleapis.com") {
        return Ok(None);
    }
    let mut text = String::from(
        "const face = (family) =>\n  `@font-face { font-family: '${family}'; font-style: normal; font-weight: 100 900; src: local('Arial'); }`;\nconst answers = {\n",
    );
    for address in addresses(said)? {
        text += &format!("  {}: face({}),\n", quoted(&address), quoted(&family(&address)));
    }
    text += "};\n// One bundler asks for any address, the other takes the keys that are there.\n";
    text += "module.exports = new Proxy(answers, { get: (known, address) => known[address] ?? face(\"Stand-in\") });\n";
    let path = folder.join("fonts.cjs");
    fs::write(&path, text)?;
    Ok(Some(path))
}

fn addresses(said: &str) -> Result<BTreeSet<String>> {
    let shape = Regex::new(r#"https://fonts\.googleapis\.com/css2?\?[^\s"'`<>\\)]+"#)?;
    Ok(shape.find_iter(said).map(|found| found.as_str().trim_end_matches('.').to_owned()).collect())
}

/// `Roboto Mono` of `…?family=Roboto+Mono:wght@400&display=swap`.
fn family(address: &str) -> String {
    let name = address.split("family=").nth(1).unwrap_or("");
    name.split([':', '&']).next().unwrap_or("").replace('+', " ")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_faces_and_other_failures_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert!(stand_ins("Module not found", folder.path()).unwrap().is_none());
        let said = "while requesting https://fonts.googleapis.com/css2?family=Roboto+Mono:wght@100..700&display=swap\n\nFailed to fetch `Roboto Mono` from Google Fonts.";
        let path = stand_ins(said, folder.path()).unwrap().unwrap();
        let text = fs::read_to_string(path).unwrap();
        assert!(
            text.contains("family=Roboto+Mono:wght@100..700&display=swap\": face(\"Roboto Mono\")"),
            "{text}"
        );
    }
}
