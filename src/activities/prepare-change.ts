/** A mutation as it was staged, as a change that can be decided: values as PostgreSQL prints them, rights, its base. */
import { createHash } from 'node:crypto';
import { stableJson } from '../domain/config-hash.ts';
import type { EntityPlan } from '../domain/entity.ts';
import type { Json } from '../domain/merge/json.ts';
import type { Change, FieldTexts } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/verdict.ts';
import { parseVersion } from '../domain/upload/versions.ts';
import { textOfJson } from '../domain/upload/wire.ts';
import type { Db } from '../pg/pool.ts';
import { readAccepted, type StagedMutation } from '../store/mutations.ts';
import { type Canonical, canonicalTexts } from '../store/upload-rows.ts';
import type { UploadEntity } from './upload-entity.ts';

export type Prepared =
  | { readonly kind: 'change'; readonly change: Change; readonly baseHash: string }
  | { readonly kind: 'rejected'; readonly verdict: StoredVerdict };

type Entry = {
  readonly mutation: number;
  readonly side: 'values' | 'base';
  readonly field: string;
  readonly text: string | null;
};

/** In the order of the mutations, which are all of one entity. */
export async function prepareChanges(
  db: Db,
  { plan, upload }: UploadEntity,
  mutations: readonly StagedMutation[],
): Promise<Prepared[]> {
  const entries = mutations.flatMap(({ body }, mutation): Entry[] => [
    ...entriesOf(mutation, 'values', body.values),
    ...entriesOf(mutation, 'base', body.base?.values),
  ]);
  const texts = await canonicalTexts(db, plan, entries);
  const prepared: Prepared[] = [];
  for (const [i, mutation] of mutations.entries()) {
    const mine = entries.flatMap((entry, at) =>
      entry.mutation === i ? [{ ...entry, canonical: texts[at] as Canonical }] : [],
    );
    const why = whyRejected({ plan, upload }, mutation, mine);
    prepared.push(why === null ? await changeOf(db, mutation, mine) : { kind: 'rejected', verdict: why });
  }
  return prepared;
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

type Judged = Entry & { readonly canonical: Canonical };

function whyRejected(
  { plan, upload }: Pick<UploadEntity, 'plan' | 'upload'>,
  { body }: StagedMutation,
  entries: readonly Judged[],
): StoredVerdict | null {
  const reject = (code: string, message: string): StoredVerdict => ({ status: 'rejected', code, message });
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

async function changeOf(
  db: Db,
  mutation: StagedMutation,
  entries: readonly Judged[],
): Promise<Extract<Prepared, { kind: 'change' }>> {
  const { body } = mutation;
  const side = (which: Entry['side']): FieldTexts =>
    Object.fromEntries(
      entries.flatMap(({ side: at, field, canonical }) =>
        at === which && 'text' in canonical ? [[field, canonical.text]] : [],
      ),
    );
  const baseVersion = body.base?.version === undefined ? null : parseVersion(body.base.version);
  const image = body.base?.values === undefined ? null : side('base');
  const baseHash = hashOfBase(body.base ?? null);
  // C11: what this device got accepted from the same base is what it saw last, whether it heard of it or not.
  const accepted = body.base === undefined ? null : await readAccepted(db, { ...mutation, baseHash });
  return {
    kind: 'change',
    baseHash,
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

function hashOfBase(base: unknown): string {
  return createHash('sha256').update(stableJson(base)).digest('hex').slice(0, 32);
}

/** Column types by mirror name, as `decideChange` compares values by. */
export function columnTypes(plan: EntityPlan): Readonly<Record<string, string>> {
  return Object.fromEntries(plan.mirrorColumns.map(({ name, type }) => [name, type]));
}
