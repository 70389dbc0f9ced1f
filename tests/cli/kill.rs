//! The program killed while it applies: after the next command the tree is the old one or the new one, whole. The steps of the
//! journal are gone through one by one in `crates/apply`; here it is the binary that is killed, at instants that the clock chooses.

use crate::program::{APP, Tree};
use std::time::{Duration, Instant};

/// Kills `verb` when its journal has been there for `after`. Whether it had not ended before.
fn killed(tree: &Tree, verb: &[&str], after: Duration) -> bool {
    let mut child = tree.start(verb);
    let journal = tree.path(".git/migrate/tx");
    let begun = loop {
        if journal.exists() {
            break true;
        }
        if child.try_wait().unwrap().is_some() {
            break false;
        }
    };
    let start = Instant::now();
    while begun && start.elapsed() < after {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

#[test]
fn a_killed_apply_leaves_the_old_tree_or_the_new_one() {
    let tree = Tree::new(APP);
    for at in 0..12 {
        tree.write(
            &format!("src/read{at}.ts"),
            &format!("export const read{at} = import.meta.env.VITE_NAME_{at};\n"),
        );
    }
    let imports: String = (0..12).map(|at| format!("import \"./read{at}\";\n")).collect();
    tree.write("src/main.tsx", &(imports + &tree.read("src/main.tsx")));
    tree.commit();
    let old = tree.files();
    tree.migrate(&["apply", "--yes"]).ended(0);
    let new = tree.files();
    assert!(old != new);
    tree.migrate(&["undo"]).ended(0);
    let (mut kills, mut rolled_back, mut finished) = (0, 0, 0);
    for round in 0..24 {
        // From the first write of the journal on, denser at the beginning.
        let after = Duration::from_micros(60 * round * round);
        kills += usize::from(killed(&tree, &["apply", "--yes"], after));
        let next = tree.migrate(&["audit", "--format", "json"]).ended(0);
        let now = tree.files();
        assert!(
            now == old || now == new,
            "neither the old tree nor the new one after {after:?}: {}",
            next.err
        );
        assert!(!tree.path(".git/migrate/tx").exists(), "{}", next.err);
        if now == new {
            finished += 1;
            assert!(killed(&tree, &["undo"], after) || tree.files() == old);
            tree.migrate(&["audit", "--format", "json"]).ended(0);
            let now = tree.files();
            assert!(now == old || now == new, "neither the old tree nor the new one after an undo");
            if now == new {
                tree.migrate(&["undo"]).ended(0);
            }
            assert!(tree.files() == old);
        } else {
            rolled_back += 1;
        }
    }
    assert!(kills > 0 && rolled_back > 0, "{kills} killed, {rolled_back} rolled back, {finished} finished");
}
