/**
 * What is to be done after changes, by group: kept until it is done, so that it is done once for all changes that came
 * before it. Two transactions that concern one group wait for each other, and the later one sees what the earlier wrote.
 */
import { createHash } from 'node:crypto';
import { type AffectedGroup, type AfterApplySpec, parametersOf } from '../domain/upload/after-apply.ts';
import { classifyPgError, describePgError } from '../pg/errors.ts';
import type { LoadSession } from './load-session.ts';

/** Store transactions are short (C6). */
const STATEMENT_MAX = '10s';
/** After a failure: doubled with each, up to an hour. */
const FIRST_PAUSE_S = 30;
const LONGEST_PAUSE_S = 3_600;

export type PendingGroup = {
  readonly entity: string;
  /** Id of its statement. */
  readonly step: string;
  /** Hash of the values. */
  readonly key: string;
  readonly values: readonly (string | null)[];
};

export function pendingGroup(entity: string, { step, values }: AffectedGroup): PendingGroup {
  const key = createHash('sha256').update(JSON.stringify(values)).digest('hex');
  return { entity, step: step.id, key, values };
}

/** In the order given: the same for all writers, or they would wait for each other crosswise. */
export async function enqueueGroups({ client }: LoadSession, groups: readonly PendingGroup[]): Promise<void> {
  await client.query(
    `INSERT INTO syncline.after_apply AS a (entity, step, group_key, group_values)
     SELECT line.entity, line.step, line.key, line."values"
       FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS listed (line_json, place),
            jsonb_to_record(listed.line_json) AS line (entity text, step text, key text, "values" jsonb)
      ORDER BY listed.place
     ON CONFLICT (entity, step, group_key) DO UPDATE SET try_after = clock_timestamp(), tries = 0`,
    [JSON.stringify(groups)],
  );
}

/**
 * Runs the statement for one group, in a savepoint. Mirrors take it for a person's: what it writes there is stamped.
 * @returns why it failed, without values of rows; null when it did not.
 */
export async function runGroup(
  { client }: LoadSession,
  step: AfterApplySpec,
  values: readonly (string | null)[],
): Promise<string | null> {
  await client.query(
    `SAVEPOINT after_apply;
     SELECT set_config('syncline.writer', '', true), set_config('statement_timeout', '${STATEMENT_MAX}', true)`,
  );
  try {
    // Extended even without parameters: one statement only.
    const statement = {
      text: step.sql,
      values: values.slice(0, parametersOf(step.sql)),
      queryMode: 'extended',
    };
    await client.query(statement);
    await client.query(
      `SELECT set_config('syncline.writer', 'on', true), set_config('statement_timeout', '0', true);
       RELEASE SAVEPOINT after_apply`,
    );
    return null;
  } catch (error) {
    const kind = classifyPgError(error);
    if (kind === 'connection' || kind === 'contention' || kind === 'resources') throw error;
    await client.query('ROLLBACK TO SAVEPOINT after_apply; RELEASE SAVEPOINT after_apply');
    return describePgError(error);
  }
}

export async function forgetGroup(
  { client }: LoadSession,
  { entity, step, key }: PendingGroup,
): Promise<void> {
  await client.query('DELETE FROM syncline.after_apply WHERE entity = $1 AND step = $2 AND group_key = $3', [
    entity,
    step,
    key,
  ]);
}

/** It is tried again, later and later. */
export async function postponeGroup(
  { client }: LoadSession,
  { entity, step, key }: PendingGroup,
  problem: string,
): Promise<void> {
  await client.query(
    `UPDATE syncline.after_apply
        SET tries = tries + 1, problem = $4,
            try_after = clock_timestamp() + least($5 * 2 ^ least(tries, 20), $6) * interval '1 second'
      WHERE entity = $1 AND step = $2 AND group_key = $3`,
    [entity, step, key, problem, FIRST_PAUSE_S, LONGEST_PAUSE_S],
  );
}

/**
 * One that is due of statements that this configuration has, locked; null: none is, or others are at them.
 * @param known entities with the ids of their statements.
 */
export async function nextGroup(
  { client }: LoadSession,
  known: readonly { readonly entity: string; readonly step: string }[],
): Promise<PendingGroup | null> {
  const { rows } = await client.query<PendingGroup>(
    `SELECT a.entity, a.step, a.group_key AS key, a.group_values AS "values" FROM syncline.after_apply AS a
       JOIN unnest($1::text[], $2::text[]) AS known (entity, step) USING (entity, step)
      WHERE a.try_after <= clock_timestamp()
      ORDER BY a.try_after LIMIT 1 FOR UPDATE OF a SKIP LOCKED`,
    listed(known),
  );
  return rows[0] ?? null;
}

/** Of statements that no configuration has had for a week. Sooner, another worker may be the one that has them. */
export async function forgetUnknown(
  { client }: LoadSession,
  known: readonly { readonly entity: string; readonly step: string }[],
): Promise<void> {
  await client.query(
    `DELETE FROM syncline.after_apply AS a
      WHERE a.try_after < clock_timestamp() - interval '7 days'
        AND NOT EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS known (entity, step)
                         WHERE known.entity = a.entity AND known.step = a.step)`,
    listed(known),
  );
}

function listed(known: readonly { readonly entity: string; readonly step: string }[]): string[][] {
  return [known.map(({ entity }) => entity), known.map(({ step }) => step)];
}
