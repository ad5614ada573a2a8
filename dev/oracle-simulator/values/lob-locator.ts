/**
 * LOB locators: 40 bytes that clients keep and give back. Some of them clients look into (kind, temporary, character
 * set); the rest names the LOB and the session that knows it.
 */

import { OraError } from '../ora-error.ts';
import type { LobCell, LobKind } from '../types.ts';

export const LOCATOR_BYTES = 40;

const BYTES_BEHIND_LENGTH = 38;
/** A plain locator; 4 would be a value in disguise. */
const VERSION = 1;
/** Two bytes: binary or characters; initialised, and whether in the national character set. */
const KIND_BYTES: Readonly<Record<LobKind, number>> = { BLOB: 0x01_08, CLOB: 0x02_08, NCLOB: 0x02_48 };
const KINDS = Object.entries(KIND_BYTES) as readonly (readonly [LobKind, number])[];
/** Characters take a varying number of bytes in the database: the client transfers UTF-16, as of any Unicode database. */
const VARYING_WIDTH = 0x80;
const TEMPORARY = 0x01;
const AT = {
  version: 2,
  kind: 4,
  state: 5,
  charset: 6,
  duration: 7,
  lob: 10,
  session: 16,
  serial: 20,
} as const;

export type LocatorOwner = { readonly id: number; readonly serial: number };

export function encodeLocator(
  cell: LobCell,
  owner: LocatorOwner,
  duration: 'temporary' | 'persistent',
): Buffer {
  const bytes = Buffer.alloc(LOCATOR_BYTES);
  bytes.writeUInt16BE(BYTES_BEHIND_LENGTH, 0);
  bytes.writeUInt16BE(VERSION, AT.version);
  bytes.writeUInt16BE(KIND_BYTES[cell.kind], AT.kind);
  if (cell.kind !== 'BLOB') bytes[AT.charset] = VARYING_WIDTH;
  if (duration === 'temporary') bytes[AT.duration] = TEMPORARY;
  bytes.writeUInt32BE(cell.lob, AT.lob);
  bytes.writeUInt32BE(owner.id, AT.session);
  bytes.writeUInt32BE(owner.serial, AT.serial);
  return bytes;
}

/** @throws OraError 22275 for bytes that are no locator, and for one of another session. */
export function decodeLocator(bytes: Uint8Array, owner: LocatorOwner): LobCell {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind =
    view.length < LOCATOR_BYTES
      ? undefined
      : KINDS.find(([, code]) => view.readUInt16BE(AT.kind) === code)?.[0];
  if (
    kind === undefined ||
    view.readUInt16BE(AT.version) !== VERSION ||
    view.readUInt32BE(AT.session) !== owner.id >>> 0 ||
    view.readUInt32BE(AT.serial) !== owner.serial >>> 0
  ) {
    throw new OraError(22275, 'invalid LOB locator specified');
  }
  return { lob: view.readUInt32BE(AT.lob), kind };
}
