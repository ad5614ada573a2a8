/** What a device is told of its push: a verdict for each row, and the rows that it has to take over as they are. */
import type { StoredVerdict } from '../../domain/upload/stored-verdict.ts';
import { readDocuments } from '../../store/feed-document.ts';
import { readIncarnation } from '../../store/upload-replies.ts';
import type { MutationVerdict } from '../../store/uploads.ts';
import type { GatewayDeps } from '../deps.ts';
import { readWithin } from './feed-reading.ts';
import type { PushTarget } from './push-target.ts';
import { serverHlc } from './server-hlc.ts';
import type { ReadLine } from './take-push.ts';

export type PushOutcome = {
  readonly lines: readonly ReadLine[];
  /** In the order of the lines. */
  readonly verdicts: readonly MutationVerdict[];
  /** 'many': documents by entity. */
  readonly of: 'one' | 'many';
  /** Whose rows the device is told of although it was taken. */
  readonly moved?: ReadonlySet<ReadLine>;
};

export async function replyToPush(deps: GatewayDeps, outcome: PushOutcome): Promise<string> {
  const { lines, verdicts, of, moved } = outcome;
  const results = lines.map((line, i) => resultOf(line, verdicts[i]?.verdict ?? null));
  const told = lines.filter((line, i) => isRefused(verdicts[i]?.verdict ?? null) || moved?.has(line));
  const documents = await currentDocuments(deps, told);
  const hlc = await serverHlc(deps);
  const conflicts = of === 'one' ? listOf(documents) : listsByEntity(documents);
  return `{"conflicts":${conflicts},"results":${JSON.stringify(results)},"serverHlc":${JSON.stringify(hlc)}}`;
}

type Current = { readonly entity: string; readonly id: string; readonly document: string };

function listOf(documents: readonly Current[]): string {
  return `[${documents.map(({ document }) => document).join(',')}]`;
}

function listsByEntity(documents: readonly Current[]): string {
  const names = [...new Set(documents.map(({ entity }) => entity))];
  const lists = names.map(
    (name) => `${JSON.stringify(name)}:${listOf(documents.filter(({ entity }) => entity === name))}`,
  );
  return `{${lists.join(',')}}`;
}

/** The server has nothing of the change, now and later. */
function isRefused(verdict: StoredVerdict | null): boolean {
  return verdict?.status === 'conflict' || verdict?.status === 'rejected';
}

function resultOf({ entity, target, row }: ReadLine, verdict: StoredVerdict | null) {
  const { status = 'rejected', version = null, code, message, conflictId } = verdict ?? {};
  const { clashing, notices, policyIgnored } = verdict ?? {};
  const hidden = new Set(target?.scope.hidden);
  const shown = clashing?.filter((field) => !hidden.has(field)) ?? [];
  return {
    entity,
    id: row.id,
    status,
    rev: version,
    ...(conflictId !== undefined && { conflictId }),
    ...(code !== undefined && { problem: { code, message: message ?? '' } }),
    ...(code === undefined && message !== undefined && { reason: message }),
    ...(shown.length > 0 && { clashing: shown }),
    ...(notices !== undefined && { notices }),
    ...(policyIgnored !== undefined && { policyIgnored }),
  };
}

/**
 * Texts of the rows as they are now, each once, in the order of the lines. A row that is not there, or is out of sight,
 * comes as one that was deleted.
 */
export async function currentDocuments(deps: GatewayDeps, lines: readonly ReadLine[]): Promise<Current[]> {
  const named = new Map<string, Named>();
  for (const { entity, target, row } of lines) {
    if (row.id !== null) named.set(JSON.stringify([entity, row.id]), { entity, target, id: row.id });
  }
  if (named.size === 0) return [];
  const targets = [...new Set([...named.values()].flatMap(({ target }) => target ?? []))];
  const found = await documentsOf(deps, targets, [...named.values()]);
  const incarnation = await readIncarnation(deps.store.pool);
  return [...named.values()].map(({ entity, target, id }) => ({
    entity,
    id,
    document: (target && found.get(target)?.get(id)) ?? nothingOf(id, incarnation),
  }));
}

type Named = { readonly entity: string; readonly target: PushTarget | null; readonly id: string };
type Found = ReadonlyMap<PushTarget, ReadonlyMap<string, string>>;

async function documentsOf(
  deps: GatewayDeps,
  targets: readonly PushTarget[],
  named: readonly Named[],
): Promise<Found> {
  const found = new Map<PushTarget, ReadonlyMap<string, string>>();
  if (targets.length === 0) return found;
  await readWithin(deps, targets, async (client) => {
    for (const target of targets) {
      const ids = named.flatMap((one) => (one.target === target ? [one.id] : []));
      found.set(target, await readDocuments(client, target.entity, { ids, scope: target.scope }));
    }
  });
  return found;
}

/** A row that the server does not have: the version of nothing (domain/upload/pushed-row.ts). */
export function nothingOf(id: string, incarnation: number): string {
  return JSON.stringify({ id, rev: `${incarnation}.0`, _deleted: true });
}
