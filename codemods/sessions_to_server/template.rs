//! Templates whose parts are switched on by what an app uses: `//#if name|other`, `//#else`, `//#end`, each on a line of its own.

use std::collections::BTreeSet;

/// What an app uses, as names of parts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses(BTreeSet<String>);

impl Uses {
    /// Adds a name.
    pub(crate) fn add(&mut self, name: impl Into<String>) {
        self.0.insert(name.into());
    }

    /// Takes a name out.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Whether any of the names, parted by `|`, is used.
    pub(super) fn any(&self, names: &str) -> bool {
        names.split('|').any(|name| self.0.contains(name.trim()))
    }
}

/// The text with the parts that are used, its holes filled.
pub(crate) fn filled(template: &str, uses: &Uses, holes: &[(&str, String)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut around: Vec<bool> = Vec::new();
    for line in template.lines() {
        let mark = line.trim_start();
        if let Some(names) = mark.strip_prefix("//#if ") {
            around.push(uses.any(names));
        } else if mark == "//#else" {
            if let Some(last) = around.last_mut() {
                *last = !*last;
            }
        } else if mark == "//#end" {
            around.pop();
        } else if around.iter().all(|shown| *shown) {
            text += line;
            text.push('\n');
        }
    }
    for (hole, value) in holes {
        text = text.replace(hole, value);
    }
    tidied(&text)
}

/// No blank line at the beginning of a block, and never two of them: what stood between may be gone.
fn tidied(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        let opens = lines.last().is_none_or(|last| last.is_empty() || last.ends_with(['{', '(', '[']));
        if line.trim().is_empty() && opens {
            continue;
        }
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_there_only_if_one_of_its_names_is_used() {
        let mut uses = Uses::default();
        uses.add("b");
        let text = "{\n//#if a\none\n//#else\n\ntwo __X__\n//#end\n//#if a|b\nthree\n//#end\n}\n";
        assert_eq!(filled(text, &uses, &[("__X__", "x".to_owned())]), "{\ntwo x\nthree\n}\n");
    }
}
