import { z } from "zod/v4";

/** Any value that JSON carries. Typed loosely: the app's own interfaces fit no recursive type of JSON. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const json: z.ZodType<any> = z.json();
