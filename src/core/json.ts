/** An object of JSON whose values are not known yet. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value if it is an object, else an empty one. */
export const object = (value: unknown): Json => (isObject(value) ? value : {});

/** The value if it is a string, else an empty one. */
export const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The objects of a list; empty for anything else. */
export const list = (value: unknown): readonly Json[] =>
  Array.isArray(value) ? value.map(object) : [];
