/**
 * Operations of a text, a script that walks through the base from its beginning: keep so much, insert this, delete so
 * much. What is left after the last operation is kept. Counts are UTF-16 units, as JavaScript, Java, C# and Dart count;
 * a count that would split a surrogate pair is refused.
 *
 *     base "red car", operations [{op: 'retain', count: 4}, {op: 'delete', count: 3}, {op: 'insert', text: 'bike'}]
 */
import { z } from 'zod';
import { invalid, type Parsed, parseOperations } from './parse-operations.ts';
import { addEdit, type TextEdit, type TextEdits } from './text-edits.ts';
import { isWellFormed, splitsPair } from './text-tokens.ts';

const COUNT = 'must be a whole number, 1 or more';
const count = z.int(COUNT).min(1, COUNT);
const text = z
  .string('must be a text')
  .min(1, 'must not be empty')
  .refine(isWellFormed, 'must be well-formed Unicode');

const textOperation = z.discriminatedUnion(
  'op',
  [
    z.strictObject({ op: z.literal('retain'), count }),
    z.strictObject({ op: z.literal('delete'), count }),
    z.strictObject({ op: z.literal('insert'), text }),
  ],
  'must be retain, delete or insert: operations of a text have these',
);

/** The edits that a script makes of the base. */
export function readTextOperations(base: string, operations: readonly unknown[]): Parsed<TextEdits> {
  const parsed = parseOperations(textOperation, operations);
  if (!parsed.ok) return parsed;
  const edits: TextEdit[] = [];
  let at = 0;
  for (const [index, operation] of parsed.value.entries()) {
    if (operation.op === 'insert') {
      addEdit(edits, { start: at, end: at, text: operation.text });
      continue;
    }
    const end = at + operation.count;
    if (end > base.length) {
      return invalid(index, `goes beyond the end of the base, which has ${base.length} UTF-16 units`);
    }
    if (splitsPair(base, end)) return invalid(index, 'ends within a character (a surrogate pair)');
    if (operation.op === 'delete') addEdit(edits, { start: at, end, text: '' });
    at = end;
  }
  return { ok: true, value: edits };
}
