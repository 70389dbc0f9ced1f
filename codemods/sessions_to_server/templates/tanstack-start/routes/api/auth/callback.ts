import { createFileRoute } from "@tanstack/react-router";
import { localPath } from "__ORIGIN__";
import { requestDb } from "__SESSION__";

// E-mail links and OAuth providers come back here with a one-time code (PKCE).
export const Route = createFileRoute("/api/auth/callback")({
  server: {
    handlers: {
      GET: async ({ request }) => {
        const query = new URL(request.url).searchParams;
        const next = new URL(localPath(query.get("next")), "http://local");
        const db = requestDb();
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
//#if fragment
        // Pages of this app look for the session in the address: what they find there only names the one in the cookie.
        const found = new URLSearchParams({ access_token: "cookie", refresh_token: "cookie", token_type: "bearer" });
        if (recovery || type) found.set("type", recovery ? "recovery" : (type ?? ""));
        if (!next.searchParams.has("error")) next.hash = found.toString();
//#end
        return new Response(null, { status: 302, headers: { Location: next.pathname + next.search + next.hash } });
      },
    },
  },
});
