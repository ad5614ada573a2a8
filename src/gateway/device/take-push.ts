/** Rows that a device pushes, of one entity or of several: kept, decided by workers, answered. */
import { createHash } from 'node:crypto';
import { judgeReceived, type Received } from '../../domain/access/judge-push.ts';
import { stableJson } from '../../domain/config-hash.ts';
import { SyncError } from '../../domain/errors.ts';
import { type PushedRow, readPushedRow } from '../../domain/upload/pushed-row.ts';
import type { StoredVerdict } from '../../domain/upload/stored-verdict.ts';
import { JudgedMutation } from '../../domain/upload/wire.ts';
import { keepUpload, queueOfMutations, verdictsWithin } from '../../service/send-upload.ts';
import { readDocuments } from '../../store/feed-document.ts';
import { openRowsOf } from '../../store/open-rows.ts';
import { type KnownUpload, keepReply, keyOfContent, readKnownUpload } from '../../store/upload-replies.ts';
import { type MutationVerdict, readVerdicts, type UploadRef } from '../../store/uploads.ts';
import type { GatewayDeps } from '../deps.ts';
import { metricsOf } from '../request-metrics.ts';
import { readWithin } from './feed-reading.ts';
import { movedLines } from './moved-lines.ts';
import { replyToPush } from './push-reply.ts';
import type { DevicePrincipal, PushTarget } from './push-target.ts';

export type PushLine = {
  /** As it was sent; it may be the name of nothing. */
  readonly entity: string;
  readonly input: unknown;
};

export type Push = {
  readonly principal: DevicePrincipal;
  /** Idempotency-Key; null: the device sends none. */
  readonly key: string | null;
  readonly lines: readonly PushLine[];
  readonly targets: ReadonlyMap<string, PushTarget>;
  /** Of one entity, or each line of its own. */
  readonly of: 'one' | 'many';
};

/** A line as it was read; `target` is null where its entity is not served. */
export type ReadLine = {
  readonly entity: string;
  readonly target: PushTarget | null;
  readonly row: PushedRow;
};

/**
 * The same key and content get the same reply, byte for byte, while the device may see what it saw by then; without a key,
 * as long as its rows are as it left them.
 * @returns the reply's text.
 * @throws UPLOAD_CONFLICT, UPLOAD_PENDING, DEVICE_REVOKED, BODY_TOO_LARGE
 */
export async function takePush(deps: GatewayDeps, push: Push): Promise<string> {
  const { principal, targets, of } = push;
  requireFewRows(deps, push.lines);
  const lines = push.lines.map(({ entity, input }) =>
    readLine({ entity, input }, targets.get(entity) ?? null),
  );
  const sha256 = hashOfRequest(push.lines);
  const { pool } = deps.store;
  const key = push.key ?? (await keyOfContent(pool, { device: principal.device, sha256 }));
  const ref = { device: principal.device, key };
  const known = await readKnownUpload(pool, ref);
  const repeated = known?.sha256 === sha256 ? known : null;
  // It may show what its device must not see any more.
  const sight = sightOf(targets);
  const reply = repeated?.sight === sight ? repeated.reply : null;
  if (reply !== null && push.key !== null) return reply;
  const verdicts = await decideLines(deps, { principal, ref, sha256, lines, known });
  // Nothing is written for a change of nothing: no pull would bring the row either.
  const doubted = push.key === null && repeated !== null ? lines : lines.filter(({ row }) => row.isIdle);
  const moved = await movedLines(deps, principal.device, doubted);
  if (reply !== null && moved.size === 0) return reply;
  const text = await replyToPush(deps, { lines, verdicts, of, moved });
  return (repeated?.reply ?? null) === null ? keepReply(pool, ref, { reply: text, sight }) : text;
}

/** Of all that a reply may show. */
export function sightOf(targets: Push['targets']): string {
  const scopes = [...targets].map(([name, { scope }]) => [name, scope.partitions, scope.hidden]);
  return hashOfRequest(scopes);
}

export function hashOfRequest(content: unknown): string {
  return createHash('sha256').update(stableJson(content)).digest('hex');
}

export type Deciding = {
  readonly principal: DevicePrincipal;
  readonly ref: UploadRef;
  /** Of the request. */
  readonly sha256: string;
  readonly lines: readonly ReadLine[];
  /** What is kept under the key already. */
  readonly known: KnownUpload | null;
  /** The device hears of the outcomes by the rows that it pulls, not by a reply. */
  readonly told?: true;
};

/** @returns verdicts in the order of the lines. @throws UPLOAD_CONFLICT, UPLOAD_PENDING, DEVICE_REVOKED */
export async function decideLines(deps: GatewayDeps, deciding: Deciding): Promise<MutationVerdict[]> {
  const { ref, sha256, lines, known } = deciding;
  if (known?.sha256 !== sha256) await stage(deps, deciding);
  else if (known.state === 'done') return readVerdicts(deps.store.pool, ref);
  const mutations = lines.map(({ row }) => row.mutation);
  const taskQueue = queueOfMutations(deps.config, mutations);
  return verdictsWithin(deps, { ...ref, taskQueue, waitMs: deps.settings.verdictWaitMs });
}

/** Fewer than it says would be forgotten; how many are allowed is told at registration. */
function requireFewRows({ settings }: GatewayDeps, lines: readonly PushLine[]): void {
  const { maxRows } = settings.push;
  if (lines.length <= maxRows) return;
  throw new SyncError('BODY_TOO_LARGE', {
    message: `${lines.length} rows came in one request; at most ${maxRows} are taken`,
    details: { maxRows },
  });
}

const NOTHING = {
  entity: '?',
  types: new Map<string, string>(),
  keyColumns: [],
  writable: new Set<string>(),
  hidden: new Set<string>(),
  givesKeys: false,
};

export function readLine({ entity, input }: PushLine, target: PushTarget | null): ReadLine {
  return { entity, target, row: readPushedRow(input, target?.pushed ?? NOTHING) };
}

/** Also where the key is known with another content: the store refuses it. */
async function stage(deps: GatewayDeps, { principal, ref, sha256, lines, told }: Deciding): Promise<void> {
  const { user, roles, permissions, partitions } = principal;
  // Who hears by rows is to hear of this too, so it is left to those who write them.
  const isKnown = told === true ? null : await knownRows(deps, principal.device, lines);
  await keepUpload(deps, {
    ...ref,
    user,
    permissions,
    grants: { user, roles, permissions, partitions },
    mutations: lines.map((line) => mutationOf(line, isKnown)),
    sha256,
    ...(told === true && { told }),
  });
  metricsOf(deps).count('rowsPushed', lines.length);
}

const UNKNOWN_ENTITY: StoredVerdict = {
  status: 'rejected',
  code: 'ENTITY_UNKNOWN',
  message: 'There is no entity of this name that takes changes',
};

type IsKnown = (line: ReadLine) => boolean;

/** Mutations whose verdict is clear keep their places, with it. */
function mutationOf({ entity, target, row }: ReadLine, isKnown: IsKnown | null): unknown {
  const { id, mutation, why, names } = row;
  const hint = { entity, ...(id !== null && { row: id }), ...names };
  if (target === null) return new JudgedMutation(hint, UNKNOWN_ENTITY);
  if (mutation === null) {
    return new JudgedMutation(hint, {
      status: 'rejected',
      code: 'MUTATION_INVALID',
      message: why ?? 'It cannot be read',
    });
  }
  if (isKnown === null) return mutation;
  const received = receivedOf(mutation, { target, isKnown: isKnown({ entity, target, row }) });
  const verdict = judgeReceived(target.scope, received);
  return verdict === null ? mutation : new JudgedMutation(hint, verdict);
}

/** A field of which the device only says what it did to it is among them too. */
function receivedOf(
  mutation: Readonly<Record<string, unknown>>,
  { target, isKnown }: { readonly target: PushTarget; readonly isKnown: boolean },
): Received {
  const {
    operation,
    values = {},
    changes = {},
  } = mutation as {
    operation: Received['operation'];
    values?: Record<string, unknown>;
    changes?: unknown;
  };
  const described = typeof changes === 'object' && changes !== null ? changes : {};
  const fields = Object.entries({ ...described, ...values });
  return {
    operation,
    values: Object.fromEntries(fields.filter(([name]) => target.pushed.types.has(name))),
    isKnown,
  };
}

/** Only of entities of which this user sees a part: those rows that are in sight, or on their way. */
async function knownRows(deps: GatewayDeps, device: string, lines: readonly ReadLine[]): Promise<IsKnown> {
  const partial = lines.filter(({ target }) => Object.keys(target?.scope.partitions ?? {}).length > 0);
  const named = partial.flatMap(({ entity, row }) => (row.id === null ? [] : [{ entity, row: row.id }]));
  if (named.length === 0) return () => true;
  const known = new Set<string>();
  const add = (entity: string, row: string) => known.add(JSON.stringify([entity, row]));
  for (const line of partial) {
    if (line.row.mutation?.operation === 'insert' && line.row.id !== null) add(line.entity, line.row.id);
  }
  for (const { entity, row } of await openRowsOf(deps.store.pool, device, named)) add(entity, row);
  const targets = new Set(partial.flatMap(({ target }) => target ?? []));
  await readWithin(deps, [...targets], async (client) => {
    for (const { entity, scope } of targets) {
      const ids = named.flatMap((one) => (one.entity === entity.spec.entity ? [one.row] : []));
      for (const id of (await readDocuments(client, entity, { ids, scope })).keys())
        add(entity.spec.entity, id);
    }
  });
  return ({ entity, row }) => known.has(JSON.stringify([entity, row.id]));
}
