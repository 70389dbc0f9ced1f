import "server-only";
import type { z } from "zod/v4";

/** What pages may pass to a function with this schema. */
export type Sent<Schema extends z.ZodType> = z.input<Schema>;

/** What a page sent, as JSON carries it to the database, checked. Throws where it does not fit the schema. */
export function checked<Schema extends z.ZodType>(schema: Schema, sent: unknown): z.output<Schema> {
  return schema.parse(sent === undefined ? undefined : JSON.parse(JSON.stringify(sent)));
}
