import { z } from "zod";

// The configuration that is built into the browser bundle: everybody can read it, so nothing in it is secret.
// Each value is spelled out, so that no other variable of the host gets into the bundle.
const variables = {
  __ITEMS__: [z.string(), import.meta.env.__ITEMS__],
} satisfies Record<string, [z.ZodTypeAny, string | undefined]>;

type Name = keyof typeof variables;
type Env = { [Key in Name]: z.infer<(typeof variables)[Key][0]> };

const check = (name: Name) => variables[name][0].safeParse(variables[name][1] || undefined);

// A variable is checked where it is read, so that a build needs no values; an empty one is a missing one. The error names every
// one that is wrong.
export const env = new Proxy({} as Env, {
  get(_, name: Name) {
    if (!(name in variables)) return undefined;
    const parsed = check(name);
    if (parsed.success) return parsed.data;
    const wrong = (Object.keys(variables) as Name[]).filter((name) => !check(name).success);
    throw new Error(`Missing or malformed environment variables: ${wrong.join(", ")}. See .env.example.`);
  },
});
