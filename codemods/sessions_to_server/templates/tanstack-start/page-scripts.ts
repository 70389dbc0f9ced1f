import { createIsomorphicFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";

const nonces = new WeakMap<Request, string>();

/** Given to the router in src/router.tsx: the word by which browsers know a page's own scripts from those that somebody else put into it. */
export const pageScripts: () => { nonce?: string } = createIsomorphicFn()
  .client(() => ({}))
  .server(() => (process.env.NODE_ENV === "production" ? { nonce: nonceOf(getRequest()) } : {}));

function nonceOf(request: Request): string {
  const nonce = nonces.get(request) ?? crypto.randomUUID();
  nonces.set(request, nonce);
  return nonce;
}

/** What a page may load; nothing where the answer is none that the router drew. */
export function pagePolicy(request: Request): string | undefined {
  const nonce = nonces.get(request);
  if (!nonce) return undefined;
  const backend = process.env["SUPABASE_URL"];
  const hosts = backend ? ` ${backend} ${backend.replace(/^http/, "ws")}` : "";
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'__SCRIPT_HOSTS__`,
    "style-src 'self' 'unsafe-inline'__STYLE_HOSTS__",
    "font-src 'self' data:__FONT_HOSTS__",
    `img-src 'self' data: blob: https:${hosts}`,
    "media-src 'self' data: blob: https:",
    `connect-src 'self'${hosts}__CONNECTED_HOSTS__`,
    "frame-src 'self'__FRAME_HOSTS__",
    "worker-src 'self' blob:",
    "base-uri 'self'",
    "object-src 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
