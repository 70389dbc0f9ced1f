import { z } from "zod/v4";

/** Any value that JSON carries. Typed loosely: the app's own interfaces fit no recursive type of JSON. */
export const json: z.ZodType<ReturnType<typeof JSON.parse>> = z.json();
