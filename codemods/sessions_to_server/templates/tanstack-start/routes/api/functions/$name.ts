import { createFileRoute } from "@tanstack/react-router";
import { callFunction } from "__GATEWAY__";

const handler = ({ request, params }: { request: Request; params: { name: string } }) => callFunction(request, params.name);

// Calls of edge functions arrive here: see gateway.server.ts.
export const Route = createFileRoute("/api/functions/$name")({
  server: { handlers: { GET: handler, POST: handler, PUT: handler, PATCH: handler, DELETE: handler } },
});
