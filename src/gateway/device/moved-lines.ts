/**
 * Lines of a push whose rows are not as they left them. A device that repeats a push may have pulled what came after it,
 * and left it alone for a change of its own that it took for unsent, as RxDB does: no pull brings it again.
 */
import { stableJson } from '../../domain/config-hash.ts';
import type { Json } from '../../domain/merge/json.ts';
import { openRowsOf } from '../../store/open-rows.ts';
import type { GatewayDeps } from '../deps.ts';
import { currentDocuments } from './push-reply.ts';
import type { ReadLine } from './take-push.ts';

/** Not those that still wait for a decision: their outcome is yet to come. */
export async function movedLines(
  deps: GatewayDeps,
  device: string,
  lines: readonly ReadLine[],
): Promise<Set<ReadLine>> {
  const names = lines.flatMap(({ entity, row }) => (row.id === null ? [] : [{ entity, row: row.id }]));
  const open = new Set((await openRowsOf(deps.store.pool, device, names)).map(nameOf));
  const documents = await currentDocuments(deps, lines);
  const now = new Map(documents.map(({ entity, id, document }) => [nameOf({ entity, row: id }), document]));
  // Of several changes of one row the last one left it as it is.
  const last = new Map(lines.map((line) => [nameOf({ entity: line.entity, row: line.row.id }), line]));
  const moved = [...last].filter(([name, { row }]) => {
    const document = now.get(name);
    return !open.has(name) && document !== undefined && differs(row.wanted, JSON.parse(document));
  });
  return new Set(moved.map(([, line]) => line));
}

function nameOf({ entity, row }: { readonly entity: string; readonly row: string | null }): string {
  return JSON.stringify([entity, row]);
}

type Document = Readonly<Record<string, Json>>;

/** In fields that the device said something of; its own ones begin with an underscore. */
function differs(wanted: Document | undefined, now: Document): boolean {
  if (wanted === undefined) return false;
  if ((wanted._deleted === true) !== (now._deleted === true)) return true;
  if (now._deleted === true) return false;
  return Object.entries(now).some(
    ([name, value]) =>
      name !== 'rev' && name !== '_deleted' && stableJson(value) !== stableJson(wanted[name] ?? null),
  );
}
