/** Contents of LOBs, whole and in part, and the ways in which a row can carry one. */

import type { EngineSession, LobCell } from '../types.ts';
import { encodeLocator } from '../values/lob-locator.ts';
import { CHARSET_FORM, encodeText } from '../values/text.ts';
import type { TtcWriter } from '../wire/writer.ts';
import type { Bind } from './parse-binds.ts';

/** What Oracle says for blocks of 8 KiB. */
export const CHUNK_BYTES = 8132;

export function isLobCell(value: unknown): value is LobCell {
  return typeof value === 'object' && value !== null && 'lob' in value;
}

export async function readWholeLob(session: EngineSession, cell: LobCell): Promise<string | Uint8Array> {
  return await session.lobs.read(cell, 0, await session.lobs.length(cell));
}

/** A LOB whose content has been sent is of no more use, unless the client made it. */
export function releaseLob(session: EngineSession, cell: LobCell): void {
  if (!session.lobs.isTemporary(cell)) session.lobs.free(cell);
}

export function locatorOf(session: EngineSession, cell: LobCell): Buffer {
  return encodeLocator(cell, session, session.lobs.isTemporary(cell) ? 'temporary' : 'persistent');
}

/** A locator in a row, with its length and first characters in front as far as the client wants them. */
export async function writeLob(
  writer: TtcWriter,
  cell: LobCell,
  options: {
    readonly session: EngineSession;
    readonly wanted: Pick<Bind, 'wantsLobSize' | 'lobPrefetch'> | null;
  },
): Promise<void> {
  const { session, wanted } = options;
  const locator = locatorOf(session, cell);
  writer.ub(locator.length);
  if (wanted?.wantsLobSize === true) {
    writer.ub(await session.lobs.length(cell));
    writer.ub(CHUNK_BYTES);
    if (wanted.lobPrefetch > 0) writePrefetched(writer, cell, await prefetch(cell, session, wanted));
  }
  writer.bytes(locator);
}

async function prefetch(
  cell: LobCell,
  session: EngineSession,
  wanted: { readonly lobPrefetch: number },
): Promise<string | Uint8Array> {
  const data = await session.lobs.read(cell, 0, wanted.lobPrefetch);
  // Half of a pair of surrogates is no character in UTF-8.
  return typeof data === 'string' ? data.replace(/[\uD800-\uDBFF]$/, '') : data;
}

function writePrefetched(writer: TtcWriter, cell: LobCell, data: string | Uint8Array): void {
  if (typeof data !== 'string') {
    writer.bytes(data);
    return;
  }
  const form = cell.kind === 'NCLOB' ? CHARSET_FORM.national : CHARSET_FORM.database;
  writer.uint8(0); // in the character set of its form
  writer.uint8(form);
  writer.bytes(encodeText(data, form));
}
