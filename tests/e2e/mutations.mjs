// The proof of the proof: an app broken on purpose makes exactly the probe red that is about what was broken. Mutations that do not
// touch each other share a run of `migrate verify`: then exactly their probes are red. `--each` gives every one its own run.
import { appendFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { verified } from "./proofs.mjs";
import { copied, migrated } from "./trees.mjs";

const fixture = "spa_tasks";

/** Replaces a text that has to be there. */
const replace = (path, from, to) => (tree) => {
  const file = join(tree, path);
  const text = readFileSync(file, "utf8");
  if (!(from instanceof RegExp ? from.test(text) : text.includes(from))) throw new Error(`${path} has no ${from}`);
  writeFileSync(file, text.replace(from, () => to));
};
const append = (path, text) => (tree) => appendFileSync(join(tree, path), text);
const create = (path, text) => (tree) => {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
};
/** The first file of a folder whose text holds `mark`. */
const inOneOf = (folder, mark, to) => (tree) => {
  const name = readdirSync(join(tree, folder)).find((file) => readFileSync(join(tree, folder, file), "utf8").includes(mark));
  if (!name) throw new Error(`${folder} has no ${mark}`);
  replace(join(folder, name), mark, to)(tree);
};

/** Each group is broken at once; `red` is the probe that has to see it. */
const groups = [
  [
    { red: "browser-keys", what: "a secret key in the bundle", breaks: append("src/main.tsx", '\nconsole.log("sb_secret_" + "x", "sb_secret_0123456789abcdef");\n') },
    { red: "guards", what: "no page is guarded on the server", breaks: replace("server/guards.ts", /protectedPages(:[^=]*)? = \[[^\]]*\]/, "protectedPages: string[] = []") },
    { red: "cookies", what: "a cookie that scripts can read", breaks: replace("server/lib/session.ts", "maxAge, httpOnly: true", "maxAge, httpOnly: false") },
    { red: "row-security", what: "row level security is off", breaks: create("supabase/migrations/20991231000000_off.sql", "alter table public.tasks disable row level security;\n") },
    { red: "policy-tests", what: "a policy that shows all rows to everybody", breaks: create("supabase/migrations/20991230000000_open.sql", "create policy \"open\" on public.tasks for select using (true);\n") },
    { red: "foreign-origin", what: "no look at the Origin", breaks: replace("server/app.ts", "app.use(sameOrigin(env));\n", "") },
    { red: "health", what: "no health address", breaks: replace("server/app.ts", 'app.get("/health"', 'app.get("/healthy"') },
    { red: "open-redirects", what: "a callback that leads to other sites", breaks: replace("server/lib/auth.ts", /return url\.origin === origin\(c\) \? [^;]*;/, "return to;"), also: replace("server/lib/auth.ts", "c.redirect(next.pathname + next.search + next.hash)", "c.redirect(next.href)") },
  ],
  [
    { red: "environment", what: "a start that does not say which variable is missing", breaks: replace("server/env.ts", 'issue.path.join(".")', '"?"') },
    { red: "deep-links", what: "a deep link that is 404", breaks: replace("server/node.ts", "const { pathname } = new URL(c.req.url);", 'const { pathname } = new URL(c.req.url);\n  if (pathname === "/signup") return c.notFound();') },
    { red: "body-limit", what: "bodies of any size", breaks: replace("server/lib/protect.ts", "> maxBytes", "> maxBytes * 1000") },
    { red: "rate-limit", what: "any number of attempts", breaks: replace("server/app.ts", /app\.use\("\/auth\/\*", rateLimit\([^\n]*\n/, "") },
    { red: "headers", what: "addresses told to other sites", breaks: replace("server/node.ts", 'referrerPolicy: "strict-origin-when-cross-origin"', 'referrerPolicy: "unsafe-url"') },
    { red: "browser-names", what: "the name of a variable of the server in the bundle", breaks: append("src/main.tsx", '\nconsole.log("SUPABASE_PUBLISHABLE_KEY");\n') },
    { red: "pages", what: "a file that the front page names and nobody has", breaks: replace("index.html", "</head>", '<link rel="icon" href="/no-such-icon.png" /></head>') },
    { red: "tokens", what: "a token in the answer to the page", breaks: replace("server/lib/auth.ts", "{ user, expires_at: known?.expires_at }", '{ user, expires_at: known?.expires_at, refresh_token: "gone-astray" }') },
  ],
  [
    { red: "anonymous-calls", what: "functions that do not ask who calls", breaks: replace("server/app.ts", /fn\.auth === "user" && !user/, 'fn.auth === "user" && !user && Number.isNaN(0)') },
    { red: "bad-input", what: "a function that takes any input", breaks: inOneOf("server/functions", "z.void()", "z.any()") },
    { red: "hidden-files", what: "the manifest among the published files", breaks: create("public/package.json", '{ "dependencies": {} }\n') },
    { red: "restart", what: "sessions that die with the server", breaks: replace("server/lib/session.ts", '"__Host-Http-session"', "`__Host-Http-session${started}`") , also: append("server/lib/session.ts", "\nconst started = Date.now();\n") },
    { red: "rate-limit", what: "a limit that all visitors behind a proxy share", breaks: replace("server/lib/protect.ts", "!near || isOwnNetwork(near) ?", "false as boolean ?") },
    { red: "source-maps", what: "published source maps", breaks: replace("vite.config.ts", "build: {", "build: { sourcemap: true,") },
    { red: "types", what: "a new type error", breaks: append("src/main.tsx", '\nexport const wrong: number = "text";\n') },
  ],
  [
    { red: "renewal", what: "a renewal that one of ten calls gets", breaks: replace("server/lib/session.ts", "(await renewal.response).clone()", "await renewal.response") },
    { red: "sign-out", what: "a session that goes on", breaks: replace("server/lib/auth.ts", "await createDb(c, env).auth.signOut({ scope })", "await Promise.resolve({ error: null as AuthError | null, data: scope })") },
    { red: "build-without-secrets", what: "a build that needs the server's variables", breaks: append("vite.config.ts", '\nif (!process.env.SUPABASE_PUBLISHABLE_KEY) throw new Error("Error: no key");\n') },
  ],
];

export async function mutations(check, args) {
  const ready = args.find((argument) => argument.startsWith("--tree="))?.split("=")[1];
  const whole = ready ?? migrated(fixture, check);
  const runs = args.includes("--each") ? groups.flat().map((one) => [one]) : groups;
  for (const group of runs) {
    const tree = copied(whole);
    const done = [];
    for (const mutation of group) {
      try {
        mutation.breaks(tree);
        mutation.also?.(tree);
        done.push(mutation);
      } catch (error) {
        check(`broken: ${mutation.what}`, false, `cannot be broken: ${error.message}`);
      }
    }
    const report = verified(tree, check, `broken ${done.length} ways`);
    if (!report) continue;
    const red = report.probes.filter((probe) => probe.outcome === "fail");
    for (const { red: id, what } of done) check(`broken: ${what} is seen by ${id}`, red.some((probe) => probe.id === id));
    const others = red.filter((probe) => !done.some((mutation) => mutation.red === probe.id));
    check("broken: no other probe is red", others.length === 0, others.map((probe) => `${probe.id}: ${probe.details.join("; ")}`).join("\n     "));
  }
}
