/** Per PostgreSQL type: from a field of COPY binary to its exact text, and to the value that user functions see. */

import { int16At, int32At, type Tuples } from './pg-binary.ts';
import {
  float4Number,
  float4Text,
  float8At,
  float8Text,
  int8Text,
  numericText,
} from './pg-binary-numbers.ts';
import {
  dateText,
  intervalText,
  timestampText,
  timestamptzText,
  timeText,
  timetzText,
} from './pg-binary-times.ts';
import type { Value } from './row.ts';

/** Reads the field from `start` to `end` (exclusive); never called for NULL. */
export type FieldReader<T> = (tuples: Tuples, start: number, end: number) => T;

export type BinaryDecoder = {
  /** The text of the type's output function; boolean as `true` and `false`, as a cast to text gives it. */
  readonly text: FieldReader<string>;
  /** As `validate` and `compute` see it. */
  readonly seen: FieldReader<Value>;
};

/** The types with a decoder, by the name that stands for all spellings with the same bytes. */
export type WireType =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'text'
  | 'bpchar'
  | 'json'
  | 'jsonb'
  | 'uuid'
  | 'numeric'
  | 'timestamp'
  | 'timestamptz'
  | 'date'
  | 'time'
  | 'timetz'
  | 'interval'
  | 'bytea';

const WIRE_TYPES: Readonly<Record<string, WireType>> = {
  bool: 'bool',
  boolean: 'bool',
  int2: 'int2',
  smallint: 'int2',
  int4: 'int4',
  int: 'int4',
  integer: 'int4',
  int8: 'int8',
  bigint: 'int8',
  float4: 'float4',
  real: 'float4',
  float8: 'float8',
  'double precision': 'float8',
  text: 'text',
  varchar: 'text',
  'character varying': 'text',
  name: 'text',
  citext: 'text',
  bpchar: 'bpchar',
  character: 'bpchar',
  char: 'bpchar',
  json: 'json',
  jsonb: 'jsonb',
  uuid: 'uuid',
  numeric: 'numeric',
  decimal: 'numeric',
  timestamp: 'timestamp',
  'timestamp without time zone': 'timestamp',
  timestamptz: 'timestamptz',
  'timestamp with time zone': 'timestamptz',
  date: 'date',
  time: 'time',
  'time without time zone': 'time',
  timetz: 'timetz',
  'time with time zone': 'timetz',
  bytea: 'bytea',
};

/** The wire type of a type as format_type() or a person spells it; null where there is no decoder. */
export function wireTypeOf(type: string): WireType | null {
  const plain = type
    .replace(/\([^)]*\)/, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
  if (/^interval( |$)/.test(plain) && !plain.endsWith(']')) return 'interval';
  return Object.hasOwn(WIRE_TYPES, plain) ? (WIRE_TYPES[plain] as WireType) : null;
}

export function decoderOf(type: string): BinaryDecoder | null {
  const wire = wireTypeOf(type);
  return wire === null ? null : DECODERS[wire];
}

/** UTF-8 text; ASCII, found by looking at every byte, is cut out of the piece's one-character-a-byte copy. */
function text({ bytes, latin1 }: Tuples, start: number, end: number): string {
  if (latin1 === null) return bytes.toString('utf8', start, end);
  for (let i = start; i < end; i++) {
    if ((bytes[i] as number) > 127) return bytes.toString('utf8', start, end);
  }
  return latin1.substring(start, end);
}

function jsonbText(tuples: Tuples, start: number, end: number): string {
  return text(tuples, start + 1, end);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function uuidText({ bytes }: Tuples, start: number): string {
  let hex = '';
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) hex += '-';
    hex += HEX[bytes[start + i] as number];
  }
  return hex;
}

function byteaText({ bytes }: Tuples, start: number, end: number): string {
  return `\\x${bytes.toString('hex', start, end)}`;
}

/** Most types are seen as the text that they have. */
function asText(reader: FieldReader<string>): BinaryDecoder {
  return { text: reader, seen: reader };
}

const DECODERS: Readonly<Record<WireType, BinaryDecoder>> = {
  bool: {
    text: (tuples, start) => (tuples.bytes[start] === 0 ? 'false' : 'true'),
    seen: (tuples, start) => tuples.bytes[start] !== 0,
  },
  int2: {
    text: (tuples, start) => String(int16At(tuples.bytes, start)),
    seen: (tuples, start) => int16At(tuples.bytes, start),
  },
  int4: {
    text: (tuples, start) => String(int32At(tuples.bytes, start)),
    seen: (tuples, start) => int32At(tuples.bytes, start),
  },
  int8: asText((tuples, start) => int8Text(tuples.bytes, start)),
  float4: {
    text: (tuples, start) => float4Text(tuples.bytes, start),
    seen: (tuples, start) => float4Number(tuples.bytes, start),
  },
  float8: {
    text: (tuples, start) => float8Text(tuples.bytes, start),
    seen: (tuples, start) => float8At(tuples.bytes, start),
  },
  text: asText(text),
  bpchar: asText(text),
  json: asText(text),
  jsonb: asText(jsonbText),
  uuid: asText(uuidText),
  numeric: asText((tuples, start) => numericText(tuples.bytes, start)),
  timestamp: asText((tuples, start) => timestampText(tuples.bytes, start)),
  timestamptz: asText((tuples, start) => timestamptzText(tuples.bytes, start)),
  date: asText((tuples, start) => dateText(tuples.bytes, start)),
  time: asText((tuples, start) => timeText(tuples.bytes, start)),
  timetz: asText((tuples, start) => timetzText(tuples.bytes, start)),
  interval: asText((tuples, start) => intervalText(tuples.bytes, start)),
  bytea: asText(byteaText),
};
