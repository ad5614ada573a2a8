/** A DML statement in PostgreSQL's SQL, and what its answers mean. */

import type { DmlPlan } from '../sql/dml-plan.ts';
import { render } from '../sql/render.ts';
import type { BindType, Cell, Column, DmlOptions, DmlResult, Statement } from '../types.ts';
import { parametersOf } from './cells.ts';
import { boundCells, type Runner } from './convert.ts';
import { type Core, renderContext } from './core.ts';
import type { ErrorContext } from './error-rules.ts';
import { settleLobs } from './lob-rows.ts';
import type { Answer, Command } from './pipeline.ts';

export type DmlRun = {
  readonly statement: Statement;
  readonly plan: DmlPlan;
  readonly binds: readonly BindType[];
  readonly rows: readonly (readonly Cell[])[];
  readonly options: DmlOptions;
};

export type PreparedDml = {
  readonly sql: string;
  readonly params: readonly number[];
  /** Its rows are places of rows and no values that were asked for. */
  readonly rowidOnly: boolean;
};

/** `into`: what RETURNING's values go into. */
export async function prepareDml(
  core: Core,
  plan: DmlPlan,
  { binds, into }: { readonly binds: readonly BindType[]; readonly into: readonly BindType[] },
): Promise<PreparedDml> {
  const context = renderContext(core, binds);
  const places = await needsPlaces(core, plan, into);
  const { sql, params } = render(plan, places ? { ...context, rowIdentity: 'append' } : context);
  const rowidOnly = plan.returning === 0 && (await showsRowid(core, plan));
  return { sql: rowidOnly ? `${sql} RETURNING oracle.rowid_of(tableoid, ctid)` : sql, params, rowidOnly };
}

/** Locators of rows that were just written can be written through. */
async function needsPlaces(core: Core, { table }: DmlPlan, into: readonly BindType[]): Promise<boolean> {
  if (!into.some(({ type }) => type.name.endsWith('LOB'))) return false;
  return await core.services.isTable(table.schema ?? core.schema, table.name);
}

/** New rows of one's own tables: others may be views, or not be readable. */
async function showsRowid(core: Core, { statement, table }: DmlPlan): Promise<boolean> {
  if (statement.kind !== 'insert' || statement.source.kind !== 'values') return false;
  const schema = table.schema ?? core.schema;
  return schema === core.user && (await core.services.isTable(schema, table.name));
}

export async function dmlCommand(
  { lobs }: Core,
  { sql, params }: PreparedDml,
  { binds, rows }: Pick<DmlRun, 'binds' | 'rows'>,
): Promise<Command> {
  const values = await parametersOf(params, { binds, row: rows[0] ?? [] }, lobs);
  return { text: sql, values, fields: 'wanted' };
}

export function dmlContext({ schema }: Core, { statement, table }: DmlPlan, text: string): ErrorContext {
  return { text, verb: statement.kind, table: { schema: table.schema ?? schema, name: table.name } };
}

/** Answers of iterations; null for one that failed. The first that is there has the fields. */
export async function resultOf(
  core: Core,
  { plan, options }: Pick<DmlRun, 'plan' | 'options'>,
  { prepared, answers }: { readonly prepared: PreparedDml; readonly answers: readonly (Answer | null)[] },
): Promise<Pick<DmlResult, 'rowCounts' | 'returned' | 'errors' | 'rowid'>> {
  const rowCounts = answers.map((answer) => answer?.rowCount ?? 0);
  if (prepared.rowidOnly) {
    const last = answers.findLast((answer) => answer !== null)?.rows.at(-1)?.[0] ?? null;
    return { rowCounts, returned: [], errors: [], rowid: last };
  }
  if (plan.returning === 0) return { rowCounts, returned: [], errors: [] };
  const returned = await returnedCells(core, answers, options.returning);
  return { rowCounts, returned, errors: [] };
}

async function returnedCells(
  core: Core,
  answers: readonly (Answer | null)[],
  into: readonly BindType[],
): Promise<(readonly (readonly Cell[])[])[]> {
  const fields = answers.find((answer) => answer !== null && answer.fields.length > 0)?.fields ?? [];
  const columns: readonly Column[] = await core.services.columns(fields.slice(0, into.length));
  const all: (readonly (readonly Cell[])[])[] = [];
  for (const answer of answers) {
    const rows = answer?.rows ?? [];
    const cells = await boundCells({ columns, rows }, into, { run: runnerOf(core), lobs: core.lobs });
    for (const [index, row] of rows.entries()) settleLobs(core.lobs, cells[index] ?? [], { row, fields });
    all.push(cells);
  }
  return all;
}

/** Conversions are part of the statement's transaction, and of nothing else. */
function runnerOf({ transaction }: Core): Runner {
  return (commands) =>
    commands.length === 0 ? Promise.resolve([]) : transaction.statement(commands, 'reads');
}
