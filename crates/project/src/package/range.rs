//! Versions and version ranges as npm writes them, as far as lockfiles need: does a version satisfy a range.

use std::cmp::Ordering;

/// `major.minor.patch` with an optional pre-release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: [u64; 3],
    pre: Vec<String>,
}

impl Version {
    /// `1.2.3`, `v1.2.3-rc.1+build`. `None` for anything shorter or longer.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (partial, pre) = partial(text)?;
        let [Some(major), Some(minor), Some(patch)] = partial else {
            return None;
        };
        Some(Self { numbers: [major, minor, patch], pre })
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let identifiers = |one: &[String], other: &[String]| {
            for (one, other) in one.iter().zip(other) {
                let order = match (one.parse::<u64>(), other.parse::<u64>()) {
                    (Ok(one), Ok(other)) => one.cmp(&other),
                    (Ok(_), Err(_)) => Ordering::Less,
                    (Err(_), Ok(_)) => Ordering::Greater,
                    (Err(_), Err(_)) => one.cmp(other),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
            one.len().cmp(&other.len())
        };
        // A release is above its pre-releases.
        self.numbers.cmp(&other.numbers).then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => identifiers(&self.pre, &other.pre),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `1`, `1.2`, `1.x`, `1.2.3-rc.1`: the numbers that are there, and the pre-release.
fn partial(text: &str) -> Option<([Option<u64>; 3], Vec<String>)> {
    let text = text.trim().trim_start_matches(['v', '=']);
    let text = text.split('+').next().unwrap_or(text);
    let (numbers, pre) = text.split_once('-').map_or((text, ""), |(numbers, pre)| (numbers, pre));
    let mut found = [None; 3];
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() > 3 {
        return None;
    }
    for (slot, part) in found.iter_mut().zip(&parts) {
        match *part {
            "x" | "X" | "*" => break,
            number => *slot = Some(number.parse().ok()?),
        }
    }
    Some((found, pre.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect()))
}

/// The lowest version that a range names: `^5.4.1` gives `5.4.1`, `>=4 <6` gives `4.0.0`. `None` for tags and addresses.
pub(crate) fn lowest(range: &str) -> Option<String> {
    let range = after_protocol(range);
    let first = range.split("||").next()?.split_whitespace().next()?;
    if first.starts_with('<') {
        return None;
    }
    let (numbers, pre) = partial(first.trim_start_matches(['^', '~', '>', '=']))?;
    numbers[0]?;
    let pre = if pre.is_empty() { String::new() } else { format!("-{}", pre.join(".")) };
    Some(format!("{}.{}.{}{pre}", numbers[0]?, numbers[1].unwrap_or(0), numbers[2].unwrap_or(0)))
}

/// `npm:other@^1` and `workspace:^1` without what stands before the range.
fn after_protocol(range: &str) -> &str {
    let range = range.trim();
    if let Some(alias) = range.strip_prefix("npm:") {
        return match alias.rfind('@') {
            Some(at) if at > 0 => &alias[at + 1..],
            // `npm:^1.2.3`, as yarn writes every range.
            _ if alias.starts_with(|first: char| first.is_ascii_digit() || "^~<>=*v".contains(first)) => {
                alias
            }
            _ => "*",
        };
    }
    range.strip_prefix("workspace:").unwrap_or(range)
}

/// Whether `version` satisfies `range`. A tag (`latest`), an address or a path is satisfied by any version: it cannot be told.
pub(crate) fn satisfies(version: &str, range: &str) -> bool {
    let range = after_protocol(range);
    let Some(version) = Version::parse(version) else {
        return true;
    };
    let mut unclear = false;
    let met = range.split("||").any(|alternative| match comparators(alternative) {
        Some(comparators) => within(&version, &comparators),
        None => {
            unclear = true;
            false
        }
    });
    met || unclear
}

/// `>=`, `<` ... and a version.
type Comparator = (&'static str, Version);

fn within(version: &Version, comparators: &[Comparator]) -> bool {
    let holds = |(operator, bound): &Comparator| match *operator {
        ">=" => version >= bound,
        ">" => version > bound,
        "<=" => version <= bound,
        "<" => version < bound,
        _ => version == bound,
    };
    // A pre-release is only meant where the range names one of the same numbers.
    let meant = version.pre.is_empty()
        || comparators.iter().any(|(_, bound)| !bound.pre.is_empty() && bound.numbers == version.numbers);
    meant && comparators.iter().all(holds)
}

/// The comparators of one alternative; `None` if it is no range of versions.
fn comparators(alternative: &str) -> Option<Vec<Comparator>> {
    let mut found = Vec::new();
    if let Some((from, to)) = alternative.split_once(" - ") {
        let (from, pre) = partial(from)?;
        found.push((">=", floor(from, pre)));
        let (to, pre) = partial(to)?;
        match to {
            [_, _, Some(_)] => found.push(("<=", floor(to, pre))),
            _ => found.extend(ceiling(to).map(|bound| ("<", bound))),
        }
        return Some(found);
    }
    // `>= 1.2` is one comparator.
    let mut text = alternative.trim().to_owned();
    for operator in [">=", "<=", ">", "<", "^", "~", "="] {
        while text.contains(&format!("{operator} ")) {
            text = text.replace(&format!("{operator} "), operator);
        }
    }
    for word in text.split_whitespace() {
        let operator = ["^", "~>", "~", ">=", "<=", ">", "<", "="]
            .into_iter()
            .find(|operator| word.starts_with(operator))
            .unwrap_or("");
        let (numbers, pre) = partial(&word[operator.len()..])?;
        let low = floor(numbers, pre.clone());
        let Some(major) = numbers[0] else { continue };
        let next = |numbers: [u64; 3]| Version { numbers, pre: vec!["0".to_owned()] };
        match operator {
            "^" => {
                let high = match (major, numbers[1], numbers[2]) {
                    (0, Some(0), Some(patch)) => [0, 0, patch + 1],
                    (0, Some(minor), _) => [0, minor + 1, 0],
                    _ => [major + 1, 0, 0],
                };
                found.extend([(">=", low), ("<", next(high))]);
            }
            "~" | "~>" => {
                let high = numbers[1].map_or([major + 1, 0, 0], |minor| [major, minor + 1, 0]);
                found.extend([(">=", low), ("<", next(high))]);
            }
            ">=" | "<" => found.push((operator, low)),
            ">" | "<=" => match ceiling(numbers) {
                Some(bound) if operator == ">" => found.push((">=", bound)),
                Some(bound) => found.push(("<", bound)),
                None => found.push((operator, low)),
            },
            _ => match ceiling(numbers) {
                Some(bound) => found.extend([(">=", low), ("<", bound)]),
                None => found.push(("=", low)),
            },
        }
    }
    Some(found)
}

/// Missing numbers as zero.
fn floor(numbers: [Option<u64>; 3], pre: Vec<String>) -> Version {
    Version { numbers: numbers.map(|number| number.unwrap_or(0)), pre }
}

/// The first version above all that a partial version means; `None` if it is whole.
fn ceiling(numbers: [Option<u64>; 3]) -> Option<Version> {
    let numbers = match numbers {
        [Some(_), Some(_), Some(_)] => return None,
        [Some(major), Some(minor), None] => [major, minor + 1, 0],
        [Some(major), ..] => [major + 1, 0, 0],
        [None, ..] => [u64::MAX, 0, 0],
    };
    Some(Version { numbers, pre: vec!["0".to_owned()] })
}

#[cfg(test)]
mod tests {
    use super::{lowest, satisfies};

    fn check(range: &str, inside: &[&str], outside: &[&str]) {
        for version in inside {
            assert!(satisfies(version, range), "{version} is in {range}");
        }
        for version in outside {
            assert!(!satisfies(version, range), "{version} is not in {range}");
        }
    }

    #[test]
    fn ranges_mean_what_npm_means() {
        check("^1.2.3", &["1.2.3", "1.9.0"], &["1.2.2", "2.0.0", "2.0.0-rc.1", "1.3.0-beta.1"]);
        check("^0.2.3", &["0.2.9"], &["0.3.0"]);
        check("^0.0.3", &["0.0.3"], &["0.0.4"]);
        check("~1.2", &["1.2.9"], &["1.3.0"]);
        check("1.x", &["1.0.0", "1.99.0"], &["2.0.0"]);
        check("15.2.4", &["15.2.4"], &["15.2.5"]);
        check(">= 18 < 20", &["18.0.0", "19.9.9"], &["20.0.0", "17.0.0"]);
        check("^17 || ^18", &["17.0.2", "18.3.1"], &["19.0.0"]);
        check("1.2 - 2.3", &["1.2.0", "2.3.9"], &["2.4.0"]);
        check("^1.0.0-beta.2", &["1.0.0-beta.10", "1.0.0"], &["1.0.0-beta.1"]);
        check("*", &["0.0.1"], &[]);
        check("npm:other@^2", &["2.1.0"], &["3.0.0"]);
        check("latest", &["9.9.9"], &[]);
        check("github:someone/thing", &["1.0.0"], &[]);
        check("", &["1.0.0"], &[]);
    }

    #[test]
    fn the_lowest_version_of_a_range_is_its_first_number() {
        assert_eq!(lowest("^5.4.1").as_deref(), Some("5.4.1"));
        assert_eq!(lowest("~5").as_deref(), Some("5.0.0"));
        assert_eq!(lowest(">=4 <6").as_deref(), Some("4.0.0"));
        assert_eq!(lowest("workspace:^1.2.0").as_deref(), Some("1.2.0"));
        assert_eq!(lowest("latest"), None);
        assert_eq!(lowest("*"), None);
    }
}
