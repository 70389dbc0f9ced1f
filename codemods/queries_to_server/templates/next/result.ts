import "server-only";
import { ZodError } from "zod/v4";
import { NotSignedIn } from "./session";

/** What call sites read of a query. */
type Answer = {
  data: unknown;
  error: { name?: string; message: string; code?: string; details?: string | null; hint?: string | null } | null;
  count?: number | null;
  status?: number;
  statusText?: string;
};

/**
 * Runs a function of the data access layer and answers as the database client does. All of it is plain values: an Error that
 * leaves a server action reaches the browser without its message.
 */
export async function toResult<Result>(run: () => PromiseLike<Result>): Promise<Result> {
  return (await answered(run as () => PromiseLike<Answer>)) as Result;
}

async function answered(run: () => PromiseLike<Answer>) {
  try {
    const { data, error, count, status, statusText } = await run();
    return {
      data: data ?? null,
      error: error && {
        message: error.message,
        code: error.code ?? "",
        details: error.details ?? null,
        hint: error.hint ?? null,
      },
      count: count ?? null,
      status: status ?? (error ? 500 : 200),
      statusText: statusText ?? "",
      success: !error,
    };
  } catch (error) {
    if (error instanceof NotSignedIn) return refused(401, "UNAUTHENTICATED", error.message);
    if (error instanceof ZodError) {
      const fields = error.issues.map((issue) => issue.path.join(".") || issue.code).join(", ");
      return refused(400, "INVALID_INPUT", `Invalid input: ${fields}`);
    }
    console.error(error);
    return refused(500, "INTERNAL", "Internal error");
  }
}

function refused(status: number, code: string, message: string) {
  const error = { message, code, details: null, hint: null };
  return { data: null, error, count: null, status, statusText: "", success: false };
}
