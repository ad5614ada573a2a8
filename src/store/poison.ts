/** Finds the rows of a piece that PostgreSQL refuses, so that they alone are set aside and the rest loads. */
import type { EntityPlan, QuarantineReason, Reject } from '../domain/entity.ts';
import { canonicalKeyPart, encodeKey } from '../domain/keys.ts';
import { classifyPgError } from '../pg/errors.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { LoadSession } from './load-session.ts';
import { keyNames } from './mirror-target.ts';
import type { Staged } from './staging.ts';

/** An error that a row is to blame for: bad data, a constraint, a CHECK OPTION, or what a trigger of the user's raised. */
export function isRowError(error: unknown): boolean {
  const kind = classifyPgError(error);
  const code = (error as { code?: unknown }).code;
  return kind === 'data' || kind === 'constraint' || code === '44000' || code === 'P0001';
}

/** What a row error says to who sent the row: names no values. */
export function refusalText(error: unknown): string {
  const { code = 'unknown', constraint = 'a rule of the table' } = error as {
    code?: string;
    constraint?: string;
  };
  return `The database refuses the row: ${constraint} (${code})`;
}

/** Runs `work`; when it fails, nothing of it is left and the transaction is alive. */
export async function inSavepoint<T>(session: LoadSession, work: () => Promise<T>): Promise<T> {
  await session.client.query('SAVEPOINT piece');
  try {
    const result = await work();
    await session.client.query('RELEASE SAVEPOINT piece');
    return result;
  } catch (error) {
    if (classifyPgError(error) !== 'connection') {
      await session.client.query('ROLLBACK TO SAVEPOINT piece; RELEASE SAVEPOINT piece');
    }
    throw error;
  }
}

export type StagedTexts = ReadonlyMap<string, string | null>;

/** A staged row as a reject: what is known of its source row goes into the payload, under the source's names. */
export function rejectOf(
  plan: EntityPlan,
  texts: StagedTexts,
  why: { readonly reason: QuarantineReason; readonly detail: string },
): Reject {
  const parts = plan.keyColumns.map((name) => {
    const text = texts.get(name) ?? null;
    const type = plan.mirrorColumns.find((column) => column.name === name)?.type ?? 'text';
    return text === null ? null : canonicalKeyPart(text, type);
  });
  const readable = parts.every((part) => part !== null);
  const payload: Record<string, string | null> = {};
  for (const { name, from } of [...plan.stagingExtras, ...plan.loadColumns]) {
    if (from !== null) payload[from] = texts.get(name) ?? null;
  }
  return {
    key: readable ? encodeKey(parts as string[]) : null,
    reason: readable ? why.reason : 'UNREADABLE_KEY',
    severity: 'error',
    detail: why.detail,
    payload,
  };
}

export type SetAside = { readonly row: string; readonly reason: QuarantineReason; readonly detail: string };

/** Takes rows out of staging, by their place in it (ctid). */
export async function setAside(staged: Staged, rows: readonly SetAside[]): Promise<Reject[]> {
  const { session, plan, staging } = staged;
  if (rows.length === 0) return [];
  const why = new Map(rows.map((row) => [row.row, row]));
  const texts = staging.copied.map(({ name }) => `${quoteIdent(name)}::text`).join(', ');
  const { rows: taken } = await session.client.query<{ row: string; texts: (string | null)[] }>(
    `DELETE FROM ${staging.table} WHERE ctid = ANY ($1::tid[]) RETURNING ctid::text AS row, ARRAY[${texts}] AS texts`,
    [[...why.keys()]],
  );
  return taken.map(({ row, texts: values }) => {
    const named = new Map(staging.copied.map(({ name }, i) => [name, values[i] ?? null]));
    return rejectOf(plan, named, why.get(row) as SetAside);
  });
}

/**
 * Rows without a key, and rows that share one: which of them is right cannot be known, so none is loaded and the
 * mirror keeps what it had (C15).
 */
export async function findBadKeys(staged: Staged): Promise<SetAside[]> {
  if (!(await hasBadKeys(staged))) return [];
  const { session, plan, staging } = staged;
  const keys = keyNames(plan).join(', ');
  const missing = keyNames(plan).map((name) => `${name} IS NULL`);
  const { rows } = await session.client.query<{ row: string; missing: boolean; copies: number }>(
    `WITH keyed AS (
       SELECT ctid, ${missing.join(' OR ')} AS missing, count(*) OVER (PARTITION BY ${keys}) AS copies FROM ${staging.table}
     )
     SELECT ctid::text AS row, missing, copies FROM keyed WHERE missing OR copies > 1`,
  );
  return rows.map((row) =>
    row.missing
      ? { row: row.row, reason: 'UNREADABLE_KEY', detail: 'A part of the key is NULL.' }
      : { row: row.row, reason: 'DUPLICATE_KEY', detail: `${row.copies} rows of the source have this key.` },
  );
}

/** Pieces come in key order as a rule, so sorting them costs a comparison a row (75,000 rows: 25 ms, GROUP BY 33). */
async function hasBadKeys({ session, plan, staging }: Staged): Promise<boolean> {
  const names = keyNames(plan);
  const keys = names.join(', ');
  const before = names.map((name, i) => `lag(${name}) OVER sorted AS before_${i}`);
  const bad = names.map((name) => `${name} IS NULL`);
  const twice = names.map((name, i) => `${name} = before_${i}`);
  const { rows } = await session.client.query<{ bad: boolean }>(
    `SELECT EXISTS (
       SELECT FROM (SELECT ${keys}, ${before.join(', ')} FROM ${staging.table} WINDOW sorted AS (ORDER BY ${keys})) AS pair
        WHERE ${bad.join(' OR ')} OR (${twice.join(' AND ')})) AS bad`,
  );
  return rows[0]?.bad ?? false;
}
