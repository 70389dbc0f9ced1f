import { createStart } from "@tanstack/react-start";
import { callBoundary, sameSite, secured } from "__BOUNDARY__";

export const startInstance = createStart(() => ({
  functionMiddleware: [callBoundary],
  requestMiddleware: [secured, sameSite],
}));
