// Trees: a fixture as it came, and as the program migrates it; and the commands that run in them.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");
export const migrate = process.env.MIGRATE ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/migrate");

const laid = [];
process.on("exit", () => {
  for (const folder of laid) rmSync(folder, { recursive: true, force: true });
});

/** What commands get: where programs, packages and certificates are. */
export const clean = Object.fromEntries(
  Object.entries({
    PATH: process.env.PATH,
    HOME: process.env.HOME ?? homedir(),
    CI: "1",
    NO_COLOR: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS,
    SSL_CERT_FILE: process.env.SSL_CERT_FILE,
    npm_config_cache: process.env.npm_config_cache,
    npm_config_registry: process.env.npm_config_registry,
  }).filter(([, value]) => value !== undefined),
);

/** Runs a command in a folder to its end. */
export function run(folder, command, args, env = {}) {
  const ran = spawnSync(command, args, { cwd: folder, env: { ...clean, ...env }, encoding: "utf8", timeout: 900_000, maxBuffer: 1 << 28 });
  return { code: ran.status, ok: ran.status === 0, out: ran.stdout ?? "", text: `${ran.stdout ?? ""}${ran.stderr ?? ""}` };
}

/** A copy of a fixture, or of another folder under that name, in a repository of its own. */
export function lay(name, from = join(root, "fixtures", name)) {
  const tree = join(mkdtempSync(join(tmpdir(), `migrate-e2e-${name}-`)), "app");
  laid.push(resolve(tree, ".."));
  cpSync(from, tree, { recursive: true, filter: (path) => !path.includes("node_modules") });
  run(tree, "git", ["init", "-q"]);
  run(tree, "git", ["add", "-A", "-f"]);
  run(tree, "git", ["-c", "user.name=e2e", "-c", "user.email=e2e@localhost", "commit", "-q", "-m", "as exported"]);
  return tree;
}

/** The fixture as the program migrates it, with the checks that every migration has to pass. */
export function migrated(name, check, from) {
  const tree = lay(name, from);
  const applied = run(tree, migrate, ["apply", ".", "--yes"]);
  check(`${name}: apply`, applied.ok, applied.text.slice(-600));
  const again = run(tree, migrate, ["plan", ".", "--format", "json"]);
  const changes = again.ok ? JSON.parse(again.out).changes : null;
  check(`${name}: a second plan is empty`, changes?.length === 0, JSON.stringify(changes)?.slice(0, 400));
  return tree;
}

/** Another copy of a tree, with what `apply` has kept of it. */
export function copied(tree) {
  const folder = mkdtempSync(join(tmpdir(), "migrate-e2e-copy-"));
  laid.push(folder);
  const to = join(folder, "app");
  cpSync(tree, to, { recursive: true, filter: (path) => !path.includes("node_modules") && !path.endsWith("/dist") });
  return to;
}

/** Installs the packages of an app, without their scripts. */
export function install(tree) {
  return run(tree, "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--silent"]);
}

export const has = (tree, path) => existsSync(join(tree, path));
