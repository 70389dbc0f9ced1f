import "server-only";
import type { z } from "zod/v4";

/** As the parser of JSON types what it gives: not at all. */
type Unchecked = ReturnType<typeof JSON.parse>;

/** The app's client has no types of the tables: values are checked when they arrive, as the database did. */
type Loose<Input> = Input extends readonly unknown[]
  ? Unchecked[]
  : Input extends object
    ? { [Key in keyof Input]?: Unchecked }
    : Unchecked;

/** What pages may pass to a function with this schema. */
export type Sent<Schema extends z.ZodType> = Loose<z.input<Schema>>;

/** What a page sent, as JSON carries it to the database, checked. Throws where it does not fit the schema. */
export function checked<Schema extends z.ZodType>(schema: Schema, sent: unknown): z.output<Schema> {
  return schema.parse(sent === undefined ? undefined : JSON.parse(JSON.stringify(sent)));
}
