/** A mutation as it was staged, as a change that can be decided: values as PostgreSQL prints them, rights, its base. */
import { createHash } from 'node:crypto';
import { whyNotAllowed } from '../domain/access/judge-change.ts';
import type { EntityScope } from '../domain/access/scope.ts';
import { stableJson } from '../domain/config-hash.ts';
import type { EntityPlan } from '../domain/entity.ts';
import type { Json } from '../domain/merge/json.ts';
import type { Change, FieldTexts } from '../domain/upload/decision.ts';
import { MAX_DRIFT_MS, parseHlc } from '../domain/upload/hlc.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { UploadSpec } from '../domain/upload/upload-spec.ts';
import { parseVersion } from '../domain/upload/versions.ts';
import { textOfJson } from '../domain/upload/wire.ts';
import { readAccepted } from '../store/accepted.ts';
import type { StagedMutation } from '../store/mutations.ts';
import type { Store } from '../store/open.ts';
import { lookUpNamed, type NamedRow, type NamedRowState } from '../store/upload-parts.ts';
import { type Canonical, canonicalTexts } from '../store/upload-rows.ts';
import { scopesOfSenders } from './sender-scope.ts';
import type { UploadEntity } from './upload-entity.ts';

export type Prepared =
  | {
      readonly kind: 'change';
      readonly change: Change;
      readonly baseHash: string;
      /** The base as the device sent it: `change.baseImage` has what it got accepted since in it. */
      readonly seen: FieldTexts | null;
      /** What its sender may see and write; null: all. */
      readonly scope: EntityScope | null;
      /** By field: the mutation of the same group that makes the row which the field names. Its key is not known yet. */
      readonly makers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'rejected'; readonly verdict: StoredVerdict }
  /** A row that it names is not made yet; `conflictId`: because a conflict holds it. */
  | { readonly kind: 'waiting'; readonly conflictId: string | null; readonly making: string | null };

type Entry = {
  readonly mutation: number;
  readonly side: 'values' | 'base';
  readonly field: string;
  readonly text: string | null;
  /** Ordinal of the mutation, of the same group, that makes the row which it names. */
  readonly maker?: string;
};

/** What stands for the key of a row that the same group makes: like no value that there is. */
const STAND_IN = 'new:';

/** In the order of the mutations, which are all of one entity. */
export function prepareChanges(
  db: Store['pool'],
  entity: UploadEntity,
  mutations: readonly StagedMutation[],
): Promise<Prepared[]> {
  return prepareMembers(db, entity, { mutations, makers: new Set() });
}

/** Changes of a group. @param group.makers ordinals of its inserts, which make rows that others of it may name. */
export async function prepareMembers(
  db: Store['pool'],
  { plan, upload, senderScope }: UploadEntity,
  { mutations, makers }: { mutations: readonly StagedMutation[]; makers: ReadonlySet<string> },
): Promise<Prepared[]> {
  const scopes = await scopesOfSenders(
    senderScope,
    mutations.map(({ grants }) => grants),
  );
  const sent = mutations.flatMap(({ body }, mutation): Entry[] => [
    ...entriesOf(mutation, 'values', body.values),
    // What a device had before it lost sight of a field tells nobody whether it still holds.
    ...entriesOf(mutation, 'base', body.base?.values).filter(
      ({ field }) => scopeOf(scopes[mutation])?.hidden.includes(field) !== true,
    ),
  ]);
  const { entries, waiting } = await withKeys(db, upload, { sent, makers });
  // A stand-in is no value of its column.
  const judged = await canonicalTexts(
    db,
    plan,
    entries.map((entry) => (entry.maker === undefined ? entry : { ...entry, text: null })),
  );
  const texts = entries.map(({ maker, text }, i) => (maker === undefined ? judged[i] : { text }));
  const judgedOf = mutations.map((): Judged[] => []);
  for (const [at, entry] of entries.entries()) {
    judgedOf[entry.mutation]?.push({ ...entry, canonical: texts[at] as Canonical });
  }
  const pasts = await pastsOf(db, mutations);
  return mutations.map((mutation, i): Prepared => {
    const mine = judgedOf[i] as Judged[];
    const held = waiting.get(i);
    if (held !== undefined) return { kind: 'waiting', conflictId: held.conflictId, making: held.making };
    const why =
      whyRejected({ plan, upload }, mutation, mine) ?? whyOutOfReach(scopes[i] ?? null, mutation, mine);
    if (why !== null) return { kind: 'rejected', verdict: why };
    return { ...changeOf(mutation, mine, pasts[i] as Past), scope: scopeOf(scopes[i]) };
  });
}

function entriesOf(
  mutation: number,
  side: Entry['side'],
  values: Readonly<Record<string, Json>> | undefined,
): Entry[] {
  return Object.entries(values ?? {}).map(([field, value]) => ({
    mutation,
    side,
    field,
    text: textOfJson(value),
  }));
}

/** Ids that devices gave to rows made offline become the keys that those rows got, or the mutation waits for them. */
async function withKeys(
  db: Store['pool'],
  { references }: UploadSpec,
  { sent: entries, makers }: { readonly sent: readonly Entry[]; readonly makers: ReadonlySet<string> },
): Promise<{ entries: readonly Entry[]; waiting: ReadonlyMap<number, NamedRowState> }> {
  const named = (entry: Entry): NamedRow | null => {
    const entity = Object.hasOwn(references, entry.field) ? references[entry.field] : undefined;
    return entity === undefined || entry.text === null ? null : { entity, id: entry.text };
  };
  const states = await lookUpNamed(
    db,
    entries.flatMap((entry) => named(entry) ?? []),
  );
  const nameOf = ({ entity, id }: NamedRow): string => JSON.stringify([entity, id]);
  const known = new Map(states.map((state) => [nameOf(state), state]));
  const waiting = new Map<number, NamedRowState>();
  const rewritten = entries.map((entry) => {
    const row = named(entry);
    const state = row === null ? undefined : known.get(nameOf(row));
    if (state === undefined) return entry;
    if (state.key !== null) return { ...entry, text: state.key };
    const { making } = state;
    if (making !== null && makers.has(making)) {
      return { ...entry, text: `${STAND_IN}${entry.text}`, maker: making };
    }
    if (entry.side === 'values') waiting.set(entry.mutation, state);
    return entry;
  });
  return { entries: rewritten, waiting };
}

type Judged = Entry & { readonly canonical: Canonical };

function whyRejected(
  { plan, upload }: Pick<UploadEntity, 'plan' | 'upload'>,
  { body, receivedHlc, device, revoked }: StagedMutation,
  entries: readonly Judged[],
): StoredVerdict | null {
  const reject = (code: string, message: string): StoredVerdict => ({ status: 'rejected', code, message });
  if (revoked) return reject('DEVICE_REVOKED', `Device ${device} may not change anything any more`);
  const ahead = whyAhead(body, receivedHlc);
  if (ahead !== null) return reject('CLOCK_AHEAD', ahead);
  if (!upload.operations.includes(body.operation)) {
    return reject('NOT_ALLOWED', `Devices may not ${body.operation} rows of ${body.entity}`);
  }
  const local = new Set(plan.spec.localColumns.map(({ name }) => name));
  const sent = [...Object.keys(body.values ?? {}), ...Object.keys(body.changes ?? {})];
  const isKey = (field: string): boolean => plan.keyColumns.includes(field) && body.operation === 'insert';
  const forbidden = sent.find(
    (field) => !local.has(field) && !upload.writable.includes(field) && !isKey(field),
  );
  if (forbidden !== undefined) return reject('NOT_ALLOWED', `${forbidden} may not be changed`);
  const bad = entries.find(({ canonical }) => 'problem' in canonical);
  if (bad !== undefined && 'problem' in bad.canonical) return reject('INVALID_VALUE', bad.canonical.problem);
  if (body.operation !== 'delete' && sent.length === 0)
    return reject('MUTATION_INVALID', 'It changes nothing');
  return null;
}

function scopeOf(scope: EntityScope | null | 'unserved' | undefined): EntityScope | null {
  return scope === 'unserved' || scope === undefined ? null : scope;
}

/** What its sender may not see, or not write (C13). */
function whyOutOfReach(
  scope: EntityScope | null | 'unserved',
  { body }: StagedMutation,
  entries: readonly Judged[],
): StoredVerdict | null {
  if (scope === null) return null;
  if (scope === 'unserved') {
    return { status: 'rejected', code: 'NOT_ALLOWED', message: `Devices do not get ${body.entity}` };
  }
  const why = whyNotAllowed(scope, {
    operation: body.operation,
    values: valuesOf(entries, 'values'),
    described: Object.keys(body.changes ?? {}),
  });
  return why === null ? null : { status: 'rejected', ...why };
}

/** One side of what was sent, as PostgreSQL prints it. */
function valuesOf(entries: readonly Judged[], which: Entry['side']): FieldTexts {
  return Object.fromEntries(
    entries.flatMap(({ side: at, field, canonical }) =>
      at === which && 'text' in canonical ? [[field, canonical.text]] : [],
    ),
  );
}

/** A clock of the future would win over everything that comes until then. Ours has not been moved by it. */
function whyAhead(body: StagedMutation['body'], receivedHlc: string): string | null {
  const serverMs = parseHlc(receivedHlc)?.ms ?? 0;
  const clocks = [body.hlc, ...Object.values(body.fieldHlcs ?? {})].flatMap((hlc) => hlc ?? []);
  const ahead = clocks.some((hlc) => (parseHlc(hlc)?.ms ?? 0) - serverMs > MAX_DRIFT_MS);
  if (!ahead) return null;
  const now = new Date(serverMs).toISOString();
  return `The clock of the change is ahead of the server's, which was ${now}: set it, stamp the change anew, and send it again`;
}

type Past = { readonly baseHash: string; readonly accepted: FieldTexts | null };

/** C11: what a device got accepted from the same base is what it saw last, whether it heard of it or not. */
async function pastsOf(db: Store['pool'], mutations: readonly StagedMutation[]): Promise<Past[]> {
  const based = mutations.map((mutation) => ({
    ...mutation,
    baseHash: hashOfBase(mutation.body.base ?? null),
  }));
  const asked = based.filter(({ body }) => hasPast(body));
  const found = await readAccepted(db, asked);
  const accepted = new Map(asked.map((mutation, i) => [mutation, found[i] ?? null]));
  return based.map((mutation) => ({
    baseHash: mutation.baseHash,
    accepted: accepted.get(mutation) ?? null,
  }));
}

function changeOf(
  mutation: StagedMutation,
  entries: readonly Judged[],
  { baseHash, accepted }: Past,
): Omit<Extract<Prepared, { kind: 'change' }>, 'scope'> {
  const { body } = mutation;
  const side = (which: Entry['side']): FieldTexts => valuesOf(entries, which);
  const baseVersion = body.base?.version === undefined ? null : parseVersion(body.base.version);
  const image = body.base?.values === undefined ? null : side('base');
  const makers = entries.flatMap(({ side: at, field, maker }) =>
    at === 'values' && maker !== undefined ? [[field, maker]] : [],
  );
  return {
    kind: 'change',
    baseHash,
    ...(makers.length > 0 && { makers: Object.fromEntries(makers) }),
    seen: image,
    change: {
      operation: body.operation,
      values: side('values'),
      operations: body.changes ?? {},
      baseImage: accepted === null ? image : { ...image, ...accepted },
      baseVersion,
      hlc: body.hlc ?? mutation.receivedHlc,
      fieldHlcs: body.fieldHlcs ?? {},
      policy: body.policy ?? null,
    },
  };
}

/** Who makes a row again, and got it accepted before, has missed the answer and edited it meanwhile. */
function hasPast({ base, operation }: StagedMutation['body']): boolean {
  return base !== undefined || operation === 'insert';
}

function hashOfBase(base: unknown): string {
  return createHash('sha256').update(stableJson(base)).digest('hex').slice(0, 32);
}

/** Column types by mirror name, as `decideChange` compares values by. */
export function columnTypes(plan: EntityPlan): Readonly<Record<string, string>> {
  return Object.fromEntries(plan.mirrorColumns.map(({ name, type }) => [name, type]));
}
