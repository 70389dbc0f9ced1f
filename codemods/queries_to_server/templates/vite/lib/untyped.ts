import type { SupabaseClient } from "@supabase/supabase-js";
import type { Db } from "./session.js";

/** For tables and functions whose types are missing or not whole. Run `supabase gen types`, then take it out. */
export const untyped = (db: Db): SupabaseClient => db as unknown as SupabaseClient;
