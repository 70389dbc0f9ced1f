export const dynamic = "force-dynamic";

/** For whoever watches over the deployment: the server answers. */
export function GET() {
  return Response.json({ ok: true });
}
