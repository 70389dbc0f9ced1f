// The same journey through the app as it came and as it was migrated, in headless Chromium: same clicks, same rows, same texts. Then
// what only the migrated app has to hold: nothing of the session in the page's reach.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { app, freePort, standin } from "./backend.mjs";
import { has, install, lay, migrated, run } from "./trees.mjs";

/** An app is served by its bundler as it came; that one is asked for its port. */
export const preview = ["node_modules/vite/bin/vite.js", "preview", "--host", "127.0.0.1", "--strictPort", "--port"];

export async function journey(check, args) {
  const ready = args.find((argument) => argument.startsWith("--tree="))?.split("=")[1];
  await journeys(check, { fixture: "spa_tasks", ready, server: ["dist-server/node.js"], travel });
}

/** A journey through both apps, compared step by step, and what every migrated app has to hold. */
export async function journeys(check, { fixture, ready, server, travel }) {
  const before = lay(fixture);
  const after = ready ?? migrated(fixture, check);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    const old = await travelled(browser, before, "before", preview, travel, check);
    const now = await travelled(browser, after, "after", server, travel, check);
    for (const step of Object.keys(old.texts)) {
      check(`journey: ${step} is as before`, old.texts[step] === now.texts[step] && !/^failed/.test(old.texts[step]), `${JSON.stringify(old.texts[step])}\n     -> ${JSON.stringify(now.texts[step])}`);
    }
    check("journey: the page keeps no token", !/refresh_token|access_token|eyJ/.test(now.stored), now.stored.slice(0, 120));
    check("journey: no script sees the session's cookie", !/session/.test(now.seenCookies), now.seenCookies);
    const flags = (cookie) => cookie.httpOnly && cookie.secure && cookie.sameSite === "Lax" && cookie.name.startsWith("__Host-");
    check("journey: its cookies are __Host-, HttpOnly, Secure and Lax", now.cookies.length > 0 && now.cookies.every(flags), JSON.stringify(now.cookies.map((cookie) => cookie.name)));
    check("journey: signing out removes them", now.left.length === 0, now.left.join(", "));
    check("journey: no error on the console", now.errors.length === 0, now.errors.join(" | "));
    const direct = now.direct.filter((request) => !/^(PUT|GET) \/storage\/v1\/object\/(upload\/sign|public)\//.test(request));
    check("journey: the browser asks the backend for files only", direct.length === 0, direct.join(", "));
  } finally {
    await browser.close();
  }
}

async function travelled(browser, tree, name, start, travel, check) {
  const installed = install(tree);
  check(`journey: ${name} installs`, installed.ok, installed.text.slice(-600));
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const backend = await standin(tree, origin);
  const values = {
    VITE_SUPABASE_URL: backend.url, VITE_SUPABASE_PUBLISHABLE_KEY: backend.publishable, VITE_SUPABASE_ANON_KEY: backend.publishable,
    SUPABASE_URL: backend.url, SUPABASE_PUBLISHABLE_KEY: backend.publishable, SUPABASE_ANON_KEY: backend.publishable, APP_ORIGIN: origin,
    SUPABASE_SERVICE_ROLE_KEY: backend.secret,
  };
  const built = run(tree, "npm", ["run", "build"], values);
  check(`journey: ${name} builds`, built.ok, built.text.slice(-900));
  const asked = start.at(-1) === "--port";
  if (!asked) check("journey: the migrated app has a server", has(tree, start[0]));
  if (!asked) {
    const old = run(tree, "timeout", ["20", "node", "--no-experimental-websocket", ...start], { ...values, PORT: String(port) });
    check("journey: a Node that is too old is refused at the start", old.code === 1 && old.text.includes("Node.js 22"), old.text.slice(-300));
  }
  const server = await app(tree, asked ? [...start, String(port)] : start, port, values);
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  try {
    return await travel(context, { origin, backend, name, tree, check });
  } finally {
    await context.close();
    server.stop();
    backend.stop();
  }
}

/** A page of which every step leaves the text that a visitor sees, every error, and every request to the backend. */
export async function watched(context, { backend, name }) {
  const page = await context.newPage();
  const [errors, direct, texts] = [[], [], {}];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && errors.push(message.text().slice(0, 200)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin === backend.url) direct.push(`${request.method()} ${url.pathname}`);
  });
  const step = async (what, action) => {
    try {
      await action();
      const text = await page.locator("body").innerText();
      texts[what] = `${new URL(page.url()).pathname} ${text.replace(/\s+/g, " ").trim()}`;
    } catch (error) {
      texts[what] = `failed in the app of ${name}: ${error.message.split("\n")[0]}`;
      const folder = join(import.meta.dirname, "failures");
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `${name}-${what.replace(/\W+/g, "-")}.png`) }).catch(() => {});
    }
  };
  const see = (text) => page.getByText(text).first().waitFor({ timeout: 15_000 });
  const at = (path) => page.waitForURL(`**${path}`, { timeout: 15_000 });
  return { page, errors, direct, texts, step, see, at };
}

/** A row that somebody else adds. */
export const added = (backend, table, row) =>
  fetch(`${backend.url}/rest/v1/${table}`, {
    method: "POST",
    headers: { apikey: backend.secret, authorization: `Bearer ${backend.secret}`, "content-type": "application/json" },
    body: JSON.stringify(row),
  });

async function travel(context, { origin, backend, name }) {
  const { page, errors, direct, texts, step, see, at } = await watched(context, { backend, name });
  await step("the front page", () => page.goto(`${origin}/`));
  await step("a protected page without a session", async () => {
    await page.goto(`${origin}/dashboard`);
    await at("/login");
  });
  await step("a wrong password", async () => {
    await page.fill("[name=email]", "nobody@example.test");
    await page.fill("[name=password]", "wrong");
    await page.click("button[type=submit]");
    await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
  });
  await step("signing up", async () => {
    await page.goto(`${origin}/signup`);
    await page.fill("[name=full_name]", "Ada Test");
    await page.fill("[name=email]", "ada@example.test");
    await page.fill("[name=password]", "a long password");
    await page.click("button[type=submit]");
    await at("/dashboard");
    await see("Hello Ada Test");
    await see("Launch checklist");
  });
  await step("a reload", async () => {
    await page.reload();
    await see("Hello Ada Test");
    await see("Launch checklist");
  });
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  const seenCookies = await page.evaluate(() => document.cookie);
  const cookies = (await context.cookies()).filter((cookie) => /session|auth/.test(cookie.name));
  await step("a list", async () => {
    await page.click("text=Templates");
    await see("Hiring plan");
  });
  await step("a row of one's own, and one of the server's", async () => {
    await page.goto(`${origin}/projects`);
    await page.fill("textarea", "Write the brief");
    await page.click("text=Add task");
    await see("user: Write the brief");
    await see("assistant: Plan: Write the brief");
  });
  await step("a row that someone else adds", async () => {
    const project = await page.getAttribute("main", "data-project");
    // The socket joins after the page has shown the project.
    await page.waitForTimeout(1500);
    await added(backend, "tasks", { project_id: project, source: "assistant", title: "Added from outside" });
    await see("Added from outside");
  });
  await step("an edge function", async () => {
    await page.goto(`${origin}/estimate`);
    await page.fill("textarea", "A landing page");
    await page.click("button");
    await see("about two days");
  });
  await step("an upload", async () => {
    await page.goto(`${origin}/profile`);
    await page.setInputFiles("[name=avatar]", { name: "me.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) });
    await page.click("text=Save changes");
    await see("Saved");
  });
  await step("signing out, here and in a second tab", async () => {
    const other = await context.newPage();
    await other.goto(`${origin}/dashboard`);
    await other.getByText("Hello Ada Test").waitFor();
    await page.goto(`${origin}/dashboard`);
    await see("Hello Ada Test");
    await page.click("text=Sign out");
    await at("/login");
    await other.waitForURL("**/login", { timeout: 15_000 });
    await other.close();
  });
  await step("signing in again", async () => {
    await page.goto(`${origin}/login`);
    await page.fill("[name=email]", "ada@example.test");
    await page.fill("[name=password]", "a long password");
    await page.click("button[type=submit]");
    await at("/dashboard");
    await see("Hello Ada Test");
    await see("Launch checklist");
  });
  await page.click("text=Sign out");
  await at("/login");
  const left = (await context.cookies()).map((cookie) => cookie.name).filter((cookie) => /session(\.|$)/.test(cookie));
  return { texts, stored, seenCookies, cookies, left, errors, direct };
}
