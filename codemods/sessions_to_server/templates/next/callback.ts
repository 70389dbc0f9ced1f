import { createDb } from "__SESSION__";

/** Only paths of this app: an absolute or protocol-relative address would send visitors anywhere. */
function localPath(to: string | null, origin: string): URL {
  try {
    const target = new URL(to ?? "/", origin);
    if (target.origin === origin) return target;
  } catch {
    // No address at all.
  }
  return new URL("/", origin);
}

/** Mails and providers come back here with a one-time code. */
export async function GET(request: Request) {
  const { searchParams: query, origin } = new URL(request.url);
  const next = localPath(query.get("next"), origin);
  const db = await createDb();
  let recovery = false;
  db.auth.onAuthStateChange((event) => void (recovery ||= event === "PASSWORD_RECOVERY"));
  const code = query.get("code");
  const token_hash = query.get("token_hash");
  const type = query.get("type");
  if (code) {
    const { error } = await db.auth.exchangeCodeForSession(code);
    if (error) next.searchParams.set("error", error.message);
  } else if (token_hash && type) {
    const { error } = await db.auth.verifyOtp({ token_hash, type: type as "email" });
    if (error) next.searchParams.set("error", error.message);
  } else {
    next.searchParams.set("error", query.get("error_description") ?? "sign-in link is invalid");
  }
  if (recovery) next.searchParams.set("auth_event", "PASSWORD_RECOVERY");
  return new Response(null, { status: 302, headers: { Location: next.pathname + next.search + next.hash } });
}
