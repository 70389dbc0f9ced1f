import { NextResponse } from "next/server";
__IMPORTS__

/** Whether the visitor of this request is signed in. */
async function isSignedIn() {
  __ASK__
  return Boolean(__GIVEN__);
}

/** First in a route handler: the answer to a request without a session, or null. */
export async function denyUnlessSignedIn() {
  if (await isSignedIn()) return null;
  return NextResponse.json({ error: "Unauthorized" }, { status: 401 });
}

/** First in a server action: without a session it goes no further. */
export async function assertSignedIn() {
  if (!(await isSignedIn())) throw new Error("Unauthorized");
}
