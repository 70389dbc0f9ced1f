import { z } from "zod";

// Every variable that only the server reads. They are checked at first use, so that a build needs no values; then
// every missing or malformed name is listed at once.
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
