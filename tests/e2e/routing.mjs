// One table of addresses, and what each is answered with: by the Node server of a migrated app, by nginx, and by what the hosts publish
// of how they read their rules.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { app, freePort, start } from "./backend.mjs";
import { install, lay, migrated, root, run } from "./trees.mjs";

const require = createRequire(import.meta.url);
const fixtures = join(root, "codemods/routing_fallback/fixtures");
const values = { APP_ORIGIN: "https://museum.example.test", SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_PUBLISHABLE_KEY: "sb_publishable_routing", SUPABASE_ANON_KEY: "sb_publishable_routing" };

/** What everybody has to answer; `server` is a page where there is none. */
const table = {
  "/": "page",
  "/index.html": "page",
  "/rooms/7": "page",
  "/rooms/7/": "page",
  "/rooms/7?from=mail": "page",
  "/user/jane.doe": "page",
  "/apiary": "page",
  "/favicon.svg": "file",
  "/assets/app-1.js": "file",
  "/assets/app-0.js": "missing",
  "/assets/fonts/none.woff2": "missing",
  "/assets/rooms/3": "page",
  "/api/health": "server",
  "/api/nothing": "missing",
  "/api/nothing/at/all": "missing",
  "/api/oauth/callback": "page",
  "/api/oauth/callback?code=1": "page",
};

export async function routing(check) {
  const served = migrated("below", check, join(fixtures, "below/before"));
  const installed = install(served);
  check("routing: installs", installed.ok, installed.text.slice(-600));
  const built = run(served, "npm", ["run", "build"]);
  check("routing: builds", built.ok, built.text.slice(-900));
  const alone = run(served, "npx", ["vite", "build", "--ssr", "server/app.ts", "--outDir", "dist-app"]);
  check("routing: builds the server for a host", alone.ok, alone.text.slice(-900));
  writeFileSync(join(served, "dist/assets/app-1.js"), "// built\n");
  Object.assign(process.env, values);
  const { default: server } = await import(pathToFileURL(join(served, "dist-app/app.js")));
  const pages = published(join(served, "dist"));
  const files = published(mkdtempSync(join(tmpdir(), "migrate-e2e-files-")), { "index.html": "<p>page</p>", "favicon.svg": "<svg/>", "assets/app-1.js": "// built\n" });

  const port = await freePort();
  const node = await app(served, ["dist-server/node.js"], port, values);
  const told = { server: table, files: { ...table, "/api/health": "missing" } };
  try {
    await asks("Node", (address) => fetch(`http://localhost:${port}${address}`).then((answer) => kind(answer, pages)), told.server);
  } finally {
    node.stop();
  }
  await asks("Vercel with a server", vercel(served, pages, server), told.server);
  await asks("Netlify with a server", await netlify(served, pages, server), told.server);
  const of = (host, edit) => {
    const from = lay("below_files", join(fixtures, "below_files/before"));
    edit?.(from);
    return migrated(`below_files-${host}`, check, from);
  };
  await asks("Vercel", vercel(of("vercel", (tree) => write(tree, "vercel.json", "{}\n")), files), told.files);
  await asks("Vercel, narrowed", vercel(of("vercel-wide", (tree) => write(tree, "vercel.json", `{ "rewrites": [{ "source": "/(.*)", "destination": "/index.html" }] }\n`)), files), told.files);
  await asks("Netlify", await netlify(of("netlify", (tree) => write(tree, "netlify/functions/.keep", "")), files), told.files);
  await asks("Netlify, by its configuration", await netlify(of("netlify-toml", (tree) => write(tree, "netlify.toml", `[build]\n  publish = "dist"\n`)), files), told.files);
  await asks("Netlify, narrowed", await netlify(of("netlify-wide", (tree) => write(tree, "netlify.toml", `[[redirects]]\n  from = "/*"\n  to = "/index.html"\n  status = 200\n`)), files), told.files);
  const web = await nginx(of("image"), files.folder);
  try {
    await asks("nginx", (address) => fetch(`http://127.0.0.1:${web.port}${address}`).then((answer) => kind(answer, files)), told.files);
  } finally {
    web.stop();
  }

  async function asks(name, answer, table) {
    const wrong = [];
    for (const [address, wanted] of Object.entries(table)) {
      const got = await answer(address);
      if (got !== wanted) wrong.push(`${address} is ${got}, not ${wanted}`);
    }
    check(`routing: ${name} answers ${Object.keys(table).length} addresses`, wrong.length === 0, wrong.join("\n     "));
  }
}

/** A folder of built files, with these in it. */
function published(folder, texts = {}) {
  for (const [path, text] of Object.entries(texts)) write(folder, path, text);
  const file = (path) => (statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() ? readFileSync(join(folder, path), "utf8") : undefined);
  return { folder, file, index: file("index.html") };
}

function write(folder, path, text) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** What an answer is. */
async function kind(answer, { index, file }) {
  const text = await answer.text();
  if (answer.status === 404) return "missing";
  if (answer.status !== 200) return `${answer.status}`;
  return text === index ? "page" : answer.headers.get("content-type")?.includes("json") ? "server" : file(new URL(answer.url).pathname) === text ? "file" : "something else";
}

/** Static files first; then functions; then the rewrites, of which each may lead to either. The address stays, a name of a pattern that the destination leaves out is put into the query. */
function vercel(tree, { file, index }, server) {
  const { getTransformedRoutes } = require("@vercel/routing-utils");
  const { routes, error } = getTransformedRoutes(JSON.parse(readFileSync(join(tree, "vercel.json"), "utf8")));
  if (error) throw new Error(JSON.stringify(error));
  const rewrites = routes.slice(routes.findIndex((route) => route.handle === "filesystem") + 1);
  const at = (path, address) => {
    const found = file(path === "/" ? "/index.html" : path);
    if (found !== undefined) return found === index ? "page" : "file";
    return path === "/api" && existsSync(join(tree, "api/index.ts")) ? handed(server, address) : undefined;
  };
  return async (address) => {
    const { pathname } = new URL(address, "http://localhost");
    const own = await at(pathname, address);
    if (own) return own;
    for (const { src, dest } of rewrites) {
      const match = new RegExp(src).exec(pathname);
      if (!match) continue;
      const [path, more] = dest.replace(/\$(\d)/g, (_, group) => match[group] ?? "").split("?");
      if (more && path === "/api") return `asked with ${more} in its query`;
      return (await at(path, address)) ?? "missing";
    }
    return "missing";
  };
}

/** Functions that name their paths first; then static files; then the rules, whose first match decides. */
async function netlify(tree, { file, index }, server) {
  const { parseAllRedirects } = await import("@netlify/redirect-parser");
  const parsed = await parseAllRedirects({ redirectsFiles: [join(tree, "public/_redirects")], netlifyConfigPath: join(tree, "netlify.toml"), configRedirects: [], minimal: false });
  if (parsed.errors.length > 0) throw new Error(parsed.errors.join("\n"));
  const rules = parsed.redirects.map(({ from, query, conditions, ...rule }) => ({ ...rule, origin: from, params: query, conditions }));
  const matcher = await require("netlify-redirector").parseJSON(JSON.stringify(rules), {});
  const code = existsSync(join(tree, "netlify/functions/api.mts")) ? readFileSync(join(tree, "netlify/functions/api.mts"), "utf8") : "";
  const config = code ? new Function(`return ${/config = (\{[^}]*\})/.exec(code)[1]}`)() : undefined;
  const covers = (pattern, path) => new RegExp(`^${pattern.replace(/:\w+/g, "[^/]+").replace(/\*/g, ".*")}$`).test(path);
  return async (address) => {
    const { pathname } = new URL(address, "http://localhost");
    if (config && covers(config.path, pathname) && !(config.excludedPath ?? []).some((path) => covers(path, pathname))) return handed(server, address);
    const own = file(pathname === "/" ? "/index.html" : pathname);
    if (own !== undefined) return own === index ? "page" : "file";
    const rule = matcher.match({ scheme: "http", host: "localhost", path: pathname, query: "", headers: {}, cookieValues: {}, getHeader: () => "", getCookie: () => "" });
    if (!rule || rule.status === 404) return "missing";
    return rule.status === 200 && rule.to === "/index.html" ? "page" : `${rule.status} ${rule.to}`;
  };
}

/** What the server says to an address that a host hands on. */
async function handed(server, address) {
  const answer = await server.fetch(new Request(`http://localhost${address}`));
  return answer.status === 404 ? "missing" : answer.ok ? "server" : `${answer.status}`;
}

/** nginx with the configuration of the image. */
async function nginx(tree, folder) {
  const port = await freePort();
  const prefix = mkdtempSync(join(tmpdir(), "migrate-e2e-nginx-"));
  const server = readFileSync(join(tree, "nginx.conf"), "utf8").replace("listen 8080", `listen 127.0.0.1:${port}`).replace("/usr/share/nginx/html", folder);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${prefix}/${name};`).join(" ");
  writeFileSync(join(prefix, "nginx.conf"), `daemon off; master_process off; pid ${prefix}/pid; error_log stderr; events {}\nhttp { access_log off; ${temporary}\n${server}}\n`);
  const program = join(import.meta.dirname, "node_modules/.nginx/usr/sbin/nginx");
  const answers = () => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false);
  return { port, ...(await start(program, ["-p", prefix, "-e", "stderr", "-c", join(prefix, "nginx.conf")], {}, answers)) };
}
