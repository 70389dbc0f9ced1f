import type { PostgrestError } from "@supabase/supabase-js";
import { isNotFound, isRedirect } from "@tanstack/react-router";
import { createMiddleware } from "@tanstack/react-start";
import { requireSupabaseAuth, withSupabase } from "__MIDDLEWARE__";
//#if exact
import type { QueryDb } from "__SESSION__";
//#end

/** The fields of a database error that code at the call site reads. */
export type QueryError = Pick<PostgrestError, "name" | "message" | "details" | "hint" | "code">;

/* eslint-disable @typescript-eslint/no-explicit-any */
// What crosses to the browser as it is: a column of which nothing is known may hold anything.
type Sent<Value> = unknown extends Value
  ? any
  : Value extends readonly (infer Item)[]
    ? [Item] extends [object]
      ? Sent<Item>[]
      : Value
    : Value extends object
      ? string extends keyof Value
        ? unknown extends Value[keyof Value]
          ? Record<string, any>
          : Value
        : { [Key in keyof Value]: Sent<Value[Key]> }
      : Value;
// A client cast to any stays any.
type Rows<Response> = 0 extends 1 & Response ? any : Extract<Response, { error: null }> extends { data: infer Data } ? Sent<Data> : never;
/* eslint-enable @typescript-eslint/no-explicit-any */
type Status = { count: number | null; status: number; statusText: string };
export type QueryResult<Data> = ({ data: Data; error: null } & Status) | ({ data: null; error: QueryError } & Status);

/** Runs a query in a handler and answers with plain values that can cross to the browser: the same as at the database's client. */
export async function query<Response extends { data: unknown; error: unknown }>(
  built: PromiseLike<Response> | (() => PromiseLike<Response>),
): Promise<QueryResult<Rows<Response>>> {
  const answer = (await (typeof built === "function" ? built() : built)) as unknown as QueryResult<Rows<Response>>;
  const { data, count, status, statusText } = answer;
  const rest = { count: count ?? null, status: status ?? 200, statusText: statusText ?? "" };
  if (!answer.error) return { data, error: null, ...rest } as QueryResult<Rows<Response>>;
  const { name = "PostgrestError", message = "Database error", details = "", hint = "", code = "" } = answer.error;
  return { data: null, error: { name, message, details, hint, code }, ...rest };
}

/** The database's client never throws: a call that fails on its way (offline, signed out, refused input) becomes an error value too. */
const neverThrows = createMiddleware({ type: "function" }).client(async ({ next, data }) => {
  try {
    // As the database's client sends it: a number that is none is null, a date is its text, what is undefined is left out.
    const sent: { headers?: HeadersInit; data: unknown } = { data: data === undefined ? data : JSON.parse(JSON.stringify(data)) };
    return await next(sent);
  } catch (cause) {
    if (isRedirect(cause) || isNotFound(cause)) throw cause;
    const thrown = cause instanceof Error ? cause.message : String(cause);
    const signedOut = thrown.startsWith("Unauthorized");
    const refused = refusedFields(thrown);
    const code = signedOut ? "UNAUTHENTICATED" : refused ? "INVALID_INPUT" : "REQUEST_FAILED";
    const error = { name: "Error", message: refused ?? thrown, details: "", hint: "", code };
    const status = signedOut ? 401 : refused ? 400 : 0;
    const failed: QueryResult<never> = { data: null, error, count: null, status, statusText: "" };
    return { result: failed } as never;
  }
});

/** What a schema refused, by its fields: the issues arrive as JSON in the message, which pages show. */
function refusedFields(message: string): string | undefined {
  if (!message.startsWith("[")) return undefined;
  try {
    const issues = JSON.parse(message) as { path: (string | number)[]; code: string }[];
    return `Invalid input: ${issues.map((issue) => issue.path.join(".") || issue.code).join(", ")}`;
  } catch {
    return undefined;
  }
}

/** For functions that only signed-in users may call; `user` is the one who does. */
export const authed = createMiddleware({ type: "function" })
  .middleware([neverThrows, requireSupabaseAuth])
//#if exact
  .server(({ next, context: { supabase, claims } }) => next({ context: { db: supabase as unknown as QueryDb, user: { id: claims.sub, email: claims.email } } }));
//#else
  .server(({ next, context: { supabase, claims } }) => next({ context: { db: supabase, user: { id: claims.sub, email: claims.email } } }));
//#end

/** For functions that everyone may call; row level security decides what is visible. */
export const anyone = createMiddleware({ type: "function" })
  .middleware([neverThrows, withSupabase])
//#if exact
  .server(({ next, context: { supabase, claims } }) => next({ context: { db: supabase as unknown as QueryDb, user: claims ? { id: claims.sub, email: claims.email } : null } }));
//#else
  .server(({ next, context: { supabase, claims } }) => next({ context: { db: supabase, user: claims ? { id: claims.sub, email: claims.email } : null } }));
//#end
