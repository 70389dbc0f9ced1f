/** Reads from a route of the app, beside other reads. Never throws: what fails is an error, as the database's client gives it. */
export async function read<Answer>(path: string, input?: unknown): Promise<Answer> {
  try {
    const address =
      input === undefined ? path : `${path}?input=${encodeURIComponent(JSON.stringify(input))}`;
    const response = await fetch(address, { headers: { accept: "application/json" }, cache: "no-store" });
    return await response.json();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const error = { message, code: "", details: null, hint: null };
    return { data: null, error, count: null, status: 0, statusText: "", success: false } as Answer;
  }
}
