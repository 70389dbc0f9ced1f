// The end-to-end run: each whole export as it came and as it is migrated, side by side.
//
// For both trees: install, type check, build, boot, and every page of the list in Chromium. The migrated tree must install,
// have no type error that was not there before, build if it built, show the same texts, and hold no secret in any file that
// the browser gets. A second plan must be empty, and `undo` must give every byte back.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";

const root = resolve(import.meta.dirname, "../..");
const migrate = join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "release/migrate");

// What each export needs to boot, and what to look at. `env` holds made-up values; nothing of it is reached over the network.
const exports_ = [
  {
    name: "lovable_spa",
    types: ["-p", "tsconfig.app.json"],
    boot: (port) => ["npx", "--no-install", "vite", "preview", "--host", "127.0.0.1", "--port", String(port), "--strictPort"],
    pages: ["/", "/sign-in", "/beds"],
    clicks: [["/sign-in", async (page) => {
      await page.getByLabel("Email").fill("nobody@garden.example");
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
    }]],
    built: "dist",
  },
  {
    name: "bolt_spa",
    types: ["-p", "tsconfig.app.json"],
    boot: (port) => ["npx", "--no-install", "vite", "preview", "--host", "127.0.0.1", "--port", String(port), "--strictPort"],
    pages: ["/"],
    clicks: [["/", async (page) => {
      await page.getByLabel("Word").fill("wrong");
      await page.getByRole("button", { name: "Enter" }).click();
    }]],
    built: "dist",
  },
  {
    name: "v0_next",
    types: [],
    boot: (port) => ["npx", "--no-install", "next", "start", "-H", "127.0.0.1", "-p", String(port)],
    pages: ["/login", "/dashboard"],
    clicks: [],
    built: ".next/static",
  },
  {
    name: "lovable_start",
    types: [],
    pages: [],
    clicks: [],
    built: "dist/client",
  },
];

// Given to both trees alike.
const values = {
  VITE_SITE_URL: "http://127.0.0.1", VITE_WEATHER_URL: "http://127.0.0.1:9/weather",
  VITE_SUPABASE_URL: "http://127.0.0.1:9", VITE_SUPABASE_ANON_KEY: "anon", VITE_SUPABASE_PUBLISHABLE_KEY: "anon",
  NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9", NEXT_PUBLIC_SUPABASE_ANON_KEY: "anon",
  NEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY: "none", SUPABASE_SERVICE_ROLE_KEY: "none",
  SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_PUBLISHABLE_KEY: "anon",
};
const env = { PATH: process.env.PATH, HOME: process.env.HOME, CI: "1", NEXT_TELEMETRY_DISABLED: "1", ...values };

let passed = 0;
const failures = [];
function check(name, ok, detail = "") {
  if (ok) passed += 1;
  else failures.push(`${name}${detail ? `: ${detail}` : ""}`);
  console.log(`${ok ? "ok  " : "FAIL"} ${name}${ok || !detail ? "" : `\n     ${detail}`}`);
}

function run(folder, command, ...args) {
  const ran = spawnSync(command, args, { cwd: folder, env, encoding: "utf8", timeout: 600_000, maxBuffer: 1 << 28 });
  return { ok: ran.status === 0, text: `${ran.stdout ?? ""}${ran.stderr ?? ""}`, stdout: ran.stdout ?? "" };
}

function lay(name) {
  const folder = mkdtempSync(join(tmpdir(), `migrate-e2e-${name}-`));
  const tree = join(folder, "tree");
  cpSync(join(root, "fixtures", name), tree, { recursive: true });
  run(tree, "git", "init", "-q");
  run(tree, "git", "add", "-A", "-f");
  run(tree, "git", "-c", "user.name=e2e", "-c", "user.email=e2e@localhost", "commit", "-q", "-m", "as exported");
  return { folder, tree };
}

/** Errors of the type checker without their line: lines move. */
function typeErrors(tree, args) {
  const ran = run(tree, "npx", "--no-install", "tsc", "--noEmit", "--pretty", "false", ...args);
  return ran.stdout.split("\n").filter((line) => line.includes("error TS")).map((line) => line.replace(/\(\d+,\d+\)/, ""));
}

function health(tree, one) {
  const installed = run(tree, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent");
  const built = run(tree, "npm", "run", "build");
  return { installed, built, errors: typeErrors(tree, one.types) };
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** The texts of all pages, and after all clicks, of a tree that is built. */
async function look(tree, one, browser) {
  if (!one.boot) return {};
  const port = await freePort();
  const [command, ...args] = one.boot(port);
  const server = spawn(command, args, { cwd: tree, env, stdio: "ignore", detached: true });
  const seen = {};
  try {
    for (let tries = 0; tries < 120; tries += 1) {
      if (await fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false)) break;
      await new Promise((done) => setTimeout(done, 250));
    }
    const context = await browser.newContext();
    // Nothing leaves this machine: what is not ours is answered with an error.
    await context.route("**/*", (route) => (route.request().url().startsWith(`http://127.0.0.1:${port}/`) ? route.continue() : route.abort()));
    const steps = [...one.pages.map((path) => [path, async () => {}]), ...one.clicks];
    for (const [at, [path, step]] of steps.entries()) {
      const page = await context.newPage();
      const errors = [];
      page.on("pageerror", (error) => errors.push(error.message));
      await page.goto(`http://127.0.0.1:${port}${path}`, { waitUntil: "load" });
      await page.waitForTimeout(500);
      await step(page);
      await page.waitForTimeout(300);
      seen[`${at} ${path}`] = { text: await page.locator("body").innerText(), url: new URL(page.url()).pathname, errors };
      await page.close();
    }
    await context.close();
  } finally {
    process.kill(-server.pid, "SIGKILL");
  }
  return seen;
}

/** All files below a folder, as one text. */
function bundle(folder) {
  if (!existsSync(folder)) return "";
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n");
}

async function prove(one, browser) {
  const before = lay(one.name);
  const after = lay(one.name);
  const applied = run(after.tree, migrate, "apply", ".", "--yes");
  check(`${one.name}: apply`, applied.ok, applied.text.slice(-600));
  const again = run(after.tree, migrate, "plan", ".", "--format", "json");
  const changes = again.ok ? JSON.parse(again.stdout).changes : null;
  check(`${one.name}: the second plan is empty`, changes?.length === 0, JSON.stringify(changes)?.slice(0, 400));
  const old = health(before.tree, one);
  const now = health(after.tree, one);
  check(`${one.name}: installs`, now.installed.ok || !old.installed.ok, now.installed.text.slice(-600));
  const known = [...old.errors];
  const fresh = now.errors.filter((error) => {
    const at = known.indexOf(error);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
  check(`${one.name}: no new type error (${old.errors.length} before)`, fresh.length === 0, fresh.join("\n     "));
  check(`${one.name}: builds${old.built.ok ? "" : " (did not before)"}`, now.built.ok || !old.built.ok, now.built.text.slice(-900));
  if (old.built.ok && now.built.ok && one.boot) {
    const [left, right] = [await look(before.tree, one, browser), await look(after.tree, one, browser)];
    for (const step of Object.keys(left)) {
      const same = JSON.stringify(left[step]) === JSON.stringify(right[step]);
      check(`${one.name}: ${step} looks and behaves as before`, same, `${JSON.stringify(left[step])}\n  -> ${JSON.stringify(right[step])}`);
    }
  }
  const moved = JSON.parse(again.stdout || "{}");
  check(`${one.name}: something is left to see`, Array.isArray(moved.findings));
  for (const value of serverSecrets(after.tree)) {
    check(`${one.name}: a value of .env.local without public name is in no file of the browser`, !bundle(join(after.tree, one.built)).includes(value));
  }
  const undone = lay(one.name);
  const first = run(undone.tree, migrate, "apply", ".", "--yes");
  const back = run(undone.tree, migrate, "undo", ".");
  const status = run(undone.tree, "git", "status", "--porcelain", "--ignored");
  check(`${one.name}: undo gives every byte back`, first.ok && back.ok && status.stdout === "", `${back.text.slice(-300)} ${status.stdout}`);
  for (const { folder } of [before, after, undone]) rmSync(folder, { recursive: true, force: true });
}

function serverSecrets(tree) {
  const path = join(tree, ".env.local");
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").filter((line) => /^[A-Z]/.test(line) && !/^(VITE|NEXT_PUBLIC|EXPO_PUBLIC)_/.test(line));
  return lines.map((line) => line.slice(line.indexOf("=") + 1).replace(/^["']|["']$/g, "")).filter((value) => value.length > 8);
}

const wanted = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
for (const one of exports_.filter((one) => wanted.length === 0 || wanted.includes(one.name))) {
  try {
    await prove(one, browser);
  } catch (error) {
    check(`${one.name}: runs to the end`, false, String(error?.stack ?? error));
  }
}
await browser.close();
if (failures.length > 0) {
  mkdirSync(join(import.meta.dirname, "failures"), { recursive: true });
  writeFileSync(join(import.meta.dirname, "failures/last.txt"), failures.join("\n"));
}
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
