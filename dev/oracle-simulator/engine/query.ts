/** Queries as cursors of PostgreSQL: several at once in a session, their rows fetched on demand. */

import { OraError } from '../ora-error.ts';
import type { QueryPlan } from '../sql/plan.ts';
import { render } from '../sql/render.ts';
import type { Cell, Query } from '../types.ts';
import { parametersOf, type Row, rowReader } from './cells.ts';
import { asOracle, type Bound, type Core, renderContext } from './core.ts';
import type { ErrorContext } from './error-rules.ts';
import { oracleError } from './errors.ts';
import { flashbackReader } from './flashback.ts';
import { settleLobs } from './lob-rows.ts';
import { lockTimeout, lockTimeoutEnd, waitKind } from './lock-wait.ts';
import type { Answer, Command } from './pipeline.ts';
import { columnsOfQuery, showsPlaces } from './query-columns.ts';
import type { HeldCursor } from './transaction-parts.ts';

/** Rows that come with the execution: most queries of applications end there. */
const FIRST_ROWS = 100;
/** With LOBs, whose values are whole: as few as tell a single row from several. */
const FIRST_LOB_ROWS = 2;
const LOB_ROWS = 16;
const MAX_ROWS = 10_000;
/** Texts of queries of which it is known whether they give LOBs. */
const MAX_KNOWN = 1_000;

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

function errorContext({ wait }: QueryPlan, text: string): ErrorContext {
  return { text, wait: waitKind(wait) };
}

async function openOwn(core: Core, plan: QueryPlan, bound: Bound): Promise<Query> {
  const { transaction } = core;
  const opening = await openingOf(core, plan, bound);
  const cursor: HeldCursor = { locksRows: plan.locksRows, held: false, broken: null };
  const answers = await transaction.statement(
    [
      ...(await scnCommands(core, plan)),
      ...lockTimeout(plan.wait),
      ...opening.commands,
      ...lockTimeoutEnd(plan.wait),
    ],
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
  try {
    return await createQuery(core, { plan, opening, source, bound }, fetchAnswer(answers));
  } catch (error) {
    await source.close();
    throw error;
  }
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
  /** Columns behind those that the client asked for: the row's place, the count of locked rows. */
  readonly hidden: { readonly places: boolean; readonly count: number };
};

async function openingOf(core: Core, plan: QueryPlan, bound: Bound): Promise<Opening> {
  const name = `oracle_cursor_${++cursorsOpened}`;
  const places = await showsPlaces(core, plan);
  const context = renderContext(core, bound.binds);
  const { sql, params } = render(plan, places ? { ...context, rowIdentity: 'append' } : context);
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
  const hidden = { places, count: (places ? 2 : 0) + (plan.locksRows ? 1 : 0) };
  return { name, sql, commands, firstRows, hidden };
}

function fetchSql(name: string, count: number): string {
  return `FETCH FORWARD ${count} FROM ${name}`;
}

function fetchAnswer(answers: readonly Answer[]): Answer {
  return answers.find(({ fields }) => fields.length > 0) as Answer;
}

function firstRowsOf({ services }: Core, sql: string): number {
  return services.lobQueries.get(sql) === false ? FIRST_ROWS : FIRST_LOB_ROWS;
}

function rememberLobs({ services: { lobQueries } }: Core, sql: string, hasLobs: boolean): void {
  if (lobQueries.size >= MAX_KNOWN) lobQueries.clear();
  lobQueries.set(sql, hasLobs);
}

type Opened = {
  readonly plan: QueryPlan;
  readonly opening: Opening;
  readonly source: Source;
  readonly bound: Bound;
};

async function createQuery(core: Core, opened: Opened, first: Answer): Promise<Query> {
  const { plan, opening, source, bound } = opened;
  const { fields } = first;
  const columns = await columnsOfQuery(core, plan, fields.slice(0, fields.length - opening.hidden.count));
  const hasLobs = columns.some(({ type }) => type.name.endsWith('LOB'));
  rememberLobs(core, opening.sql, hasLobs);
  const context = errorContext(plan, bound.statement.text);
  let waiting: readonly Row[] = first.rows;
  let done = first.rows.length < opening.firstRows;
  let closed = false;
  const read = rowReader(columns, core.lobs);
  const cellsOf = (row: Row): readonly Cell[] => {
    const cells = read(row);
    if (hasLobs && opening.hidden.places) settleLobs(core.lobs, cells, { row, fields });
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
