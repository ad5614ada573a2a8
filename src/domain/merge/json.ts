/** A value as JSON has it. Decimals and 64-bit integers that must not lose a digit travel as strings. */
export type Json = null | boolean | string | number | readonly Json[] | { readonly [name: string]: Json };
