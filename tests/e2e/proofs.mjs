// `migrate verify` on whole fixtures, each as the program migrates it: nothing fails, and what has to be asked is asked.
import { migrate, migrated, run } from "./trees.mjs";

// Probes that have to pass, so that one that is quietly not run any more is seen.
const everywhere = ["install", "build", "types", "browser-keys", "source-maps"];
const withServer = [...everywhere, "boot", "environment", "health", "pages", "deep-links", "hidden-files", "headers"];
const withSessions = [
  ...withServer,
  "guards", "session", "anonymous-calls", "bad-input", "foreign-origin", "body-limit", "cookies", "tokens", "open-redirects",
  "renewal", "restart", "sign-out", "rate-limit", "sql-migrations", "row-security",
];
export const fixtures = { spa_tasks: withSessions, lovable_spa: withSessions, bolt_spa: everywhere, v0_next: everywhere };

export async function proofs(check, args) {
  const only = args.find((argument) => argument.startsWith("--fixture="))?.split("=")[1];
  for (const [name, expected] of Object.entries(fixtures)) {
    if (only && only !== name) continue;
    const tree = migrated(name, check);
    const report = verified(tree, check, name);
    if (!report) continue;
    const failed = report.probes.filter((probe) => probe.outcome === "fail");
    check(`${name}: no probe fails`, failed.length === 0, failed.map((probe) => `${probe.id}: ${probe.details.join("; ")}`).join("\n     "));
    const quiet = expected.filter((id) => report.probes.find((probe) => probe.id === id)?.outcome === "not-run");
    check(`${name}: ${expected.length} probes are asked`, quiet.length === 0, quiet.join(", "));
  }
}

/** The report of `migrate verify`. */
export function verified(tree, check, name) {
  const ran = run(tree, migrate, ["verify", ".", "--yes", "--format", "json"]);
  const report = ran.out.startsWith("{") ? JSON.parse(ran.out) : null;
  const expected = report?.summary.fail > 0 ? 2 : 0;
  check(`${name}: verify says what it saw (exit ${ran.code})`, report !== null && ran.code === expected, ran.text.slice(-800));
  return report;
}
