/** `feed` of an entity as a user writes it: what devices get of it. */
import { z } from 'zod';
import { duration, names, section, word } from '../config-fields.ts';

const access = section({
  /** Permission, or role, without which the field is not shown. */
  read: word.optional(),
  /** Permission, or role, without which it may not be written. */
  write: word.optional(),
});

const feed = section({
  /** How old a copy of a device may become. Default '24 hours'. */
  maxAge: duration.optional(),
  /** Columns of the mirror that a pull may filter by. */
  filter: names.optional(),
  /** By column of the mirror, the partition (of `gateway.partitions`) that says who sees its rows. */
  partitions: z.record(z.string(), word).optional(),
  /** By column of the mirror: who sees it, who writes it. */
  fields: z.record(z.string(), access).optional(),
});

export const feedSchema = z.union([z.literal(true), feed], {
  error: 'must be true or { maxAge, filter, partitions, fields }',
});

export type ParsedFeed = z.output<typeof feedSchema>;
