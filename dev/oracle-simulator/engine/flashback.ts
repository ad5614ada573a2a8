/** AS OF SCN and AS OF TIMESTAMP: which snapshot is meant, and whether the user may read it. */

import { OraError } from '../ora-error.ts';
import type { AsOf, TableName } from '../sql/ast.ts';
import type { QueryPlan } from '../sql/plan.ts';
import { renderExpression } from '../sql/render.ts';
import type { Backend } from './backend.ts';
import { parametersOf } from './cells.ts';
import { type Bound, type Core, renderContext } from './core.ts';
import type { HeldSnapshot } from './scn.ts';

/** A connection that sees what the query asks for. It is the caller's to give back to `services.readers`. */
export async function flashbackReader(core: Core, plan: QueryPlan, bound: Bound): Promise<Backend> {
  const { services, settings } = core;
  const snapshot = await snapshotOf(core, plan.flashback as AsOf, bound);
  const scn = settings.set('oracle.current_scn', String(snapshot.scn));
  const reader = await services.readers.begin(snapshot, [...settings.local(), scn]);
  try {
    await checkFlashback(reader, tablesOf(plan));
    return reader;
  } catch (error) {
    await services.readers.end(reader);
    throw error;
  }
}

async function snapshotOf(core: Core, asOf: AsOf, bound: Bound): Promise<HeldSnapshot> {
  const value = await positionOf(core, asOf, bound);
  const { scn } = core.services;
  if (asOf.kind === 'timestamp') {
    if (value === null) throw new OraError(8186, 'invalid timestamp specified');
    return scn.atTime(Number(value));
  }
  if (value === null) throw new OraError(8181, 'specified number is not a valid system change number');
  return scn.at(Number(value));
}

/** The SCN, or milliseconds since 1970. */
async function positionOf(core: Core, { kind, expression }: AsOf, bound: Bound): Promise<string | null> {
  if (kind === 'scn' && expression.kind === 'number') return expression.text;
  if (kind === 'scn' && expression.kind === 'bind') {
    const cell = bound.row[expression.index] ?? null;
    if (typeof cell === 'string' && /^\d+$/.test(cell)) return cell;
  }
  const { sql, params } = renderExpression(expression, renderContext(core, bound.binds));
  const wanted = kind === 'scn' ? `SELECT (${sql})::numeric` : epochSql(sql);
  const [answer] = await core.transaction.statement(
    [{ text: wanted, values: await parametersOf(params, bound, core.lobs) }],
    'reads',
  );
  await core.transaction.settle();
  return answer?.rows[0]?.[0] ?? null;
}

/** A time without a zone is the host's. */
function epochSql(sql: string): string {
  return `SELECT extract(epoch FROM CASE WHEN pg_typeof(moment) = 'timestamptz'::regtype THEN moment::timestamptz
    ELSE timezone(oracle.host_time_zone(), moment::timestamp) END) * 1000 FROM (SELECT ${sql} AS moment) AS given`;
}

/** @throws OraError 1031 without FLASHBACK on all tables */
async function checkFlashback(reader: Backend, tables: readonly TableName[]): Promise<void> {
  const names = tables.map(({ schema, name }) =>
    [schema, name]
      .filter((each) => each !== null)
      .map(quoted)
      .join('.'),
  );
  const [answer] = await reader.send([
    {
      text: `SELECT name FROM unnest($1::text[]) AS name
        WHERE to_regclass(name) IS NOT NULL AND NOT oracle.may_flashback(to_regclass(name))`,
      values: [`{${names.map((name) => `"${name.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`],
    },
  ]);
  if (answer?.rows[0] !== undefined) throw new OraError(1031, 'insufficient privileges');
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Stored tables anywhere in the query. The tree is plain data. */
function tablesOf(node: unknown): TableName[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(tablesOf);
  const below = Object.values(node).flatMap(tablesOf);
  const own = 'kind' in node && node.kind === 'table' && 'table' in node ? [node.table as TableName] : [];
  return [...own.filter(({ name }) => name !== 'DUAL'), ...below];
}
