import type { ClientCapabilities } from './capabilities.ts';
import { ProtocolError, type TtcReader } from './reader.ts';
import type { TtcWriter } from './writer.ts';

/**
 * A text field whose length in bytes a pointer field gave: behind that length again, or the bare bytes, as the client
 * said in its data types (user name, SQL text, schema, end-to-end values).
 */
export function readClientText(reader: TtcReader, client: ClientCapabilities, byteLength: number): string {
  if (byteLength < 0) throw new ProtocolError(`A text of ${byteLength} bytes`);
  if (byteLength === 0) return '';
  return client.prefixedText ? (reader.text() ?? '') : reader.raw(byteLength).toString('utf8');
}

/** The same, written: length, then the text. */
export function writeClientText(writer: TtcWriter, client: ClientCapabilities, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  writer.ub(bytes.length);
  if (client.prefixedText) writer.bytes(bytes);
  else writer.raw(bytes);
}

/** A key and a value, each behind two lengths, and flags. */
export function readKeyValue(reader: TtcReader): { readonly key: string; readonly value: string } {
  const key = reader.count() > 0 ? (reader.text() ?? '') : '';
  const value = reader.count() > 0 ? (reader.text() ?? '') : '';
  reader.ub(); // flags
  return { key, value };
}
