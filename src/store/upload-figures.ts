/** What became of what devices sent lately, in figures: a bounded look at the end of a table, however large it is. */
import type { Db } from '../pg/pool.ts';

export type UploadFigures = {
  /** Of the newest mutations that were decided: how many by verdict, and since when. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Of those that clashed, or that a rule had a say in: how many by what decided, or left it to a human (`manual`). */
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
       SELECT ordinal, verdict, decided_at FROM syncline.mutation ORDER BY ordinal DESC LIMIT ${FIGURES_OF}),
     decided AS (
       SELECT by FROM newest LEFT JOIN syncline.conflict AS c ON c.mutation = newest.ordinal,
              jsonb_array_elements_text(coalesce(c.clash->'by', newest.verdict->'decidedBy', '[]')) AS by)
     SELECT coalesce((SELECT jsonb_object_agg(status, count)
                        FROM (SELECT verdict->>'status' AS status, count(*) FROM newest
                               WHERE verdict IS NOT NULL GROUP BY 1) AS by_status),
                     '{}') AS verdicts,
            coalesce((SELECT jsonb_object_agg(by, count)
                        FROM (SELECT by, count(*) FROM decided GROUP BY by) AS by_policy), '{}') AS "conflictsByPolicy",
            (SELECT min(decided_at) FROM newest) AS since,
            (SELECT count(*) FROM syncline.conflict WHERE state = 'open') AS "openConflicts",
            (SELECT count(*) FROM syncline.mutation WHERE state <> 'done') AS "waitingMutations"`,
  );
  return rows[0] as UploadFigures;
}
