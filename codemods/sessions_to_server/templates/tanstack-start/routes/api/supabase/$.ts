import { createFileRoute } from "@tanstack/react-router";
import { forward } from "__GATEWAY__";

const handler = ({ request, params }: { request: Request; params: { _splat?: string } }) => forward(request, params._splat ?? "");

// Queries that are still written in the browser arrive here: see gateway.server.ts.
export const Route = createFileRoute("/api/supabase/$")({
  server: { handlers: { GET: handler, HEAD: handler, POST: handler, PATCH: handler, DELETE: handler } },
});
