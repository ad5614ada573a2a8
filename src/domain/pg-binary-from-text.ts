/**
 * Per PostgreSQL type: from a value's text to a field of COPY binary. A writer takes the texts that databases print and
 * gives the bytes that PostgreSQL's own input would give; any other text it leaves to PostgreSQL.
 */
import { type ByteSink, reserve } from './byte-sink.ts';
import { type WireType, wireTypeOf } from './pg-binary-decode.ts';
import { int32Bytes, openField, type TextFieldWriter } from './pg-binary-field.ts';
import {
  float4FromText,
  float8FromText,
  int2FromText,
  int4FromText,
  int8FromText,
  numericFromText,
} from './pg-binary-from-numbers.ts';
import { dateFromText, timestampFromText, timestamptzFromText } from './pg-binary-from-times.ts';
import { isStorable } from './pg-text.ts';
import { parseType } from './types.ts';

/** null: no writer for the type. */
export function textFieldWriter(type: string): TextFieldWriter | null {
  // Its text input cuts what is too long, its binary input refuses it.
  if (parseType(type).base === 'name') return null;
  const wire = wireTypeOf(type);
  return wire === null ? null : (WRITERS[wire] ?? null);
}

/** Up to here a loop over characters beats a call into the runtime. */
const LOOP_CHARS = 48;
/** Above it, room is made for the bytes that the text has, not for those that it may have. */
const MEASURED_CHARS = 4_096;

const storableText: TextFieldWriter = (sink, text) => {
  const { length } = text;
  reserve(sink, 4 + (length > MEASURED_CHARS ? Buffer.byteLength(text) : length * 3));
  const { bytes, length: start } = sink;
  let at = start + 4;
  if (length <= LOOP_CHARS) {
    for (let i = 0; i < length; i++) {
      const char = text.charCodeAt(i);
      if (char > 0x7f || char === 0) return longText(sink, text);
      bytes[at++] = char;
    }
    int32Bytes(bytes, start, length);
    sink.length = at;
    return true;
  }
  return longText(sink, text);
};

/** Any text, for which there is room. */
function longText(sink: ByteSink, text: string): boolean {
  if (!isStorable(text)) return false;
  const { bytes, length: start } = sink;
  const size = bytes.write(text, start + 4, 'utf8');
  int32Bytes(bytes, start, size);
  sink.length = start + 4 + size;
  return true;
}

const JSONB_VERSION = 1;

const jsonbText: TextFieldWriter = (sink, text) => {
  const start = sink.length;
  reserve(sink, 5);
  // The text's field is written a byte further on; its length then moves in front of the version.
  sink.length = start + 1;
  if (!storableText(sink, text)) {
    sink.length = start;
    return false;
  }
  int32Bytes(sink.bytes, start, sink.length - start - 4);
  sink.bytes[start + 4] = JSONB_VERSION;
  return true;
};

const bool: TextFieldWriter = (sink, text) => {
  const isTrue = text === 't' || text === 'true';
  if (!isTrue && text !== 'f' && text !== 'false') return false;
  const at = openField(sink, 1);
  sink.bytes[at] = isTrue ? 1 : 0;
  return true;
};

const HEX = /^[0-9a-fA-F]*$/;
const UUID = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/;

const bytea: TextFieldWriter = (sink, text) => {
  const hex = text.slice(2);
  if (!text.startsWith('\\x') || hex.length % 2 !== 0 || !HEX.test(hex)) return false;
  const at = openField(sink, hex.length / 2);
  sink.bytes.write(hex, at, 'hex');
  return true;
};

const uuid: TextFieldWriter = (sink, text) => {
  if (!UUID.test(text)) return false;
  const at = openField(sink, 16);
  sink.bytes.write(text.replaceAll('-', ''), at, 'hex');
  return true;
};

const WRITERS: Partial<Record<WireType, TextFieldWriter>> = {
  text: storableText,
  bpchar: storableText,
  json: storableText,
  jsonb: jsonbText,
  bool,
  bytea,
  uuid,
  int2: int2FromText,
  int4: int4FromText,
  int8: int8FromText,
  float4: float4FromText,
  float8: float8FromText,
  numeric: numericFromText,
  date: dateFromText,
  timestamp: timestampFromText,
  timestamptz: timestamptzFromText,
};
