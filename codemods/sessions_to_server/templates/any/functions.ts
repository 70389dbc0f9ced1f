//#if FunctionsHttpError
import { FunctionsHttpError, type SupabaseClient } from "@supabase/supabase-js";
//#else
import type { SupabaseClient } from "@supabase/supabase-js";
//#end

// Edge functions are called through this app's server, which adds the visitor's token.
type Invoke = SupabaseClient["functions"]["invoke"];

const failed = (name: string, message: string, context: unknown) => Object.assign(new Error(message), { name, context });

export const functions: Pick<SupabaseClient["functions"], "invoke"> = {
  invoke: (async (name: string, options: Parameters<Invoke>[1] = {}) => {
    const { body, method = "POST", headers } = options;
    const json = typeof body === "object" && ![Blob, ArrayBuffer, FormData, URLSearchParams, ReadableStream].some((kind) => body instanceof kind);
    try {
      const response = await fetch(`/api/functions/${name}`, {
        method,
        credentials: "same-origin",
        headers: { "X-Requested-With": "fetch", ...(json && { "Content-Type": "application/json" }), ...headers },
        body: json ? JSON.stringify(body) : (body as BodyInit | undefined),
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
