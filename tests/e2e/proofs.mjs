// `migrate verify` on whole fixtures, each as the program migrates it: what fails is exactly what the plan left to do by hand, and
// what has to be asked is asked.
import { migrate, migrated, run } from "./trees.mjs";

// Probes that have to pass, so that one that is quietly not run any more is seen.
const everywhere = ["install", "build", "types", "browser-keys", "source-maps"];
const withServer = [...everywhere, "boot", "environment", "health", "pages", "deep-links", "hidden-files", "headers"];
const withSessions = [
  ...withServer,
  "guards", "session", "anonymous-calls", "bad-input", "foreign-origin", "body-limit", "cookies", "tokens", "open-redirects",
  "renewal", "restart", "sign-out", "rate-limit", "sql-migrations", "row-security", "policy-tests",
];
/** By fixture: what has to be asked, and what fails for a fault that was planted and that no codemod takes out. */
export const fixtures = {
  spa_tasks: { asked: withSessions, red: [] },
  // A form that strangers may fill in.
  lovable_spa: { asked: withSessions.filter((id) => id !== "open-redirects"), red: ["row-security"] },
  // Sessions of the framework's own calls, whose bodies the host limits.
  lovable_start: {
    asked: [
      ...withServer, "guards", "session", "anonymous-calls", "bad-input", "foreign-origin", "cookies", "tokens", "renewal", "restart", "sign-out",
      "rate-limit", "sql-migrations", "row-security", "policy-tests",
    ],
    red: [],
  },
  // A service key made by hand in a page, which keeps the sessions in the browser.
  bolt_spa: { asked: everywhere, red: ["browser-keys", "row-security"] },
  // A client that is made at the top of a module.
  v0_next: {
    asked: [
      ...withServer.filter((id) => id !== "environment"), "guards", "session", "anonymous-calls", "handlers", "bad-input", "foreign-origin",
      "body-limit", "cookies", "tokens", "renewal", "restart", "sign-out", "row-security",
    ],
    red: ["build-without-secrets", "pages", "row-security"],
  },
};

export async function proofs(check, args) {
  const only = args.find((argument) => argument.startsWith("--fixture="))?.split("=")[1];
  for (const [name, { asked, red }] of Object.entries(fixtures)) {
    if (only && only !== name) continue;
    const tree = migrated(name, check);
    const report = verified(tree, check, name);
    if (!report) continue;
    const failed = report.probes.filter((probe) => probe.outcome === "fail");
    const said = failed.map((probe) => `${probe.id}: ${probe.details.join("; ")}`).join("\n     ");
    const expected = red.length === 0 ? "no probe fails" : `what fails is ${red.join(", ")}`;
    check(`${name}: ${expected}`, failed.map((probe) => probe.id).sort().join() === [...red].sort().join(), said);
    const quiet = asked.filter((id) => report.probes.find((probe) => probe.id === id)?.outcome === "not-run");
    check(`${name}: ${asked.length} probes are asked`, quiet.length === 0, quiet.join(", "));
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
