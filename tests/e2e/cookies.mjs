// An app whose own server reads the session from cookies: after the migration no script sees them, and files, channels and queries that
// stay in pages go by the server. In headless Chromium.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { app, freePort, standin } from "./backend.mjs";
import { install, migrated, root, run } from "./trees.mjs";

const people = ["ada", "grace"].map((name) => ({ email: `${name}@example.test`, password: "a long password" }));

export async function cookies(check) {
  const tree = migrated("own-cookies", check, join(root, "codemods/sessions_to_server/fixtures/own_cookies_more/before"));
  const installed = install(tree);
  check("cookies: installs", installed.ok, installed.text.slice(-600));
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const backend = await standin(tree, origin);
  const values = { NEXT_PUBLIC_SUPABASE_URL: backend.url, NEXT_PUBLIC_SUPABASE_ANON_KEY: backend.publishable, APP_ORIGIN: origin };
  const built = run(tree, "npm", ["run", "build"], values);
  check("cookies: builds", built.ok, built.text.slice(-900));
  const sent = files(join(tree, ".next/static")).filter((path) => readFileSync(path, "utf8").includes(backend.publishable));
  check("cookies: no key in what the browser gets", sent.length === 0, sent.join(", "));
  const server = await app(tree, ["node_modules/next/dist/bin/next", "start", "-p", String(port)], port, values);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--headless", "--no-sandbox", "--disable-gpu"] });
  try {
    await travel(await browser.newContext(), { origin, backend, check });
  } finally {
    await browser.close();
    server.stop();
    backend.stop();
  }
}

async function travel(context, { origin, backend, check }) {
  const ask = (path, method, body, token = backend.publishable) =>
    fetch(`${backend.url}${path}`, { method, headers: { apikey: token, authorization: `Bearer ${token}`, "content-type": "application/json" }, body: JSON.stringify(body) });
  for (const visitor of people) await ask("/auth/v1/signup", "POST", visitor);
  for (const visitor of people) {
    const signedIn = await (await ask("/auth/v1/token?grant_type=password", "POST", visitor)).json();
    const name = visitor.email.split("@")[0];
    await ask("/rest/v1/boats", "POST", { id: `boat-of-${name}`, name, skipper: signedIn.user.id }, backend.secret);
  }
  const gateway = (path, headers = { "X-Requested-With": "fetch" }, method = "GET") => fetch(`${origin}/api/supabase/rest/v1/${path}`, { method, headers });
  check("cookies: the anonymous get no rows", (await gateway("boats?select=id")).status === 401);
  check("cookies: another site's page gets none", (await gateway("boats?select=id", {})).status === 403);
  check("cookies: no other table", (await gateway("users?select=id")).status === 403);
  check("cookies: no other verb", (await gateway("boats?id=eq.1", undefined, "DELETE")).status === 403);

  const page = await context.newPage();
  const [errors, sockets] = [[], []];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("websocket", (socket) => sockets.push(new URL(socket.url()).pathname));
  await page.goto(`${origin}/pier`);
  check("cookies: a protected page leads to the sign-in", page.url() === `${origin}/enter`, page.url());
  await page.fill("[name=email]", people[0].email);
  await page.fill("[name=password]", people[0].password);
  await page.evaluate(() => document.querySelector("form").requestSubmit());
  await page.waitForURL("**/pier", { timeout: 15_000 });
  const seen = await page.evaluate(() => [document.cookie, JSON.stringify({ ...localStorage, ...sessionStorage })].join());
  check("cookies: no script sees the session", !/auth-token|access_token|eyJ/.test(seen), seen.slice(0, 200));
  const flags = (await context.cookies()).filter((cookie) => cookie.name.includes("auth-token"));
  check("cookies: they are HttpOnly and Lax", flags.length > 0 && flags.every((cookie) => cookie.httpOnly && cookie.sameSite === "Lax"), JSON.stringify(flags.map((cookie) => cookie.name)));
  await page.reload();
  const own = page.getByLabel("boat-of-ada");
  check("cookies: a reload shows one's own rows", await appears(own));
  check("cookies: nobody else's", (await page.getByLabel("boat-of-grace").count()) === 0);
  await own.setInputFiles({ name: "bow.png", mimeType: "image/png", buffer: Buffer.from("a photograph") });
  const photo = `${backend.url}/storage/v1/object/public/photos/boat-of-ada/bow.png`;
  check("cookies: a file goes by a one-time address", await until(async () => (await (await fetch(photo)).text()) === "a photograph"));
  check("cookies: a channel opens", await until(async () => sockets.some((path) => path.endsWith("/websocket"))), sockets.join(", "));
  await page.click("text=Leave");
  check("cookies: signing out removes them", await until(async () => !(await context.cookies()).some((cookie) => cookie.name.endsWith("auth-token"))));
  check("cookies: no error on the page", errors.length === 0, errors.join(" | "));
}

const files = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

const appears = (locator) => locator.waitFor({ timeout: 15_000 }).then(() => true, () => false);

/** Whether it becomes true within 15 seconds. */
async function until(holds) {
  for (let tries = 0; tries < 75; tries += 1) {
    if (await holds()) return true;
    await new Promise((done) => setTimeout(done, 200));
  }
  return false;
}
