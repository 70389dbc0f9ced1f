import { NextResponse } from "next/server";

export const dynamic = "force-dynamic";

/** For whoever watches over the deployment: the server answers. */
export function GET() {
  return NextResponse.json({ ok: true });
}
