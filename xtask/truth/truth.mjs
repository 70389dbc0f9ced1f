// `node truth.mjs PROGRAM EXPORT...`: what a type checker finds in each export, beside what the program lists. Prints a line for each
// kind and export, and each difference with its place.
import { execFileSync } from "node:child_process";
import { relative } from "node:path";
import ts from "typescript";
import { callsOf } from "./calls.mjs";
import { programOf } from "./program.mjs";
import { handlersOf, readsOf } from "./reads.mjs";

const [program, ...exports] = process.argv.slice(2);
const totals = new Map();

for (const root of exports) {
  const name = root.split("/").pop();
  const audit = JSON.parse(execFileSync(program, ["audit", root, "--format", "json"], { encoding: "utf8", maxBuffer: 1 << 28 }));
  const { checker, files } = programOf(ts, root);
  const truth = { queries: [], env: [], auth: [], handlers: [] };
  for (const file of files) {
    const path = relative(root, file.fileName);
    const place = ({ node: part, kind, what, hand }) => {
      // A chain starts where its outermost call does: `(supabase.from("x") as any).select()`.
      let node = part;
      for (let up = part; up.parent; up = up.parent) {
        const { parent } = up;
        const wraps = ts.isParenthesizedExpression(parent) || ts.isAsExpression(parent) || ts.isNonNullExpression(parent);
        const goesOn = (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent) || ts.isCallExpression(parent)) && parent.expression === up;
        if (kind === "env" || !(wraps || goesOn)) break;
        if (ts.isCallExpression(parent) && goesOn) node = parent;
      }
      const at = file.getLineAndCharacterOfPosition(node.getStart(file));
      // Columns count characters, not the halves of UTF-16.
      const before = [...file.text.slice(file.getLineStarts()[at.line], node.getStart(file))].length;
      return { path, line: at.line + 1, column: before + 1, kind, what, hand };
    };
    for (const call of callsOf(ts, checker, file)) (call.kind === "auth" ? truth.auth : truth.queries).push(place(call));
    truth.env.push(...readsOf(ts, checker, file).map(place));
    truth.handlers.push(...handlersOf(ts, checker, file, path).map(place));
  }
  const code = new Set(files.map((file) => relative(root, file.fileName)));
  const listed = {
    queries: audit.inventory.queries.map((row) => ({ ...row, kind: row.backend, what: `${row.table} ${row.operation}` })),
    env: audit.inventory.env.flatMap((row) => row.reads.map((read) => ({ path: read.replace(/:\d+$/, ""), line: Number(/\d+$/.exec(read)[0]), kind: "env", what: row.name }))).filter((row) => code.has(row.path)),
    // Tokens, storage and the builders' own sign-in are told beside auth calls; here only calls are compared.
    auth: audit.inventory.sessions.filter((row) => ["auth", "subscription"].includes(row.kind) && !/lovable/i.test(row.call)).map((row) => ({ ...row, what: row.call })),
    handlers: audit.inventory.handlers.map((row) => ({ ...row, what: row.method })),
  };
  for (const [what, expected] of Object.entries(truth)) compare(name, what, expected, listed[what]);
}
console.log("\ntotal");
for (const [what, sum] of totals) console.log(line("all", what, sum));

function compare(name, what, expected, listed) {
  // A name read twice in one line is one place; a call is its start.
  const key = (row) => what === "env" ? `${row.path}:${row.line}:${row.what}` : what === "queries" ? `${row.path}:${row.line}:${row.column}` : `${row.path}:${row.line}`;
  const wanted = new Map(expected.map((row) => [key(row), row])), given = new Map(listed.map((row) => [key(row), row]));
  const missed = [...wanted].filter(([at]) => !given.has(at)), extra = [...given].filter(([at]) => !wanted.has(at));
  const sum = { truth: wanted.size, found: wanted.size - missed.length, missed: missed.length, extra: extra.length, hand: [...wanted.values()].filter((row) => row.hand).length };
  const total = totals.get(what) ?? { truth: 0, found: 0, missed: 0, extra: 0, hand: 0 };
  for (const part of Object.keys(sum)) total[part] += sum[part];
  totals.set(what, total);
  if (sum.truth + sum.extra) console.log(line(name, what, sum));
  for (const [at, row] of missed) console.log(`    missed ${at} ${row.kind} ${row.what}${row.hand ? " (by its words)" : ""}`);
  for (const [at, row] of extra) console.log(`    extra  ${at} ${row.kind} ${row.what}`);
}

function line(name, what, sum) {
  return `${name.slice(0, 40).padEnd(40)} ${what.padEnd(9)} truth ${String(sum.truth).padStart(4)}  found ${String(sum.found).padStart(4)}  missed ${String(sum.missed).padStart(3)}  extra ${String(sum.extra).padStart(3)}  by words ${String(sum.hand).padStart(3)}`;
}
