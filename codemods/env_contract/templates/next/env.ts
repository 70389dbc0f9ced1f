import { z } from "zod";

// Every variable that only the server reads.
const schema = z.object({
  __ITEMS__: z.string(),
});

type Env = z.infer<typeof schema>;

// A variable is checked where it is read; an empty one is a missing one. The error names every one that is wrong.
export const env = new Proxy({} as Env, {
  get(_, name: keyof Env) {
    const parsed = schema.shape[name]?.safeParse(process.env[name] || undefined);
    // `next build` loads every route, and needs no values.
    if (parsed?.success !== false || process.env.NEXT_PHASE === "phase-production-build") return parsed?.data;
    const wrong = schema.safeParse(process.env).error?.issues.map((issue) => issue.path.join(".")) ?? [];
    throw new Error(`Missing or malformed environment variables: ${wrong.join(", ")}. See .env.example.`);
  },
});
