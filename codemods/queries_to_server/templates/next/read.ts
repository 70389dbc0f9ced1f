/** What is longer does not stand in an address: it is sent along with the request. */
const LONGEST = 8000;

/** Reads from a route of the app, beside other reads. Never throws: what fails is an error, as the database's client gives it. */
export async function read<Answer>(path: string, input?: unknown): Promise<Answer> {
  try {
    const text = input === undefined ? "" : JSON.stringify(input);
    const address = text ? `${path}?input=${encodeURIComponent(text)}` : path;
    const long = address.length > LONGEST;
    const response = await fetch(long ? path : address, {
      method: long ? "POST" : "GET",
      headers: { accept: "application/json" },
      body: long ? text : undefined,
      cache: "no-store",
    });
    return await response.json();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const error = { message, code: "", details: null, hint: null };
    return { data: null, error, count: null, status: 0, statusText: "", success: false } as Answer;
  }
}
