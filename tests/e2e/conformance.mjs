// The stand-in answers supabase-js as a hosted project does: its own tests, on PGlite, and on PostgreSQL when DATABASE_URL is given.
import { join } from "node:path";
import { root, run } from "./trees.mjs";

export function conformance(check) {
  const folder = join(root, "crates/verify/standin");
  const databases = ["pglite:", process.env.DATABASE_URL].filter(Boolean).join(" ");
  const ran = run(folder, process.execPath, ["--test", "--test-concurrency=1", "test/conformance.test.mjs", "test/extensions.test.mjs"], { STANDIN_DB: databases });
  const count = (word) => Number(ran.text.match(new RegExp(`^# ${word} (\\d+)`, "m"))?.[1] ?? ran.text.match(new RegExp(`^ℹ ${word} (\\d+)`, "m"))?.[1] ?? 0);
  check(`the stand-in answers supabase-js as the hosted service does (${count("pass")} of ${count("tests")})`, ran.ok && count("pass") >= 32, ran.text.slice(-1500));
}
