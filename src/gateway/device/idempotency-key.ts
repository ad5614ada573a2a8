/** The key by which a request may be repeated. */
import { z } from 'zod';

/** Characters that need no escape anywhere. */
const keySchema = z.string().regex(/^[A-Za-z0-9_.:-]{1,200}$/, 'has 1 to 200 of A-Z a-z 0-9 _ . : -');

export const keyHeaders = z.looseObject({
  'idempotency-key': keySchema
    .optional()
    .describe('The same key and body get the same reply, byte for byte; without it the body is its own key'),
});

type WithKey = { readonly headers: { readonly 'idempotency-key'?: string | undefined } };

/** null: the request has none. */
export function keyOf({ headers }: WithKey): string | null {
  return headers['idempotency-key'] ?? null;
}
