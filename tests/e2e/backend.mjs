// Servers on this machine: the stand-in for the backend, and the app in front of it. They end with this process.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { clean, root } from "./trees.mjs";

const running = new Set();
const end = (child) => {
  running.delete(child);
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {}
};
process.on("exit", () => [...running].forEach(end));

export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Starts a command and waits until `ready` says so of what it has printed, or of the world. */
export async function start(command, args, options, ready) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  running.add(child);
  let said = "";
  let ended = false;
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stderr.on("data", (chunk) => (said += chunk));
  child.on("exit", () => (ended = true));
  for (let tries = 0; tries < 600; tries += 1) {
    if (await ready(said)) return { said: () => said, stop: () => end(child) };
    if (ended) break;
    await new Promise((done) => setTimeout(done, 100));
  }
  end(child);
  throw new Error(`${command} ${args.join(" ")} did not start:\n${said.slice(-1000)}`);
}

/** The stand-in, with the SQL of the app and doubles of its edge functions. A PostgreSQL server when DATABASE_URL names an empty database. */
export async function standin(tree, siteUrl) {
  const port = await freePort();
  const args = [
    "src/cli.mjs",
    `--port=${port}`,
    `--db=${process.env.DATABASE_URL ?? "pglite:"}`,
    `--migrations=${join(tree, "supabase/migrations")}`,
    `--functions=${join(import.meta.dirname, "functions.mjs")}`,
    `--site-url=${siteUrl}`,
  ];
  const server = await start(process.execPath, args, { cwd: join(root, "crates/verify/standin"), env: clean }, (said) => /SUPABASE_SECRET_KEY=\S+/.test(said));
  const keys = Object.fromEntries([...server.said().matchAll(/^(SUPABASE_\w+)=(.*)$/gm)].map((match) => [match[1], match[2]]));
  return { ...server, url: keys.SUPABASE_URL, publishable: keys.SUPABASE_PUBLISHABLE_KEY, secret: keys.SUPABASE_SECRET_KEY };
}

/** The app at `http://localhost:port`. */
export function app(tree, args, port, env) {
  const answers = () => fetch(`http://localhost:${port}/`).then(() => true, () => false);
  return start(process.execPath, args, { cwd: tree, env: { ...clean, NODE_ENV: "production", PORT: String(port), HOST: "127.0.0.1", ...env } }, answers);
}
