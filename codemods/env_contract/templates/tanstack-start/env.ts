import { z } from "zod";

// The configuration that is built into the browser bundle: everybody can read it, so nothing in it is secret.
// It is checked at first use, so that a build needs no values.
const schema = z.object({
  __ITEMS__: z.string(),
});

type Env = z.infer<typeof schema>;

function checked(): Env {
  const parsed = schema.safeParse(import.meta.env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw new Error(`Missing or malformed environment variables: ${names}. See .env.example.`);
}

let values: Env | undefined;

export const env = new Proxy({} as Env, { get: (_, name) => Reflect.get((values ??= checked()), name) });
