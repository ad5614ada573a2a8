/** Queries as cursors of PostgreSQL: several at once in a session, their rows fetched on demand. */

import { OraError } from '../ora-error.ts';
import type { QueryPlan } from '../sql/plan.ts';
import { render } from '../sql/render.ts';
import type { Cell, Column, Query } from '../types.ts';
import { parametersOf, type Row, rowReader } from './cells.ts';
import { asOracle, type Bound, type Core, renderContext } from './core.ts';
import type { ErrorContext } from './error-rules.ts';
import { oracleError } from './errors.ts';
import { flashbackReader } from './flashback.ts';
import { settleLobs } from './lob-rows.ts';
import type { Answer, Command } from './pipeline.ts';
import type { HeldCursor } from './transaction-parts.ts';

/** Rows that come with the execution: most queries of applications end there. */
const FIRST_ROWS = 100;
/** With LOBs, whose values are whole: as few as tell a single row from several. */
const FIRST_LOB_ROWS = 2;
const LOB_ROWS = 16;
const MAX_ROWS = 10_000;

/** Where the rows of a cursor come from. */
type Source = {
  fetch(command: Command): Promise<Answer>;
  /** Gives up the cursor; nothing happens to one that is gone already. */
  close(): Promise<void>;
};

let cursorsOpened = 0;

export async function openQuery(core: Core, plan: QueryPlan, bound: Bound): Promise<Query> {
  const context = errorContext(plan, bound.statement.text);
  return await asOracle(context, async () => {
    if (plan.flashback !== null) return await openFlashback(core, plan, bound);
    return await openOwn(core, plan, bound);
  });
}

export function errorContext({ wait }: QueryPlan, text: string): ErrorContext {
  return { text, wait: wait.kind === 'seconds' ? 'seconds' : 'nowait' };
}

async function openOwn(core: Core, plan: QueryPlan, bound: Bound): Promise<Query> {
  const { transaction } = core;
  const opening = await openingOf(core, plan, bound);
  const cursor: HeldCursor = { locksRows: plan.locksRows, held: false, broken: null };
  const answers = await transaction.statement(
    [...(await scnCommands(core, plan)), ...lockTimeout(plan), ...opening.commands, ...lockTimeoutEnd(plan)],
    plan.locksRows ? 'mayWrite' : 'reads',
  );
  transaction.addCursor(cursor);
  let open = true;
  const source: Source = {
    async fetch(command) {
      if (cursor.broken !== null) throw cursor.broken;
      return await transaction.fetch(cursor, command);
    },
    async close() {
      if (!open) return;
      open = false;
      transaction.removeCursor(cursor);
      if (cursor.broken === null) await transaction.settle([{ text: `CLOSE ${opening.name}` }]);
    },
  };
  return await createQuery(core, { plan, opening, source, bound }, fetchAnswer(answers));
}

async function openFlashback(core: Core, plan: QueryPlan, bound: Bound): Promise<Query> {
  const reader = await flashbackReader(core, plan, bound);
  core.readersAtWork.add(reader);
  let open = true;
  const source: Source = {
    fetch: async (command) => (await reader.send([command]))[0] as Answer,
    async close() {
      if (!open) return;
      open = false;
      core.readersAtWork.delete(reader);
      await core.services.readers.end(reader);
    },
  };
  try {
    const opening = await openingOf(core, plan, bound);
    const answers = await reader.send(opening.commands);
    return await createQuery(core, { plan, opening, source, bound }, fetchAnswer(answers));
  } catch (error) {
    await source.close();
    throw error;
  }
}

type Opening = {
  readonly name: string;
  readonly sql: string;
  readonly commands: readonly Command[];
  readonly firstRows: number;
};

async function openingOf(core: Core, plan: QueryPlan, bound: Bound): Promise<Opening> {
  const name = `oracle_cursor_${++cursorsOpened}`;
  const { sql, params } = render(plan, { ...renderContext(core, bound.binds), rowIdentity: 'append' });
  const values = await parametersOf(params, bound, core.lobs);
  const firstRows = firstRowsOf(core, sql);
  // Oracle locks all rows when the query is executed, PostgreSQL as they are fetched: counting them all comes first.
  const declared = plan.locksRows
    ? `NO SCROLL CURSOR FOR SELECT locked.*, count(*) OVER () FROM (${sql}) AS locked`
    : `NO SCROLL CURSOR WITH HOLD FOR ${sql}`;
  const commands: Command[] = [
    { text: `DECLARE ${name} ${declared}`, values },
    { text: fetchSql(name, firstRows), fields: 'wanted' },
  ];
  return { name, sql, commands, firstRows };
}

function fetchSql(name: string, count: number): string {
  return `FETCH FORWARD ${count} FROM ${name}`;
}

function fetchAnswer(answers: readonly Answer[]): Answer {
  return answers.find(({ fields }) => fields.length > 0) as Answer;
}

/** Texts of queries and whether they give LOBs, for the next execution. */
const lobQueries = new WeakMap<object, Map<string, boolean>>();
const MAX_KNOWN = 1_000;

function firstRowsOf({ services }: Core, sql: string): number {
  return lobQueries.get(services)?.get(sql) === false ? FIRST_ROWS : FIRST_LOB_ROWS;
}

function rememberLobs({ services }: Core, sql: string, hasLobs: boolean): void {
  const known = lobQueries.get(services) ?? new Map<string, boolean>();
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(sql, hasLobs);
  lobQueries.set(services, known);
}

/** Oracle's columns; names that PostgreSQL cut are made whole, columns for `settleLobs` left out. */
export async function columnsOfQuery(
  core: Core,
  plan: QueryPlan,
  fields: Answer['fields'],
): Promise<readonly Column[]> {
  const own = plan.locksRows ? ownFields(plan, fields) : fields;
  const columns = await core.services.columns(own, hasOuterJoin(plan.query) ? 'everywhere' : 'asDeclared');
  const names = plan.columnNames;
  if (names === null) return columns;
  return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
}

/** Anywhere in the query: an outer join makes NULL of what is none in its table. The tree is plain data. */
function hasOuterJoin(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (
    'kind' in node &&
    node.kind === 'join' &&
    'type' in node &&
    node.type !== 'INNER' &&
    node.type !== 'CROSS'
  ) {
    return true;
  }
  return Object.values(node).some(hasOuterJoin);
}

function ownFields({ lockedTable }: QueryPlan, fields: Answer['fields']): Answer['fields'] {
  const extra = Number(fields.at(-1)?.name === 'count') + (lockedTable === null ? 0 : 2);
  return fields.slice(0, fields.length - extra);
}

type Opened = {
  readonly plan: QueryPlan;
  readonly opening: Opening;
  readonly source: Source;
  readonly bound: Bound;
};

async function createQuery(core: Core, opened: Opened, first: Answer): Promise<Query> {
  const { plan, opening, source, bound } = opened;
  const columns = await columnsOfQuery(core, plan, first.fields);
  const hasLobs = columns.some(({ type }) => type.name.endsWith('LOB'));
  rememberLobs(core, opening.sql, hasLobs);
  const context = errorContext(plan, bound.statement.text);
  let waiting: readonly Row[] = first.rows;
  let done = first.rows.length < opening.firstRows;
  let closed = false;
  const read = rowReader(columns, core.lobs);
  const cellsOf = (row: Row): readonly Cell[] => {
    const cells = read(row);
    if (hasLobs && plan.lockedTable !== null) settleLobs(core.lobs, cells, { row, fields: first.fields });
    return cells;
  };
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    waiting = [];
    await source.close();
  };
  const more = async (count: number): Promise<void> => {
    const wanted = Math.min(count, hasLobs ? LOB_ROWS : MAX_ROWS);
    const { rows } = await source.fetch({ text: fetchSql(opening.name, wanted) });
    done = rows.length < wanted;
    waiting = rows;
    if (done) await source.close();
  };
  if (done) await source.close();
  return {
    columns,
    close: () => asOracle(context, close),
    async fetch(count) {
      if (closed) throw new OraError(1002, 'fetch out of sequence');
      const rows: (readonly Cell[])[] = [];
      try {
        while (rows.length < count && (waiting.length > 0 || !done)) {
          if (waiting.length === 0) await more(count - rows.length);
          const taken = waiting.slice(0, count - rows.length);
          waiting = waiting.slice(taken.length);
          for (const row of taken) rows.push(cellsOf(row));
        }
      } catch (error) {
        await close().catch(() => undefined);
        throw oracleError(error, context);
      }
      return { rows, done: done && waiting.length === 0 };
    },
  };
}

async function scnCommands(
  { services, settings }: Core,
  { asksScn }: QueryPlan,
): Promise<readonly Command[]> {
  if (!asksScn) return [];
  return [settings.set('oracle.current_scn', String(await services.scn.current()))];
}

export function lockTimeout({ wait }: Pick<QueryPlan, 'wait'>): readonly Command[] {
  // 0 would mean for ever.
  return wait.kind === 'seconds'
    ? [{ text: `SET LOCAL lock_timeout = ${Math.max(1, wait.seconds * 1000)}` }]
    : [];
}

export function lockTimeoutEnd({ wait }: Pick<QueryPlan, 'wait'>): readonly Command[] {
  return wait.kind === 'seconds' ? [{ text: 'SET LOCAL lock_timeout = 0' }] : [];
}
