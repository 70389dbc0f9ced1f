import app from "../../__FOLDER__/app.js";

export default (request: Request) => app.fetch(request);
export const config = { path: "/api/*"__EXCLUDED__ };
