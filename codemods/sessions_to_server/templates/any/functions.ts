//#if FunctionsHttpError
import { FunctionsHttpError, type SupabaseClient } from "@supabase/supabase-js";
//#else
import type { SupabaseClient } from "@supabase/supabase-js";
//#end
//#if start
import { createIsomorphicFn } from "@tanstack/react-start";
import { requestDb } from "./session.server";
//#end

// Edge functions are called through this app's server, which adds the visitor's token.
type Functions = Pick<SupabaseClient["functions"], "invoke">;
type Invoke = Functions["invoke"];
//#if start
// While a page is rendered on the server they are called there, as the visitor.
const onServer = createIsomorphicFn()
  .server((): Functions | null => requestDb().functions)
  .client((): Functions | null => null);
//#end

const failed = (name: string, message: string, context: unknown) => Object.assign(new Error(message), { name, context });

export const functions: Functions = {
  invoke: (async (name: string, options: Parameters<Invoke>[1] = {}) => {
//#if start
    const own = onServer();
    if (own) return own.invoke(name, options);
//#end
    const { body, method = "POST", headers } = options;
    const json = typeof body === "object" && ![Blob, ArrayBuffer, FormData, URLSearchParams, ReadableStream].some((kind) => body instanceof kind);
    try {
      const response = await fetch(`/api/functions/${name}`, {
        method,
        credentials: "same-origin",
//#if start
        headers: { ...(json && { "Content-Type": "application/json" }), ...headers },
//#else
        headers: { "X-Requested-With": "fetch", ...(json && { "Content-Type": "application/json" }), ...headers },
//#end
        body: json ? JSON.stringify(body) : ((body ?? null) as BodyInit | null),
      });
//#if FunctionsHttpError
      if (!response.ok) return { data: null, error: new FunctionsHttpError(response), response };
//#else
      if (!response.ok) return { data: null, error: failed("FunctionsHttpError", "Edge Function returned a non-2xx status code", response), response };
//#end
      return { data: await content(response), error: null, response };
    } catch (cause) {
      return { data: null, error: failed("FunctionsFetchError", "Failed to send a request to the Edge Function", cause) };
    }
  }) as Invoke,
};

/** By its type, as supabase-js gives it. */
async function content(response: Response): Promise<unknown> {
  const type = (response.headers.get("Content-Type") ?? "text/plain").split(";")[0]?.trim();
  if (type === "application/json") return response.json();
  if (type === "application/octet-stream" || type === "application/pdf") return response.blob();
  if (type === "text/event-stream") return response;
  if (type === "multipart/form-data") return response.formData();
  return response.text();
}
