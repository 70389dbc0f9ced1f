import { getRequest } from "@tanstack/react-start/server";
import { env } from "./env.server";

/** The origin of this deployment. Not from the Host header in production: a caller chooses that one. */
const ownOrigin = () => env().origin ?? new URL(getRequest().url).origin;

/** Only paths of this app: an absolute or protocol-relative URL would be an open redirect. */
export function localPath(to: string | null | undefined): string {
  if (!to) return "/";
  try {
    const url = new URL(to, ownOrigin());
    return url.origin === ownOrigin() ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}

/** Where an e-mail link or an OAuth provider comes back to, and where the visitor goes from there. */
export const callbackUrl = (to: string | undefined) => `${ownOrigin()}/api/auth/callback?next=${encodeURIComponent(localPath(to))}`;
