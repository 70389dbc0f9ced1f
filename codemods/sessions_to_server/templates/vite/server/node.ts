import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
//#if inline
import { createHash } from "node:crypto";
//#end
import { readFileSync } from "node:fs";
import { type Context, Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { app, env } from "./app.js";
//#if guards
//#if elsewhere
import { protectedPages, signInElsewhere, signInPage } from "./guards.js";
//#else
import { protectedPages, signInPage } from "./guards.js";
//#end
import { createDb, sessionUser } from "./lib/session.js";
//#end

const index = readFileSync("__DIST__/index.html", "utf8");
//#if inline
// Scripts that stand in the page itself, by their hash.
const inline = [...index.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(([, code = ""]) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`);
//#end
const headers = secureHeaders({
  xFrameOptions: "DENY",
  // sign-in and payment windows need to reach their opener
  crossOriginOpenerPolicy: "same-origin-allow-popups",
  referrerPolicy: "strict-origin-when-cross-origin",
//#if enforced
  contentSecurityPolicy: {
//#else
  // Only reported, since the app computes addresses that it loads from: look at the reports, then name it contentSecurityPolicy.
  contentSecurityPolicyReportOnly: {
//#end
    defaultSrc: ["'self'"],
    baseUri: ["'self'"],
    objectSrc: ["'none'"],
    frameAncestors: ["'none'"],
    scriptSrc: __SCRIPT_SRC__,
    styleSrc: __STYLE_SRC__,
    fontSrc: __FONT_SRC__,
    imgSrc: ["'self'", "data:", "blob:", "https:", new URL(env.SUPABASE_URL).origin],
    mediaSrc: ["'self'", "data:", "blob:", "https:"],
    workerSrc: ["'self'", "blob:"],
    connectSrc: __CONNECT_SRC__,
    frameSrc: __FRAME_SRC__,
  },
});

async function page(c: Context) {
//#if guards
  const path = c.req.path;
//#if elsewhere
  const page = protectedPages.find((known) => path === known || path.startsWith(`${known}/`));
  if (page) {
    const user = await sessionUser(createDb(c, env));
    if (!user) return c.redirect(signInElsewhere[page] ?? signInPage);
  }
//#else
  if (protectedPages.some((known) => path === known || path.startsWith(`${known}/`))) {
    const user = await sessionUser(createDb(c, env));
    if (!user) return c.redirect(signInPage);
  }
//#end
//#end
  c.header("Cache-Control", "no-cache");
  return c.html(index);
}

const web = new Hono();
//#if pagesBelowApi
// Pages of the app below the addresses of the server.
web.on("GET", __BELOW_API__, headers, page);
//#end
web.route("/", app);
web.use(headers);
web.use("/assets/*", async (c, next) => {
  await next();
  if (c.res.ok && !c.res.headers.has("Cache-Control")) c.header("Cache-Control", "public, max-age=31536000, immutable");
});
web.use("*", serveStatic({ root: "__DIST__", index: "does-not-exist" }));
//#if pagesBelowAssets
// Pages of the app below the addresses of built files.
web.on("GET", __BELOW_ASSETS__, page);
//#end
web.get("*", (c) => {
  const { pathname } = new URL(c.req.url);
  // What is missing there is missing: a page in its place would be taken for a script, or for an answer.
  return /^\/(api|assets)\//.test(pathname) ? c.notFound() : page(c);
});

const server = serve({ fetch: web.fetch, port: env.PORT, hostname: process.env.HOST ?? "0.0.0.0" }, (info) => console.log(`listening on http://localhost:${info.port}`));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.close(() => process.exit(0)));
