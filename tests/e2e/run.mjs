// The parts of the end-to-end run, in order. Each is a function that is given `check`; what fails is printed, and kept in failures/.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conformance } from "./conformance.mjs";
import { cookies } from "./cookies.mjs";
import { journey } from "./journey.mjs";
import { rendered } from "./rendered.mjs";
import { mutations } from "./mutations.mjs";
import { proofs } from "./proofs.mjs";
import { routing } from "./routing.mjs";

const parts = { conformance, routing, proofs, journey, rendered, cookies, mutations };

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(", ")}; there are ${Object.keys(parts).join(", ")}.`);
  process.exit(64);
}

const failures = [];
let passed = 0;
function check(name, ok, detail = "") {
  if (ok) passed += 1;
  else failures.push(`${name}${detail ? `\n     ${detail}` : ""}`);
  console.log(`${ok ? "ok  " : "FAIL"} ${name}${ok || !detail ? "" : `\n     ${detail}`}`);
  return ok;
}

const kept = join(import.meta.dirname, "failures");
rmSync(kept, { recursive: true, force: true });
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const begun = Date.now();
  console.log(`\n== ${name}`);
  try {
    await part(check, process.argv.slice(2));
  } catch (error) {
    check(`${name} runs to the end`, false, String(error?.stack ?? error));
  }
  console.log(`   ${Math.round((Date.now() - begun) / 1000)} s`);
}
if (failures.length > 0) {
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, "failures.txt"), `${failures.join("\n")}\n`);
}
console.log(`\n${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
