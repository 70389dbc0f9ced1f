import { z } from "zod";

// The configuration that is built into the browser bundle: everybody can read it, so nothing in it is secret.
// Each value is spelled out, because the build replaces the whole expression.
const variables = {
  __ITEMS__: [z.string(), process.env.__ITEMS__],
} satisfies Record<string, [z.ZodTypeAny, string | undefined]>;

type Name = keyof typeof variables;
type Env = { [Key in Name]: z.infer<(typeof variables)[Key][0]> };

const check = (name: Name) => variables[name][0].safeParse(variables[name][1] || undefined);

// A variable is checked where it is read; an empty one is a missing one. The error names every one that is wrong.
export const clientEnv = new Proxy({} as Env, {
  get(_, name: Name) {
    if (!(name in variables)) return undefined;
    const parsed = check(name);
    // `next build` loads every route, and needs no values.
    if (parsed.success || process.env.NEXT_PHASE === "phase-production-build") return parsed.data;
    const wrong = (Object.keys(variables) as Name[]).filter((name) => !check(name).success);
    throw new Error(`Missing or malformed environment variables: ${wrong.join(", ")}. See .env.example.`);
  },
});
