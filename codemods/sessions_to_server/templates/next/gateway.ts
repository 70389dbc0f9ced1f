import { createClient, type SupabaseClient } from "@supabase/supabase-js";
//#if typed
import type { __DATABASE__ } from "__TYPES__";
//#end

// Queries that are still written in pages speak to this app's own server, which adds the key and the session and lets through
// only what the app uses.
//#if typed
type Db = SupabaseClient<__DATABASE__>;
//#else
type Db = SupabaseClient;
//#end
let page: Db | undefined;
const db = (): Db =>
//#if typed
  (page ??= createClient<__DATABASE__>(`${window.location.origin}/api/supabase`, "same-origin", {
//#else
  (page ??= createClient(`${window.location.origin}/api/supabase`, "same-origin", {
//#end
    accessToken: async () => "",
    global: { headers: { "X-Requested-With": "fetch" } },
  }));
//#if from

export const from = ((table: never) => db().from(table)) as unknown as Db["from"];
//#end
//#if rpc

export const rpc = ((...call: [never]) => db().rpc(...call)) as unknown as Db["rpc"];
//#end
