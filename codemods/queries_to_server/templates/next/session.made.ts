import "server-only";
import { createServerClient, type CookieOptions } from "@supabase/ssr";
import { cookies } from "next/headers";

type Changed = { name: string; value: string; options: CookieOptions }[];

/** The database as the visitor of this request may see it: row level security decides. */
export async function createDb() {
  const jar = await cookies();
  return createServerClient(__URL__!, __KEY__!, {
    cookieOptions: __COOKIES__,
    cookies: {
      getAll: () => jar.getAll(),
      setAll(changed: Changed) {
        try {
          for (const { name, value, options } of changed) jar.set(name, value, options);
        } catch {
          // While a page is rendered its cookies cannot be set; its next request sets them.
        }
      },
    },
  });
}

export type Db = Awaited<ReturnType<typeof createDb>>;

/** The visitor of this request, or null. What the cookie says is not believed: the Auth server is asked. */
export async function getSessionUser() {
  const db = await createDb();
  const { data } = await db.auth.getUser();
  return data.user;
}

/** Becomes the answer of a function that nobody signed in called. */
export class NotSignedIn extends Error {
  constructor() {
    super("Not signed in");
  }
}

/** For functions that need a session: the user, else they go no further. */
export async function assertUser() {
  const user = await getSessionUser();
  if (!user) throw new NotSignedIn();
  return user;
}
