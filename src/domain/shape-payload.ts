/** The source row of a reject, as text that quarantine can keep as jsonb. */
import type { EntityPlan, Reject } from './entity.ts';
import type { Tuples } from './pg-binary.ts';
import { decoderOf, type FieldReader } from './pg-binary-decode.ts';
import type { TextRow } from './pg-text.ts';

/** Of one value; a retry reads the row again, so the payload is for people and need not be whole. */
const SHOWN_CHARS = 16_384;

type Payload = Reject['payload'];

export function binaryPayload(plan: EntityPlan): (tuples: Tuples) => Payload {
  const columns = plan.readColumns.map(({ name, mirrorType }) => ({
    name,
    text: decoderOf(mirrorType ?? '')?.text ?? hexText,
  }));
  return (tuples) => {
    const payload = empty();
    for (const [i, { name, text }] of columns.entries()) {
      const [start, end] = [tuples.starts[i] as number, tuples.ends[i] as number];
      // A value of hundreds of megabytes would not even fit into a JavaScript string.
      if (end - start > 64 * SHOWN_CHARS) payload[name] = `[${end - start} bytes]`;
      else payload[name] = end < 0 ? null : storable(text(tuples, start, end));
    }
    return payload;
  };
}

/** Of types that no function can look at: the bytes of COPY binary. */
const hexText: FieldReader<string> = ({ bytes }, start, end) => `\\x${bytes.toString('hex', start, end)}`;

export function textPayload(plan: EntityPlan): (values: TextRow) => Payload {
  return (values) => {
    const payload = empty();
    for (const [i, { name }] of plan.readColumns.entries()) {
      const value = values[i] ?? null;
      payload[name] = value === null ? null : storable(value);
    }
    return payload;
  };
}

/** Without a prototype, so that a column may be called `__proto__`. */
function empty(): Record<string, string | null> {
  return Object.create(null) as Record<string, string | null>;
}

/** jsonb takes neither NUL nor lone surrogates: the first is shown as its symbol, the others as U+FFFD. */
function storable(text: string): string {
  const shown = text.length > SHOWN_CHARS ? text.slice(0, SHOWN_CHARS) : text;
  const clean = shown.replaceAll('\0', '\u2400').replace(/\p{Surrogate}/gu, '\ufffd');
  return shown === text ? clean : `${clean} [${text.length} characters]`;
}
