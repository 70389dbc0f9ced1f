//! Versions of frameworks below which known holes are open, and the version to go to within the same major.
//!
//! Entered by hand, with the sources; as of 2026-11-22. No codemod asks the network.

use project::package::Package;

/// The lowest version of one major line in which every advisory named here is fixed.
struct Floor {
    package: &'static str,
    major: u32,
    /// Fixed from here on.
    fixed: [u32; 3],
    /// What to go to.
    target: &'static str,
    /// Whether the line still gets fixes.
    supported: bool,
    advisory: &'static str,
    /// What somebody can do.
    trouble: &'static str,
}

// https://nextjs.org/support-policy · https://github.com/vercel/next.js/security/advisories
const BYPASS: &str = "CVE-2025-29927";
const EXECUTION: &str = "CVE-2025-55182, CVE-2026-44575";
const PASSES: &str = "lets one header pass the guard in middleware";
const RUNS: &str = "can be taken over, or its guards passed, by one request";

const FRAMEWORKS: &[&str] = &["next"];
const NEXT: &str = FRAMEWORKS[0];
/// Packages with a floor.
const NAMES: &[&str] = &[NEXT];

static FLOORS: &[Floor] = &[
    Floor {
        package: NEXT,
        major: 12,
        fixed: [12, 3, 5],
        target: "12.3.7",
        supported: false,
        advisory: BYPASS,
        trouble: PASSES,
    },
    Floor {
        package: NEXT,
        major: 13,
        fixed: [13, 5, 9],
        target: "13.5.11",
        supported: false,
        advisory: BYPASS,
        trouble: PASSES,
    },
    Floor {
        package: NEXT,
        major: 14,
        fixed: [14, 2, 35],
        target: "14.2.35",
        supported: false,
        advisory: "CVE-2025-29927, CVE-2025-55184",
        trouble: "lets one header pass the guard in middleware, or one request stop the server",
    },
    Floor {
        package: NEXT,
        major: 15,
        fixed: [15, 5, 18],
        target: "15.5.29",
        supported: true,
        advisory: EXECUTION,
        trouble: RUNS,
    },
    Floor {
        package: NEXT,
        major: 16,
        fixed: [16, 2, 6],
        target: "16.4.6",
        supported: true,
        advisory: EXECUTION,
        trouble: RUNS,
    },
];

/// A dependency below its floor, or of a line that gets no fixes.
pub(super) struct Below {
    pub(super) package: &'static str,
    pub(super) version: String,
    /// The version to go to; `None` if it is there already and only the line is dead.
    pub(super) target: Option<&'static str>,
    pub(super) supported: bool,
    pub(super) advisory: &'static str,
    pub(super) trouble: &'static str,
}

/// Every such dependency of a package.
pub(super) fn below(package: &Package) -> Vec<Below> {
    let mut found = Vec::new();
    for name in NAMES {
        let Some(range) = package.dependencies.get(*name) else { continue };
        // A manifest that asks for a fixed version is not held back by a lockfile that is behind.
        let asked = numbers(range.trim_start_matches(['^', '~', '=', 'v']));
        let resolved = package.version(name);
        let of_lock = resolved.as_deref().and_then(numbers);
        let Some(version) = asked.into_iter().chain(of_lock).max() else { continue };
        let Some(floor) = FLOORS.iter().find(|floor| floor.package == *name && floor.major == version[0])
        else {
            continue;
        };
        let low = version < floor.fixed;
        if low || !floor.supported {
            found.push(Below {
                package: floor.package,
                version: version.map(|number| number.to_string()).join("."),
                target: low.then_some(floor.target),
                supported: floor.supported,
                advisory: floor.advisory,
                trouble: floor.trouble,
            });
        }
    }
    found
}

fn numbers(version: &str) -> Option<[u32; 3]> {
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
    fn every_target_is_above_its_floor() {
        for floor in FLOORS {
            assert!(numbers(floor.target) >= Some(floor.fixed), "{}", floor.target);
        }
    }
}
