/** C11: ids of mutations, of devices that name them and of those that do not. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { stableJson } from '../domain/config-hash.ts';
import { mutationIds } from '../domain/upload/sent-again.ts';
import type { WireMutation } from '../domain/upload/wire.ts';

/** The same change from the same base has the same content. */
export function contentId(device: string, mutation: WireMutation): string {
  const { entity, row, operation, values, changes, base } = mutation;
  return `hash/${shortHash([device, entity, row, operation, values ?? null, changes ?? null, base ?? null])}`;
}

export function shortHash(parts: readonly unknown[]): string {
  return createHash('sha256').update(stableJson(parts)).digest('hex').slice(0, 40);
}

/** Of a change in a group, made of the whole group: with other changes beside it, it is another one. */
export function withGroupIds<T extends Line & { readonly group: string | null }>(lines: readonly T[]): T[] {
  const ofGroup = new Map<string, string[]>();
  for (const { id, group } of lines) {
    if (group !== null) ofGroup.set(group, (ofGroup.get(group) ?? []).concat(id));
  }
  const hashes = new Map([...ofGroup].map(([group, ids]) => [group, shortHash(ids.toSorted())]));
  return lines.map((line) =>
    line.group === null || !isUnnamed(line)
      ? line
      : { ...line, id: `hash/${shortHash([line.id, hashes.get(line.group)])}` },
  );
}

function isUnnamed({ id, body }: Line): boolean {
  return body !== null && id.startsWith('hash/');
}

/**
 * The id by which the row that `line` names, by its key or by any id, is kept. Devices that made one row under the same
 * key gave it several: the last one, which the mirror's row has, stands for all, or its mutations would have two orders.
 */
export const ID_OF_ROW = `SELECT named.id FROM syncline.row_id AS named
         WHERE named.entity = line.entity
           AND named.key = coalesce((SELECT own.key FROM syncline.row_id AS own
                                      WHERE own.entity = line.entity AND own.id = line."row"), line."row")
         ORDER BY named.at DESC LIMIT 1`;

/** Of a verdict that no person took part in. */
export const REFUSED = `(verdict->>'status' IN ('rejected', 'conflict') AND NOT verdict ? 'conflictId')`;

type Line = { readonly id: string; readonly entity: string; readonly row: string; readonly body: unknown };

type Past = {
  readonly entity: string;
  readonly row: string;
  readonly rowId: string;
  readonly past: string[];
};

/**
 * Lines with ids by which each change is kept once. The caller holds the device's row, so that it sends nothing else
 * meanwhile.
 */
export async function withIds<T extends Line>(
  client: pg.PoolClient,
  device: string,
  lines: readonly T[],
): Promise<T[]> {
  const unnamed = lines.filter(isUnnamed);
  if (unnamed.length === 0) return [...lines];
  const rows = new Map<string, Past>();
  for (const past of await pastOf(client, device, unnamed)) rows.set(nameOf(past), past);
  const ofRow = new Map<string, { readonly past: readonly string[]; sent: { at: number; id: string }[] }>();
  for (const [at, line] of lines.entries()) {
    const known = line.body === null ? undefined : rows.get(nameOf(line));
    if (known === undefined) continue;
    const name = nameOf({ entity: known.entity, row: known.rowId });
    const row = ofRow.get(name) ?? { past: known.past, sent: [] };
    row.sent.push({ at, id: line.id });
    ofRow.set(name, row);
  }
  const named = [...lines];
  for (const { past, sent } of ofRow.values()) {
    const ids = mutationIds({
      sent: sent.map(({ id }) => id),
      past,
      hash: (id) => shortHash([id]).slice(0, 16),
    });
    for (const [i, { at }] of sent.entries()) {
      named[at] = { ...(lines[at] as T), id: ids[i] as string };
    }
  }
  return named;
}

function nameOf({ entity, row }: Pick<Line, 'entity' | 'row'>): string {
  return JSON.stringify([entity, row]);
}

const NAMES_OF_ROW = `array(SELECT counted.row_id UNION SELECT other.id FROM syncline.row_id AS own
                                  JOIN syncline.row_id AS other ON other.entity = own.entity AND other.key = own.key
                                 WHERE own.entity = counted.entity AND own.id = counted.row_id)`;

/**
 * What the device sent of these rows, the last of it, under the ids that the rows are kept by: looked up name by name,
 * since the planner would walk all mutations backwards for the last ones of several names. Of what was refused at
 * once nothing is there, so whoever sends it again wants it judged again: its id is nobody's.
 */
async function pastOf(
  client: pg.PoolClient,
  device: string,
  lines: readonly Pick<Line, 'entity' | 'row'>[],
): Promise<Past[]> {
  const { rows } = await client.query<Past>(
    `WITH asked AS (
       SELECT line.entity, line."row", coalesce(known.id, line."row") AS row_id, line.sent
         FROM (SELECT entity, "row", count(*) AS sent
                 FROM unnest($2::text[], $3::text[]) AS line (entity, "row") GROUP BY 1, 2) AS line
         LEFT JOIN LATERAL (${ID_OF_ROW}) AS known ON true),
     counted AS (SELECT asked.*, sum(sent) OVER (PARTITION BY entity, row_id) AS most FROM asked)
     SELECT counted.entity, counted."row", counted.row_id AS "rowId", last.ids AS past
       FROM counted
       CROSS JOIN LATERAL (
         SELECT coalesce(array_agg(CASE WHEN m.refused THEN '!' || m.id ELSE m.id END ORDER BY m.ordinal), '{}') AS ids
           FROM (SELECT sent.*
                   FROM unnest(${NAMES_OF_ROW}) AS name
                   CROSS JOIN LATERAL (
                     SELECT id, ordinal, coalesce(${REFUSED}, false) AS refused FROM syncline.mutation
                      WHERE device = $1 AND entity = counted.entity AND row_id = name
                      ORDER BY ordinal DESC LIMIT counted.most) AS sent
                  ORDER BY ordinal DESC LIMIT counted.most) AS m) AS last`,
    [device, lines.map(({ entity }) => entity), lines.map(({ row }) => row)],
  );
  return rows;
}
