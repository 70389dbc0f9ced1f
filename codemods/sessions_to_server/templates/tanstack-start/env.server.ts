/// <reference types="node" />
import { z } from "zod/v4";

// What the session needs, checked once on first use: a deployment with a missing or malformed value answers with this message
// instead of failing somewhere inside a handler.
const schema = z.object({
  SUPABASE_URL: z.url(),
  SUPABASE_PUBLISHABLE_KEY: z
    .string()
    .min(1)
    .refine((key) => !isServiceKey(key), "is a service-role/secret key: it bypasses row level security and must not be used here"),
  // The public origin of this deployment, e.g. https://app.example.com. Links in e-mails point here.
  APP_ORIGIN: z.url().optional(),
  VERCEL_ENV: z.string().optional(),
  VERCEL_PROJECT_PRODUCTION_URL: z.string().min(1).optional(),
  VERCEL_URL: z.string().min(1).optional(),
  DEPLOY_PRIME_URL: z.url().optional(),
});

type Env = z.output<typeof schema> & { origin: string | undefined };
let checked: Env | undefined;

// Read on first use and not when the module loads: some hosts give the variables to a request only.
export function env(): Env {
  if (checked) return checked;
  // An empty value in an env file means that it is not set.
  const given = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`Invalid environment:\n${lines.join("\n")}\nSee .env.example.`);
  }
  const { APP_ORIGIN, DEPLOY_PRIME_URL, VERCEL_ENV, VERCEL_PROJECT_PRODUCTION_URL, VERCEL_URL } = parsed.data;
  // Each deployment has an address; visitors come to that of production.
  const host = VERCEL_ENV === "production" ? VERCEL_PROJECT_PRODUCTION_URL : VERCEL_URL;
  const origin = APP_ORIGIN ?? DEPLOY_PRIME_URL ?? (host ? `https://${host}` : undefined);
  if (process.env.NODE_ENV === "production" && !origin) throw new Error("Invalid environment:\n  APP_ORIGIN: is required in production\nSee .env.example.");
  return (checked = { ...parsed.data, origin: origin && new URL(origin).origin });
}

function isServiceKey(key: string): boolean {
  if (key.startsWith("sb_secret_")) return true;
  try {
    return JSON.parse(atob(key.split(".")[1] ?? "")).role === "service_role";
  } catch {
    return false;
  }
}
