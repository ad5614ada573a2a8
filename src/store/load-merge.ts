/**
 * The merge of staged rows into the mirror. Rows that are equal already cause no write; the others are written under
 * the ticket of their read (C1): what somebody wrote after it is left alone and listed to be read again.
 */
import type { EntityPlan, Reject } from '../domain/entity.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { newestChange, sourceHlcSql, stampedSql, stampSql, tracksFields } from './field-stamps.ts';
import { joinMirror } from './load-session.ts';
import { keepsOwnRows } from './made-here.ts';
import {
  type Bind,
  bindings,
  bindLiteral,
  differs,
  encodedKey,
  inRange,
  keyNames,
  type MirrorRange,
  mirrorTable,
  ownRows,
  PROVENANCE,
  primaryKey,
  sameKey,
  stagedValue,
  unbounded,
} from './mirror-target.ts';
import { inSavepoint, isRowError, type SetAside, setAside } from './poison.ts';
import type { Staged } from './staging.ts';

export type Merge = Staged & {
  /** C1: `pg_current_snapshot()` from before the read. */
  readonly ticket: string;
  /** Where the staged keys lie; null: anywhere. */
  readonly range: MirrorRange | null;
  /** Changed rows whose every changedAt is below it were missed by increments. */
  readonly lateBelow: string | null;
};

export type Merged = {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly tombstoned: number;
  readonly lateRows: number;
  readonly refreshed: number;
  readonly rejects: readonly Reject[];
};

/** Rows that a constraint refuses may uncover others once they are gone: a few rounds, then it is an error. */
const POISON_ROUNDS = 5;

export async function mergeStaged(merge: Merge): Promise<Merged> {
  const rejects: Reject[] = [];
  for (let round = 1; ; round++) {
    try {
      const written = await inSavepoint(merge.session, () => writeStaged(merge));
      return { ...written, rejects };
    } catch (error) {
      if (!isRowError(error) || round > POISON_ROUNDS) throw error;
      const poison = await findPoison(merge);
      if (poison.length === 0 && round > 1) throw error;
      rejects.push(...(await setAside(merge, poison)));
    }
  }
}

type Counted = {
  staged: number;
  changed: number;
  late: number;
  written: number;
  inserted: number;
  tombstoned: number;
};

async function writeStaged(merge: Merge): Promise<Omit<Merged, 'rejects'>> {
  const { values, bind } = bindings();
  const query = () =>
    merge.session.client.query<Counted>(
      `WITH changed AS MATERIALIZED (${changedRows(merge, bind)}),
     written AS (${upsert(merge, bind)})
     SELECT (SELECT count(*) FROM ${merge.staging.table}) AS staged,
            (SELECT count(*) FROM changed) AS changed,
            (SELECT count(*) FROM changed AS s WHERE ${late(merge, bind)}) AS late,
            count(*) AS written,
            count(*) FILTER (WHERE inserted AND NOT deleted) AS inserted,
            count(*) FILTER (WHERE deleted) AS tombstoned
       FROM written`,
      values,
    );
  const { rows } = await joinMirror(merge.session, merge.range === null ? 'byLookUp' : 'byHash', query);
  const counted = rows[0] as Counted;
  return {
    inserted: counted.inserted,
    tombstoned: counted.tombstoned,
    updated: counted.written - counted.inserted - counted.tombstoned,
    unchanged: counted.staged - counted.changed,
    lateRows: counted.late,
    refreshed: counted.written < counted.changed ? await listSkipped(merge) : 0,
  };
}

/**
 * Staged rows that the mirror does not have like this, live or deleted. With the range, one scan of the primary key
 * meets them; a join without it scans the whole mirror, or looks each row up.
 */
function changedRows(merge: Merge, bind: Bind): string {
  const { plan } = merge;
  return `
    SELECT s.*, m.sync_xid AS "_mirror_xid"
      FROM ${merge.staging.table} AS s
      LEFT JOIN ${mirrorTable(plan)} AS m ON ${mirrorOfStaged(merge, bind)}
     WHERE ${isChanged(merge, bind)}`;
}

function mirrorOfStaged({ plan, range }: Merge, bind: Bind): string {
  const within = range === null ? 'true' : inRange(plan, { alias: 'm', range: range }, bind);
  return `${sameKey(plan, 'm', 's')} AND ${ownRows(plan, 'm', bind)} AND ${within}`;
}

/**
 * C15: a tombstone is compared too, or a row that comes back as it was would stay deleted. C18: a row that was made here
 * is the source's once the source has it.
 */
export function isChanged({ plan, staging }: Merge, bind: Bind): string {
  const madeHere = keepsOwnRows(plan) ? ' OR m.sync_made_here' : '';
  return `(m.sync_xid IS NULL OR (m.sync_deleted_at IS NOT NULL) <> ${softDeleted(plan, 's', bind)}
           OR ${differs(plan, { mirror: 'm', staged: 's' }, staging.mirrorTypes)}${madeHere})`;
}

/** true for a row that the source marks as deleted. Values are compared as the column's type, NULL in the list too. */
export function softDeleted(plan: EntityPlan, alias: string, bind: Bind): string {
  const { softDelete } = plan.spec;
  const extra = plan.stagingExtras.find(({ name }) => name === '_soft_delete');
  if (softDelete === null || extra === undefined) return 'false';
  const column = `${alias}.${quoteIdent(extra.name)}`;
  if (softDelete.values === undefined) return `(${column} IS NOT NULL)`;
  const texts = softDelete.values.filter((value) => value !== null).map((value) => `${bind(value)}::text`);
  const listed = `coalesce(${column} = ANY (ARRAY[${texts.join(', ')}]::text[]::${unbounded(extra.type)}[]), false)`;
  return softDelete.values.includes(null) ? `(${column} IS NULL OR ${listed})` : listed;
}

/**
 * Ordered by key, so that two writers never wait for each other crosswise. The condition is checked again on the
 * conflicting row itself: it may have been written while the statement ran.
 */
function upsert(merge: Merge, bind: Bind): string {
  const { plan, staging } = merge;
  const { mirrorTypes } = staging;
  const ruled = staging.ruled.map(({ name }) => quoteIdent(name));
  const ticket = `${bind(merge.ticket)}::pg_snapshot`;
  const loaded = plan.loadColumns.map((column) => quoteIdent(column.name));
  const columns = [...loaded, ...ruled, 'sync_deleted_at'];
  const values = [
    ...plan.loadColumns.map((column) => stagedValue(column, 's', mirrorTypes)),
    ...ruled.map((name) => `s.${name}`),
    `CASE WHEN ${softDeleted(plan, 's', bind)} THEN clock_timestamp() END`,
  ];
  if (plan.syncSource !== null) {
    columns.push('sync_source');
    values.push(bind(plan.syncSource));
  }
  if (tracksFields(plan)) {
    columns.push('sync_fields');
    values.push(`jsonb_build_object('*', ${stampSql(sourceHlcSql(plan, 's', bind))})`);
  }
  const keys = new Set(primaryKey(plan));
  const sets = [
    ...[...loaded, ...ruled].filter((name) => !keys.has(name)).map((name) => `${name} = excluded.${name}`),
    'sync_xid = pg_current_xact_id()',
    `sync_deleted_at = CASE WHEN excluded.sync_deleted_at IS NOT NULL
                            THEN coalesce(m.sync_deleted_at, excluded.sync_deleted_at) END`,
    ...PROVENANCE.map((name) => `${name} = NULL`),
    ...(tracksFields(plan) ? [`sync_fields = ${stampedFields(merge)}`] : []),
    ...(keepsOwnRows(plan) ? ['sync_made_here = false'] : []),
  ];
  return `
    INSERT INTO ${mirrorTable(plan)} AS m (${columns.join(', ')})
    SELECT ${values.join(', ')}
      FROM changed AS s
     WHERE s."_mirror_xid" IS NULL OR pg_visible_in_snapshot(s."_mirror_xid", ${ticket})
     ORDER BY ${keyNames(plan, 's').join(', ')}
    ON CONFLICT (${primaryKey(plan).join(', ')}) DO UPDATE SET ${sets.join(', ')}
     WHERE pg_visible_in_snapshot(m.sync_xid, ${ticket})
    RETURNING xmax = 0 AS inserted, sync_deleted_at IS NOT NULL AS deleted`;
}

/** The clock of the source's change came with the row; what an onSource rule made of a local column is of that time too. */
function stampedFields({ plan, staging }: Merge): string {
  return stampedSql(
    { was: 'm', is: 'excluded' },
    {
      stamp: "(excluded.sync_fields->'*')",
      columns: [...plan.loadColumns, ...staging.ruled].map(({ name }) => name),
      turned: '(m.sync_deleted_at IS NULL) <> (excluded.sync_deleted_at IS NULL)',
    },
  );
}

/** The newest of the changedAt columns decides: an increment finds a row by any of them (C20). */
function late({ plan, lateBelow }: Merge, bind: Bind): string {
  // Wall times are taken as UTC: lateRows is a figure for people, hours of doubt are fine.
  const newest = newestChange(plan, 's', () => "'UTC'");
  return lateBelow === null || newest === null ? 'false' : `${newest} < ${bind(lateBelow)}::timestamptz`;
}

/** C1: rows that somebody wrote after the ticket, and that still differ from what was read, are read again. */
async function listSkipped(merge: Merge): Promise<number> {
  const { plan } = merge;
  const { values, bind } = bindings();
  const list = `INSERT INTO syncline.refresh (entity, key, reason)
     SELECT ${bind(plan.spec.entity)}, ${encodedKey(plan, 's')}, 'written after the read'
       FROM ${merge.staging.table} AS s
       JOIN ${mirrorTable(plan)} AS m ON ${mirrorOfStaged({ ...merge, range: null }, bind)}
      WHERE ${isChanged(merge, bind)}
        AND NOT pg_visible_in_snapshot(m.sync_xid, ${bind(merge.ticket)}::pg_snapshot)
        AND m.sync_xid <> pg_current_xact_id()
      ORDER BY 2
     ON CONFLICT (entity, key) DO UPDATE SET enqueued_xid = excluded.enqueued_xid, reason = excluded.reason`;
  const { client } = merge.session;
  const { rowCount } = await joinMirror(merge.session, 'byLookUp', () => client.query(list, values));
  return rowCount ?? 0;
}

/**
 * Which rows a constraint, a generated column or a trigger of the user's refuses: halves the changed rows inside the
 * server, each try a subtransaction that is rolled back with the savepoint. In the server because a piece may be
 * nothing but bad rows: 75,000 round trips would outlast the transaction's limit, 75,000 subtransactions do not.
 */
async function findPoison(merge: Merge): Promise<SetAside[]> {
  const { session } = merge;
  const { client } = session;
  const found: SetAside[] = [];
  await inSavepoint(session, async () => {
    await client.query(
      'CREATE TEMPORARY TABLE syncline_poison (place tid, state text, said text, line text)',
    );
    await client.query(poisonSearch({ ...merge, range: null }));
    const { rows } = await client.query<{ row: string; state: string; said: string; line: string }>(
      'SELECT place::text AS row, state, said, line FROM pg_temp.syncline_poison',
    );
    for (const { row, state, said, line } of rows) {
      const what =
        said === '' ? (line === '' ? 'a rule of the mirror' : `column ${line}`) : `constraint ${said}`;
      found.push({ row, reason: 'CONSTRAINT', detail: `The mirror refuses the row: ${what} (${state}).` });
    }
    throw new Undo();
  }).catch((error: unknown) => {
    if (!(error instanceof Undo)) throw error;
  });
  return found;
}

/** Thrown to roll a savepoint back that has done its work. */
class Undo extends Error {}

function poisonSearch(merge: Merge): string {
  const { plan, staging } = merge;
  const half = `(SELECT * FROM ${staging.table} WHERE ctid = ANY (_places[_low:_high]))`;
  const halved = { ...merge, staging: { ...staging, table: half } };
  return `DO $syncline_search$
#variable_conflict use_column
DECLARE
  _places tid[]; _lows int[]; _highs int[]; _low int; _high int; _middle int; _state text; _said text; _line text;
BEGIN
  SELECT array_agg(s.ctid ORDER BY ${keyNames(plan, 's').join(', ')}) INTO _places
    FROM ${staging.table} AS s
    LEFT JOIN ${mirrorTable(plan)} AS m ON ${mirrorOfStaged(merge, bindLiteral)}
   WHERE ${isChanged(merge, bindLiteral)};
  _lows := ARRAY[1]; _highs := ARRAY[coalesce(cardinality(_places), 0)];
  WHILE cardinality(_lows) > 0 LOOP
    _low := _lows[cardinality(_lows)]; _high := _highs[cardinality(_highs)];
    _lows := trim_array(_lows, 1); _highs := trim_array(_highs, 1);
    CONTINUE WHEN _low > _high;
    BEGIN
      WITH changed AS MATERIALIZED (${changedRows(halved, bindLiteral)}),
           written AS (${upsert(halved, bindLiteral)})
      SELECT count(*) INTO _middle FROM written;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR with_check_option_violation OR raise_exception THEN
      GET STACKED DIAGNOSTICS _state = RETURNED_SQLSTATE, _said = CONSTRAINT_NAME, _line = COLUMN_NAME;
      IF _low = _high THEN
        INSERT INTO pg_temp.syncline_poison VALUES (_places[_low], _state, _said, _line);
      ELSE
        _middle := (_low + _high) / 2;
        _lows := _lows || (_middle + 1) || _low; _highs := _highs || _high || _middle;
      END IF;
    END;
  END LOOP;
END $syncline_search$`;
}
