//! Prints what is known of each folder that is named: `cargo run -p stack --example survey -- DIR...`. For looking at exports.
#![expect(clippy::print_stdout, reason = "an example prints")]

use project::{Project, ReadOptions};
use stack::{Side, Stack};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

fn main() -> anyhow::Result<()> {
    let mut folders: Vec<String> = std::env::args().skip(1).collect();
    let wanted = folders.iter().position(|word| word == "--files").map(|at| folders.remove(at)).is_some();
    for folder in folders {
        let start = Instant::now();
        let project = Project::read(Path::new(&folder), &ReadOptions::default())?;
        let read = start.elapsed();
        let stack = Stack::detect(&project);
        let all = start.elapsed();
        let app = project.apps.first();
        println!("{folder}");
        println!("  builder {} {} {:?}", stack.builder.id, stack.builder.confidence, stack.builder.tells);
        println!("  {} {} {:?}", stack.generation, stack.framework.title(), stack.framework_version);
        let apps: Vec<&str> = project.apps.iter().map(|app| app.folder.as_str()).collect();
        println!(
            "  apps {apps:?} ambiguous {:?} packages {}",
            project.ambiguous_roots,
            project.packages.len()
        );
        println!("  manager {:?}", app.map(|app| format!("{}: {}", app.manager.id(), app.manager_reason)));
        for lockfile in project.packages.iter().flat_map(|package| &package.lockfiles) {
            println!("    {} {:?} {:?}", lockfile.path, lockfile.in_sync, lockfile.private_hosts);
        }
        let ids: Vec<&str> = stack.backends.iter().map(|backend| backend.id()).collect();
        let hosts: Vec<&str> = stack.hosts.iter().map(|host| host.id()).collect();
        println!(
            "  backends {ids:?} hosts {hosts:?} git {} dirty {}",
            project.vcs.present,
            project.vcs.dirty.len()
        );
        let (mut sides, mut states, mut skipped) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut bytes = 0;
        for file in &project.files {
            bytes += file.text.len();
            if matches!(file.kind, project::Kind::Code(_)) && file.skipped.is_none() {
                *sides.entry(stack.side(file.id)).or_insert(0) += 1;
                *states.entry(format!("{:?}", file.parse)).or_insert(0) += 1;
            }
            if let Some(why) = file.skipped {
                *skipped.entry(format!("{why:?}")).or_insert(0) += 1;
            }
            if wanted {
                let side = stack.side(file.id);
                if side != Side::None || matches!(file.kind, project::Kind::Code(_)) {
                    println!("    {:?} {} ({})", side, file.path, stack.side_reasons[file.id.0 as usize]);
                }
            }
        }
        println!(
            "  files {} text {} KB sides {sides:?} parse {states:?} skipped {skipped:?}",
            project.files.len(),
            bytes / 1024
        );
        println!("  output {:?}", project.output_folders);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("");
        println!(
            "  read {:.2}s all {:.2}s {}",
            read.as_secs_f64(),
            all.as_secs_f64(),
            peak.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
    Ok(())
}
