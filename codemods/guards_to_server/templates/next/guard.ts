import "server-only";
import { redirect } from "next/navigation";
import { getSessionUser } from "./session";

/** For pages that need a session: the user, else the visitor is sent to sign in. First in the page, outside of any `try`. */
export async function requireUser() {
  const user = await getSessionUser();
  if (!user) redirect("__SIGN_IN__");
  return user;
}
