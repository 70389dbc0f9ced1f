import app from "../__FOLDER__/app.js";

export const GET = (request: Request) => app.fetch(request);
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const HEAD = GET;
