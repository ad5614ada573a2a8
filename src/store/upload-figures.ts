/** What became of what devices sent lately, in figures: a bounded look at the ends of two tables, however large they are. */
import type { Db } from '../pg/pool.ts';

export type UploadFigures = {
  /** Of the newest mutations that were decided: how many by verdict, and since when. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Of the newest changes that were written: what decided fields that had clashed, a policy, a rule or a person. */
  readonly conflictsByPolicy: Readonly<Record<string, number>>;
  readonly since: string | null;
  /** Now. */
  readonly openConflicts: number;
  readonly waitingMutations: number;
};

/** So many of the newest ones are looked at. */
export const FIGURES_OF = 10_000;

export async function readUploadFigures(db: Db): Promise<UploadFigures> {
  const { rows } = await db.query<UploadFigures>(
    `WITH newest AS MATERIALIZED (
       SELECT verdict->>'status' AS status, decided_at, state FROM syncline.mutation
        ORDER BY ordinal DESC LIMIT ${FIGURES_OF}),
     written AS MATERIALIZED (
       SELECT change->'outcomes' AS outcomes FROM syncline.change_log ORDER BY id DESC LIMIT ${FIGURES_OF}),
     decided AS (
       SELECT outcome->>'by' AS by
         FROM written, jsonb_array_elements(CASE jsonb_typeof(outcomes) WHEN 'array' THEN outcomes ELSE '[]' END) AS outcome
        WHERE outcome->>'by' <> 'noClash')
     SELECT coalesce((SELECT jsonb_object_agg(status, count)
                        FROM (SELECT status, count(*) FROM newest WHERE status IS NOT NULL GROUP BY status) AS by_status),
                     '{}') AS verdicts,
            coalesce((SELECT jsonb_object_agg(by, count)
                        FROM (SELECT by, count(*) FROM decided GROUP BY by) AS by_policy), '{}') AS "conflictsByPolicy",
            (SELECT min(decided_at) FROM newest) AS since,
            (SELECT count(*) FROM syncline.conflict WHERE state = 'open') AS "openConflicts",
            (SELECT count(*) FROM syncline.mutation WHERE state <> 'done') AS "waitingMutations"`,
  );
  return rows[0] as UploadFigures;
}
