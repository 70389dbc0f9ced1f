// The journey through an app whose own framework serves its pages and functions, and what such an app answers to a stranger.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { added, journeys, preview, watched } from "./journey.mjs";

const visitor = { email: "ada@example.test", password: "a long password" };

export async function rendered(check, args) {
  const ready = args.find((argument) => argument.startsWith("--tree="))?.split("=")[1];
  await journeys(check, { fixture: "lovable_start", ready, server: preview, travel });
}

async function travel(context, { origin, backend, name, tree, check }) {
  const { page, errors, direct, texts, step, see, at } = await watched(context, { backend, name });
  const signUp = { method: "POST", headers: { apikey: backend.publishable, "content-type": "application/json" }, body: JSON.stringify(visitor) };
  const { user } = await (await fetch(`${backend.url}/auth/v1/signup`, signUp)).json();
  const calls = [];
  page.on("request", (request) => request.url().includes("/_serverFn/") && calls.push(request));
  const row = (title) => page.getByRole("listitem").filter({ hasText: title });
  const signIn = async () => {
    await page.fill("[aria-label=Email]", visitor.email);
    await page.fill("[aria-label=Password]", visitor.password);
    await page.click("text=Sign in");
    await at("/visits");
    await see(visitor.email);
  };

  await step("the front page", () => page.goto(`${origin}/`));
  await step("a protected page without a session", async () => {
    await page.goto(`${origin}/visits`);
    await at("/login");
    await page.waitForLoadState("networkidle");
  });
  await step("signing in", signIn);
  await step("a reload", async () => {
    await page.reload();
    await see(visitor.email);
  });
  const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  const seenCookies = await page.evaluate(() => document.cookie);
  const cookies = (await context.cookies()).filter((cookie) => /session|auth/.test(cookie.name));
  await step("adding rows", async () => {
    for (const title of ["North pier", "South pier"]) {
      await page.fill("[aria-label=Title]", title);
      await page.click("text=Add");
      await row(title).waitFor();
    }
  });
  await step("changing a row", async () => {
    await page.fill("[aria-label=Title]", "West pier");
    await row("North pier").getByText("Rename").click();
    await row("West pier").waitFor();
  });
  await step("removing a row", async () => {
    await row("South pier").getByText("Remove").click();
    await row("South pier").waitFor({ state: "detached" });
  });
  await step("a route of the app that asks for the token", async () => {
    await page.click("text=Count");
    await see("1 in all");
    await page.click("text=Titles");
    await see("Titles: West pier");
  });
  await step("the rows after a reload", async () => {
    await page.reload();
    await row("West pier").waitFor();
  });
  await step("a row that someone else adds", async () => {
    // The socket joins after the page has shown the rows.
    await page.waitForTimeout(1500);
    await added(backend, "visits", { owner_id: user.id, title: "Added from outside" });
    await row("Added from outside").waitFor();
  });
  await step("signing out, here and in a second tab", async () => {
    const other = await context.newPage();
    await other.goto(`${origin}/visits`);
    await other.getByText(visitor.email).waitFor();
    await page.click("text=Sign out");
    await at("/login");
    await other.waitForURL("**/login", { timeout: 15_000 });
    await other.close();
    await see("Sign in");
  });
  await step("signing in again", async () => {
    await signIn();
    await row("West pier").waitFor();
  });
  if (name === "after") await named({ origin, context, check });
  const told = (what) => page.waitForURL(({ searchParams }) => searchParams.has(what) && searchParams.get("state") === "kept", { timeout: 15_000 });
  const program = await registered(backend, `${origin}/?program`);
  await step("a program that asks to act for the visitor, refused", async () => {
    await page.goto(`${origin}/.lovable/oauth/consent?authorization_id=${await program.asks()}`);
    await see("Harbour notes asks to read your visits.");
    await page.click("text=Refuse");
    await told("error");
  });
  await step("the same program, allowed", async () => {
    await page.goto(`${origin}/.lovable/oauth/consent?authorization_id=${await program.asks()}`);
    await page.click("text=Allow");
    await told("code");
  });
  await step("the program that was allowed before", async () => {
    await page.goto(`${origin}/.lovable/oauth/consent?authorization_id=${await program.asks()}`);
    await told("code");
  });
  await page.goto(`${origin}/visits`);
  await page.click("text=Sign out");
  await at("/login");
  const left = (await context.cookies()).map((cookie) => cookie.name).filter((cookie) => /session(\.|$)/.test(cookie));
  if (name === "after") await strangers({ origin, backend, tree, calls, check });
  return { texts, stored, seenCookies, cookies, left, errors, direct };
}

/** Another program, which asks with its own name to act for whoever answers. */
async function registered(backend, redirect_uri) {
  const named = { client_name: "Harbour notes", redirect_uris: [redirect_uri] };
  const post = { method: "POST", headers: { apikey: backend.publishable, "content-type": "application/json" }, body: JSON.stringify(named) };
  const { client_id } = await (await fetch(`${backend.url}/auth/v1/oauth/clients/register`, post)).json();
  const query = new URLSearchParams({ client_id, redirect_uri, response_type: "code", state: "kept" });
  const asks = async () => {
    const answer = await fetch(`${backend.url}/auth/v1/oauth/authorize?${query}`, { redirect: "manual" });
    return new URL(answer.headers.get("location")).searchParams.get("authorization_id");
  };
  return { asks };
}

/** What routes of the app answer to the name that its pages have for the token. */
async function named({ origin, context, check }) {
  const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const own = { "sec-fetch-site": "same-origin" };
  const foreign = { "sec-fetch-site": "cross-site", origin: "https://elsewhere.example" };
  const asked = async (headers, path = "/api/visits/count") => (await fetch(`${origin}${path}`, { headers })).status;
  const name = "cookie.00000000-0000-4000-8000-000000000000.1";
  const authorization = `Bearer ${name}`;
  const link = `/api/visits/titles?token=${name}`;
  const answers = {
    "a request without the token": [await asked({ ...own, cookie }), 401],
    "the name with the cookie": [await asked({ ...own, cookie, authorization }), 200],
    "the name without the cookie": [await asked({ ...own, authorization }), 401],
    "the name from another site": [await asked({ ...foreign, cookie, authorization }), 403],
    "a token that is none": [await asked({ ...own, cookie, authorization: "Bearer made-up" }), 401],
    "a link of the app": [await asked({ ...own, cookie }, link), 200],
    "a link without the cookie": [await asked(own, link), 401],
    "a link of another site": [await asked({ ...foreign, cookie }, link), 403],
    "a link from nowhere": [await asked({ cookie }, link), 403],
  };
  for (const [what, [status, expected]] of Object.entries(answers)) check(`rendered: ${what} is answered ${expected}`, status === expected, String(status));
}

/** What somebody without a session, or another site with the visitor's browser, is answered. */
async function strangers({ origin, backend, tree, calls, check }) {
  const guarded = await fetch(`${origin}/visits`, { redirect: "manual" });
  const body = await guarded.text();
  check("rendered: a protected page answers a stranger 307 with nothing in it", guarded.status === 307 && body === "", `${guarded.status} ${body.slice(0, 80)}`);
  const onward = await fetch(`${origin}/api/public/nightly`, { redirect: "manual" });
  const goesOn = onward.status === 302 && onward.headers.get("location") === "https://status.example/nightly" && onward.headers.get("x-content-type-options") === "nosniff";
  check("rendered: a route that leads elsewhere still does", goesOn, `${onward.status} ${onward.headers.get("location")}`);
  const functions = new Map(calls.map((call) => [`${call.method()} ${new URL(call.url()).pathname}`, call]));
  const refused = { 401: 0, 403: 0 };
  for (const call of functions.values()) {
    const sent = { method: call.method(), body: call.postData() ?? undefined };
    const headers = { ...call.headers(), "sec-fetch-site": "same-origin" };
    delete headers.cookie;
    const own = await fetch(call.url(), { ...sent, headers });
    if (own.status === 401) refused[401] += 1;
    const foreign = await fetch(call.url(), { ...sent, headers: { ...headers, "sec-fetch-site": "cross-site", origin: "https://elsewhere.example" } });
    if (foreign.status === 403) refused[403] += 1;
  }
  // Listing, adding, changing and removing rows, and the channel's token ask for a session; signing in and out and asking who it is do not.
  check("rendered: functions of a visitor answer a stranger 401", refused[401] >= 4, JSON.stringify(refused));
  const grants = [...functions.values()].filter((call) => call.postData()?.includes("authorizationId"));
  const answers = await Promise.all(grants.map((call) => fetch(call.url(), { method: "POST", body: call.postData(), headers: { ...call.headers(), cookie: "", "sec-fetch-site": "same-origin" } })));
  check("rendered: no stranger answers another program", answers.length > 0 && answers.every(({ status }) => status === 401), answers.map(({ status }) => status).join());
  check("rendered: no function answers another site", functions.size > 0 && refused[403] === functions.size, `${refused[403]} of ${functions.size}`);
  const files = readdirSync(join(tree, "dist/client"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const keys = [backend.publishable, backend.secret, "service_role", "SUPABASE_SECRET"];
  const told = files.filter((entry) => keys.some((key) => readFileSync(join(entry.parentPath, entry.name), "latin1").includes(key)));
  check("rendered: no file of the browser holds a key", files.length > 0 && told.length === 0, told.map((entry) => entry.name).join(", "));
}
