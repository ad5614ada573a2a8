/** Negotiation: protocol (1), data types (2), and both with the logon's first phase in one message (34). */

import {
  type ClientCapabilities,
  COMPILE,
  FIELD_VERSION,
  RUNTIME,
  serverCompileCapabilities,
  serverRuntimeCapabilities,
} from './capabilities.ts';
import { ProtocolError, type TtcReader } from './reader.ts';
import type { TtcWriter } from './writer.ts';

const UTF8 = 873;
const UTF16 = 2000;
const BANNER = 'Syncline Oracle simulator';
/** Flag of the data types message: text fields carry their length. */
const CONVERTS_LENGTHS = 0x02;
const ZONE_BYTES = 11;
/** What no type is, but character sets are: tells go-ora's national character set from the first type. */
const HIGHEST_TYPE = 0x0fff;
const SB1 = 27;
const UNIVERSAL = 1;
const MAX_NAME_BYTES = 1024;
const MAX_VERSIONS = 64;

/** Behind the message's 1: the protocol versions that the client knows, and the name it gives itself. */
export function readProtocol(reader: TtcReader): { readonly driver: string } {
  for (let count = 0; reader.uint8() !== 0; count++) {
    if (count > MAX_VERSIONS) throw new ProtocolError('Protocol versions without an end');
  }
  const name: number[] = [];
  for (let byte = reader.uint8(); byte !== 0; byte = reader.uint8()) {
    if (name.push(byte) > MAX_NAME_BYTES) throw new ProtocolError("A driver's name without an end");
  }
  return { driver: Buffer.from(name).toString('utf8') };
}

export function writeProtocol(
  writer: TtcWriter,
  server: { readonly fieldVersion: number; readonly endOfResponse: 'offered' | 'never' },
): void {
  writer.uint8(1);
  writer.uint8(6);
  writer.uint8(0);
  writer.raw(Buffer.from(`${BANNER}\0`, 'latin1'));
  writer.uint16le(UTF8);
  writer.uint8(1); // flags
  writer.uint16le(0); // character set elements
  const features = Buffer.alloc(11);
  features.writeUInt16BE(UTF16, 9);
  writer.uint16be(features.length);
  writer.raw(features);
  writer.bytes(serverCompileCapabilities(server));
  writer.bytes(serverRuntimeCapabilities());
}

/** Behind the message's 2: all of it, the table of types too. */
export function readDataTypes(reader: TtcReader, serverFieldVersion: number): ClientCapabilities {
  reader.uint16le(); // character set
  reader.uint16le(); // national character set
  const flags = reader.uint8();
  const compile = reader.raw(reader.uint8());
  const runtime = reader.raw(reader.uint8());
  const has = (caps: Buffer, capability: { readonly at: number; readonly bit: number }): boolean =>
    ((caps[capability.at] ?? 0) & capability.bit) !== 0;
  const timeZoneWanted = has(runtime, RUNTIME.timeZone);
  const timeZoneVersionWanted = timeZoneWanted && has(compile, COMPILE.timeZoneVersion);
  if (timeZoneWanted) reader.raw(ZONE_BYTES);
  if (timeZoneVersionWanted) reader.raw(4);
  const wideTypes = (compile[COMPILE.wideTypes] ?? 0) !== 0;
  if (timeZoneWanted && wideTypes) skipNationalCharset(reader);
  const representations = readTypes(wideTypes ? () => reader.uint16be() : () => reader.uint8());
  const fieldVersion = Math.min(serverFieldVersion, compile[COMPILE.fieldVersion] ?? 0);
  return {
    fieldVersion,
    prefixedText: (flags & CONVERTS_LENGTHS) !== 0,
    scaleAsInteger: representations.get(SB1) === UNIVERSAL,
    // Clients that set the bit drop it again below this version, in a fast logon without saying so.
    wantsEndOfResponse: has(compile, COMPILE.endOfResponse) && fieldVersion >= FIELD_VERSION.vector,
    timeZoneWanted,
    timeZoneVersionWanted,
    wideTypes,
  };
}

function skipNationalCharset(reader: TtcReader): void {
  if (reader.peek() > HIGHEST_TYPE >> 8) reader.uint16le();
}

/** @returns representation by type. */
function readTypes(next: () => number): Map<number, number> {
  const representations = new Map<number, number>();
  for (let type = next(); type !== 0; type = next()) {
    const conversion = next();
    if (conversion === 0) continue;
    representations.set(type, next());
    next();
  }
  return representations;
}

export function writeDataTypes(writer: TtcWriter, client: ClientCapabilities): void {
  writer.uint8(2);
  // The database's time zone: an interval of no days, 0 hours and 0 minutes.
  if (client.timeZoneWanted) writer.raw(Buffer.from([0x80, 0, 0, 0, 60, 60, 60, 0x80, 0, 0, 0]));
  if (client.timeZoneVersionWanted) writer.uint32be(32);
  if (client.wideTypes) writer.uint16be(0);
  else writer.uint8(0);
}

/** Behind the message's 34, up to the logon's call. `field version` decides whether that call's header has a token. */
export function readFastNegotiation(
  reader: TtcReader,
  serverFieldVersion: number,
): { readonly driver: string; readonly client: ClientCapabilities; readonly fieldVersionUsed: number } {
  reader.uint8(); // version
  reader.uint8(); // flags
  reader.uint8();
  expect(reader, 1);
  const { driver } = readProtocol(reader);
  reader.uint16be(); // character set
  reader.uint8();
  reader.uint16be(); // national character set
  const fieldVersionUsed = reader.uint8();
  expect(reader, 2);
  const client = readDataTypes(reader, serverFieldVersion);
  return { driver, client, fieldVersionUsed };
}

function expect(reader: TtcReader, message: number): void {
  const found = reader.uint8();
  if (found !== message) throw new ProtocolError(`Message ${found} in place of ${message}`);
}
