import { createFileRoute } from "@tanstack/react-router";

// For whoever watches over the deployment: the server answers.
export const Route = createFileRoute("/api/health")({
  server: { handlers: { GET: () => Response.json({ ok: true }) } },
});
