//! Time and peak memory of `audit` and `plan` on one export, beside `ast-grep scan` with five rules of the same kind on the
//! same tree in the same run. It prints both and fails nothing. ast-grep: `npm install --global @ast-grep/cli`.

use crate::run::run;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);
const RUNS: usize = 7;

/// What an audit looks for, as ast-grep rules: client calls, chains, env reads, literals that look like keys, handlers.
const RULES: &str = r#"id: query-chain
language: Tsx
severity: warning
message: database call
rule: { pattern: $CLIENT.from($TABLE) }
---
id: env-read
language: Tsx
severity: warning
message: environment read
rule: { any: [{ pattern: import.meta.env.$NAME }, { pattern: process.env.$NAME }] }
---
id: auth-call
language: Tsx
severity: warning
message: auth call
rule: { pattern: $CLIENT.auth.$METHOD($$$ARGS) }
---
id: key-literal
language: Tsx
severity: warning
message: literal that looks like a key
rule: { kind: string, regex: "(sk-|sk_live_|eyJ|AIza|gsk_|sb_secret_)[A-Za-z0-9_-]{16,}" }
---
id: storage-token
language: Tsx
severity: warning
message: token in storage
rule: { any: [{ pattern: localStorage.setItem($$$ARGS) }, { pattern: localStorage.getItem($$$ARGS) }] }
"#;

/// See the module.
pub(crate) fn run_bench(program: &Path, folder: &Path) -> anyhow::Result<()> {
    let rules = tempfile::tempdir()?;
    let mut files = Vec::new();
    for (at, language) in ["Tsx", "TypeScript", "JavaScript"].into_iter().enumerate() {
        let path = rules.path().join(format!("{at}.yml"));
        std::fs::write(&path, RULES.replace("language: Tsx", &format!("language: {language}")))?;
        files.push(path.display().to_string());
    }
    println!(
        "{:<24} {:>9} {:>9} {:>8}   median of {RUNS} runs on {}",
        "",
        "median s",
        "best s",
        "peak MB",
        folder.display()
    );
    let migrate = program.display().to_string();
    let mut all: Vec<(String, String, Vec<String>)> = vec![
        (
            "migrate audit".into(),
            migrate.clone(),
            vec!["audit".into(), ".".into(), "--format".into(), "json".into()],
        ),
        ("migrate plan".into(), migrate, vec!["plan".into(), ".".into(), "--format".into(), "json".into()]),
    ];
    for (file, language) in files.iter().zip(["tsx", "ts", "js"]) {
        all.push((
            format!("ast-grep, 5 rules, {language}"),
            "ast-grep".into(),
            vec!["scan".into(), "--rule".into(), file.clone(), "--json=stream".into(), ".".into()],
        ));
    }
    for (title, program, args) in all {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let (mut seconds, mut peak) = (Vec::new(), 0.0_f64);
        for _ in 0..RUNS {
            match run(Path::new(&program), &args, folder, LIMIT) {
                Ok(ran) => {
                    seconds.push(ran.seconds);
                    peak = peak.max(ran.peak_mb);
                }
                Err(error) => {
                    println!("{title:<24} not run: {error}");
                    break;
                }
            }
        }
        seconds.sort_by(f64::total_cmp);
        if let (Some(best), Some(median)) = (seconds.first(), seconds.get(seconds.len() / 2)) {
            println!("{title:<24} {median:>9.3} {best:>9.3} {peak:>8.0}");
        }
    }
    Ok(())
}
