/** A value as user functions see it: int2, int4 and floats as number, boolean as boolean, all else the exact text. */
export type Value = string | number | boolean | null;
export type Row = Readonly<Record<string, Value>>;
