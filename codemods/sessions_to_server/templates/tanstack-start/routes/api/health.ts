import { createFileRoute } from "@tanstack/react-router";
import { env } from "__ENV__";

// For whoever watches over the deployment: the server answers, and has the variables that it needs.
export const Route = createFileRoute("/api/health")({
  server: {
    handlers: {
      GET: () => {
        try {
          env();
          return Response.json({ ok: true });
        } catch (error) {
          console.error(error instanceof Error ? error.message : error);
          return Response.json({ ok: false }, { status: 503 });
        }
      },
    },
  },
});
