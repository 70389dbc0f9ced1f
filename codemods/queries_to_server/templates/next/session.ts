import "server-only";
import { createClient } from "__CLIENT__";

/** The database as the visitor of this request may see it: row level security decides. */
export async function createDb() {
  return createClient();
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
