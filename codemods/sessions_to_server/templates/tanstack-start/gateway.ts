import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createIsomorphicFn } from "@tanstack/react-start";
import { requestDb } from "./session.server";
//#if typed
import type { __DATABASE__ } from "__TYPES__";
//#end

// Queries that are still written in the browser speak to this app's own server, which adds the key and the session and lets
// through only what the app uses. While a page is rendered on the server they run there, as the visitor.
//#if typed
type Db = SupabaseClient<__DATABASE__>;
//#else
type Db = SupabaseClient;
//#end
let page: Db | undefined;
const db = createIsomorphicFn()
  .server((): Db => requestDb())
//#if typed
  .client((): Db => (page ??= createClient<__DATABASE__>(`${window.location.origin}/api/supabase`, "same-origin", { accessToken: async () => "" })));
//#else
  .client((): Db => (page ??= createClient(`${window.location.origin}/api/supabase`, "same-origin", { accessToken: async () => "" })));
//#end
//#if from

export const from = ((table: never) => db().from(table)) as unknown as Db["from"];
//#end
//#if rpc

export const rpc = ((...call: [never]) => db().rpc(...call)) as unknown as Db["rpc"];
//#end
