import "server-only";
import { NextResponse } from "next/server";
import { toResult } from "./result";

type Answer = { error: unknown; status?: number };

/** Answers a read as its function would. What it takes is JSON in the address, or in the body, and is checked by the function. */
export async function toResponse<Input>(request: Request, run: (sent: Input) => PromiseLike<unknown>) {
  const inBody = request.method === "POST";
  const sent = inBody ? await request.text() : new URL(request.url).searchParams.get("input");
  const answer = (await toResult(() => run(JSON.parse(sent ?? "null") ?? undefined))) as Answer;
  const failed = answer.status && answer.status >= 400 ? answer.status : 500;
  return NextResponse.json(answer, {
    status: answer.error ? failed : 200,
    headers: { "Cache-Control": "private, no-store" },
  });
}
