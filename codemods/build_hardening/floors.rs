//! Versions of frameworks below which known holes are open, and the version to go to within the same major.
//!
//! Entered by hand, with the sources; as of 2026-11-22. No codemod asks the network.

use audit::Survey;
use project::package::Package;

/// One major line: where to go, and whether it still gets fixes.
struct Line {
    package: &'static str,
    major: u32,
    /// A version of the line in which every hole below is fixed.
    target: &'static str,
    supported: bool,
}

/// What somebody can do to a version with the hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// Run code on the server.
    Runs,
    /// Get past what the middleware asks.
    Passes,
    /// Make the server stop.
    Stops,
}

impl Trouble {
    fn shown(self) -> &'static str {
        match self {
            Self::Runs => "can be taken over by one request",
            Self::Passes => "lets a request past the guard in middleware",
            Self::Stops => "can be stopped by one request",
        }
    }
}

/// One advisory.
struct Hole {
    package: &'static str,
    advisory: &'static str,
    trouble: Trouble,
    /// Fixed from here on, within the same minor; a minor between two of them and below the last is not fixed at all.
    fixed: &'static [[u32; 3]],
}

// https://nextjs.org/support-policy · https://github.com/vercel/next.js/security/advisories
const FRAMEWORKS: &[&str] = &["next"];
const NEXT: &str = FRAMEWORKS[0];
/// Packages with a line.
const NAMES: &[&str] = &[NEXT];

static LINES: &[Line] = &[
    Line { package: NEXT, major: 12, target: "12.3.7", supported: false },
    Line { package: NEXT, major: 13, target: "13.5.11", supported: false },
    Line { package: NEXT, major: 14, target: "14.2.35", supported: false },
    Line { package: NEXT, major: 15, target: "15.5.29", supported: true },
    Line { package: NEXT, major: 16, target: "16.4.6", supported: true },
];

static HOLES: &[Hole] = &[
    Hole {
        package: NEXT,
        advisory: "CVE-2025-55182",
        trouble: Trouble::Runs,
        fixed: &[[15, 0, 5], [15, 1, 9], [15, 2, 6], [15, 3, 6], [15, 4, 8], [15, 5, 7], [16, 0, 7]],
    },
    Hole {
        package: NEXT,
        advisory: "CVE-2025-29927",
        trouble: Trouble::Passes,
        fixed: &[[12, 3, 5], [13, 5, 9], [14, 2, 25], [15, 2, 3]],
    },
    Hole {
        package: NEXT,
        advisory: "CVE-2026-44575",
        trouble: Trouble::Passes,
        fixed: &[[15, 5, 18], [16, 2, 6]],
    },
    Hole {
        package: NEXT,
        advisory: "CVE-2025-55184",
        trouble: Trouble::Stops,
        fixed: &[
            [14, 2, 35],
            [15, 0, 7],
            [15, 1, 11],
            [15, 2, 8],
            [15, 3, 8],
            [15, 4, 10],
            [15, 5, 9],
            [16, 0, 10],
        ],
    },
];

impl Hole {
    /// Whether a version has it: lines that the advisory does not name are not concerned.
    fn is_open_in(&self, version: [u32; 3]) -> bool {
        let mut line = self.fixed.iter().filter(|fixed| fixed[0] == version[0]);
        let Some(last) = line.clone().max() else { return false };
        match line.find(|fixed| fixed[1] == version[1]) {
            Some(fixed) => version < *fixed,
            None => version < *last,
        }
    }
}

/// A dependency below its floor, or of a line that gets no fixes.
pub(super) struct Below {
    pub(super) package: &'static str,
    pub(super) version: String,
    /// The version to go to; `None` if it is there already and only the line is dead.
    pub(super) target: Option<&'static str>,
    pub(super) supported: bool,
    /// Its holes, the worst first.
    pub(super) holes: Vec<(&'static str, Trouble)>,
}

impl Below {
    /// `can be taken over by one request (CVE-…), and lets … (CVE-…)`.
    pub(super) fn told(&self) -> String {
        let mut told: Vec<String> = Vec::new();
        for trouble in [Trouble::Runs, Trouble::Passes, Trouble::Stops] {
            let of = |(advisory, own): &(&'static str, Trouble)| (*own == trouble).then_some(*advisory);
            let advisories: Vec<_> = self.holes.iter().filter_map(of).collect();
            if !advisories.is_empty() {
                told.push(format!("{} ({})", trouble.shown(), advisories.join(", ")));
            }
        }
        told.join(", and ")
    }

    /// The worst that can be done.
    pub(super) fn worst(&self) -> Option<Trouble> {
        self.holes.iter().map(|(_, trouble)| *trouble).min()
    }
}

/// Whether the app is built on a package, or imports it: what is only listed answers no request.
fn is_used(survey: &Survey<'_>, name: &str) -> bool {
    let of = |specifier: &str| {
        specifier.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut imports = survey.project.files.iter().flat_map(|file| &file.module.imports);
    survey.stack.framework.id() == name || imports.any(|import| of(&import.specifier))
}

/// Every such dependency of a package that the app uses.
pub(super) fn below(survey: &Survey<'_>, package: &Package) -> Vec<Below> {
    let mut found = Vec::new();
    for name in NAMES.iter().filter(|name| is_used(survey, name)) {
        let Some(range) = package.dependencies.get(*name) else { continue };
        // A manifest that asks for a fixed version is not held back by a lockfile that is behind.
        let asked = numbers(range.trim_start_matches(['^', '~', '=', 'v']));
        let resolved = package.version(name);
        let of_lock = resolved.as_deref().and_then(numbers);
        let Some(version) = asked.into_iter().chain(of_lock).max() else { continue };
        let Some(line) = LINES.iter().find(|line| line.package == *name && line.major == version[0]) else {
            continue;
        };
        let of = HOLES.iter().filter(|hole| hole.package == *name && hole.is_open_in(version));
        let holes: Vec<_> = of.map(|hole| (hole.advisory, hole.trouble)).collect();
        if !holes.is_empty() || !line.supported {
            found.push(Below {
                package: line.package,
                version: version.map(|number| number.to_string()).join("."),
                target: (!holes.is_empty()).then_some(line.target),
                supported: line.supported,
                holes,
            });
        }
    }
    found
}

/// The three numbers of a version; what is behind them does not count.
pub(crate) fn numbers(version: &str) -> Option<[u32; 3]> {
    let mut parts = version.split(['.', '-', '+']).map(|part| part.parse().ok());
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_three_numbers() {
        assert_eq!(numbers("15.2.4"), Some([15, 2, 4]));
        assert_eq!(numbers("16.0.0-canary.3"), Some([16, 0, 0]));
        assert_eq!(numbers("latest"), None);
        assert_eq!(numbers("15"), None);
    }

    #[test]
    fn a_version_has_the_holes_that_were_fixed_after_it() {
        let open = |version: &str| {
            let version = numbers(version).unwrap();
            let of = HOLES.iter().filter(|hole| hole.is_open_in(version));
            of.map(|hole| hole.advisory).collect::<Vec<_>>()
        };
        assert_eq!(open("15.2.2"), ["CVE-2025-55182", "CVE-2025-29927", "CVE-2026-44575", "CVE-2025-55184"]);
        assert_eq!(open("14.2.26"), ["CVE-2025-55184"]);
        assert_eq!(open("15.5.12"), ["CVE-2026-44575"]);
        assert_eq!(open("16.2.4"), ["CVE-2026-44575"]);
        assert!(open("16.2.6").is_empty() && open("16.3.0").is_empty() && open("17.0.0").is_empty());
    }

    #[test]
    fn no_target_has_a_hole() {
        for line in LINES {
            let target = numbers(line.target).unwrap();
            assert!(HOLES.iter().all(|hole| !hole.is_open_in(target)), "{}", line.target);
        }
    }
}
