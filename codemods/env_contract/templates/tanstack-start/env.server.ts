import { z } from "zod";

// Every variable that the server reads. It is checked at first use: a build needs no values, and on Workers the
// variables belong to a request.
const schema = z.object({
  __ITEMS__: z.string(),
});

type Env = z.infer<typeof schema>;

function checked(): Env {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw new Error(`Missing or malformed environment variables: ${names}. See .env.example.`);
}

let values: Env | undefined;

export const env = new Proxy({} as Env, { get: (_, name) => Reflect.get((values ??= checked()), name) });
