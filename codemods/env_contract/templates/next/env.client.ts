import { z } from "zod";

// The configuration that is built into the browser bundle: everybody can read it, so nothing in it is secret.
// Each value is spelled out, because the build replaces the whole expression. It is checked at first use.
const variables = {
  __ITEMS__: [z.string(), process.env.__ITEMS__],
} satisfies Record<string, [z.ZodTypeAny, string | undefined]>;

type Env = { [Name in keyof typeof variables]: z.infer<(typeof variables)[Name][0]> };

function checked(): Env {
  const values: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const [name, [type, value]] of Object.entries(variables)) {
    const parsed = type.safeParse(value);
    if (parsed.success) values[name] = parsed.data;
    else wrong.push(name);
  }
  if (wrong.length === 0) return values as Env;
  throw new Error(`Missing or malformed environment variables: ${wrong.join(", ")}. See .env.example.`);
}

let values: Env | undefined;

export const clientEnv = new Proxy({} as Env, { get: (_, name) => Reflect.get((values ??= checked()), name) });
