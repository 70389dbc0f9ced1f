import { z } from "zod";

// The configuration that is built into the browser bundle: everybody can read it, so nothing in it is secret.
// Each value is spelled out, so that no other variable of the machine gets into the bundle. An empty one is a missing one.
const variables = {
  __ITEMS__: [z.string(), import.meta.env.__ITEMS__],
} satisfies Record<string, [z.ZodTypeAny, unknown]>;

type Env = { [Name in keyof typeof variables]: z.infer<(typeof variables)[Name][0]> };

const values: Record<string, unknown> = {};
const wrong: string[] = [];
for (const [name, [schema, value]] of Object.entries(variables)) {
  const parsed = schema.safeParse(value || undefined);
  if (parsed.success) values[name] = parsed.data;
  else wrong.push(name);
}
if (wrong.length > 0) throw new Error(`Missing or malformed environment variables: ${wrong.join(", ")}. See .env.example.`);

export const env = values as Env;
