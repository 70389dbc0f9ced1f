import { z } from "zod";

// The configuration that is built into the browser bundle: everybody can read it, so nothing in it is secret.
const schema = z.object({
  __ITEMS__: z.string(),
});

const parsed = schema.safeParse(import.meta.env);
if (!parsed.success) {
  const names = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
  throw new Error(`Missing or malformed environment variables: ${names}. See .env.example.`);
}

export const env = parsed.data;
