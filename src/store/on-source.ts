/**
 * Local columns with an onSource rule: the rule is asked for every row whose source columns change, with the mirror's
 * row locked, and its answer goes into the mirror with the row (C18). Rules are the user's code, so each row is tried
 * for itself; one that fails is set aside.
 */
import type { EntityPlan, MirrorColumn, Reject, SourceChange } from '../domain/entity.ts';
import type { Row, Value } from '../domain/row.ts';
import { seesAs } from '../domain/types.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import { isChanged, type Merge } from './load-merge.ts';
import { bindings, bindLiteral, keyNames, mirrorTable, ownRows, sameKey } from './mirror-target.ts';
import { type SetAside, setAside } from './poison.ts';

type Asked = {
  /** Place in staging. */
  row: string;
  /** Source columns as the mirror has them; null for a new row. */
  before: (string | null)[] | null;
  after: (string | null)[];
  /** The ruled columns as they are; the default for a new row. */
  values: (string | null)[];
};

export async function applyRules(merge: Merge): Promise<Reject[]> {
  const { plan, staging } = merge;
  if (staging.ruled.length === 0) return [];
  const asked = [...(await changedRows(merge)), ...(await newRows(merge))];
  const failed: SetAside[] = [];
  const decided: { row: string; values: (string | null)[] }[] = [];
  for (const row of asked) {
    const values = decide(plan, staging.ruled, row);
    if (typeof values === 'string') failed.push({ row: row.row, reason: 'ON_SOURCE_FAILED', detail: values });
    else decided.push({ row: row.row, values });
  }
  const invalid = await storeDecisions(merge, decided);
  return setAside(merge, [...failed, ...invalid]);
}

const sourceColumns = (plan: EntityPlan): MirrorColumn[] =>
  plan.loadColumns.filter((column) => column.from !== null);

const textsOf = (alias: string, columns: readonly MirrorColumn[]): string =>
  `ARRAY[${columns.map(({ name }) => `${alias}.${quoteIdent(name)}::text`).join(', ')}]::text[]`;

/** Rows that the merge will write, so those that the ticket does not let it write are left out (C1). */
async function changedRows(merge: Merge): Promise<Asked[]> {
  const { session, plan, staging, ticket } = merge;
  const { values, bind } = bindings();
  const columns = sourceColumns(plan);
  const { rows } = await session.client.query<Asked>(
    `SELECT s.ctid::text AS row, ${textsOf('m', columns)} AS before, ${textsOf('s', columns)} AS after,
            ${textsOf('m', staging.ruled)} AS values
       FROM ${mirrorTable(plan)} AS m
       JOIN ${staging.table} AS s ON ${sameKey(plan, 'm', 's')} AND ${ownRows(plan, 'm', bind)}
      WHERE ${isChanged(merge, bind)} AND pg_visible_in_snapshot(m.sync_xid, ${bind(ticket)}::pg_snapshot)
      ORDER BY ${keyNames(plan, 'm').join(', ')}
        FOR UPDATE OF m`,
    values,
  );
  return rows;
}

async function newRows({ session, plan, staging }: Merge): Promise<Asked[]> {
  const { values, bind } = bindings();
  const defaults = staging.ruled.map(({ name, type }) => {
    const local = plan.spec.localColumns.find((column) => column.name === name);
    return `${bind(local?.default ?? null)}::text::${type}::text`;
  });
  const { rows } = await session.client.query<Asked>(
    `SELECT s.ctid::text AS row, NULL AS before, ${textsOf('s', sourceColumns(plan))} AS after,
            ARRAY[${defaults.join(', ')}]::text[] AS values
       FROM ${staging.table} AS s
      WHERE NOT EXISTS (SELECT FROM ${mirrorTable(plan)} AS m WHERE ${sameKey(plan, 'm', 's')} AND ${ownRows(plan, 'm', bind)})`,
    values,
  );
  return rows;
}

/** @returns the ruled columns' new values as text, or what went wrong. */
function decide(plan: EntityPlan, ruled: readonly MirrorColumn[], asked: Asked): (string | null)[] | string {
  const columns = sourceColumns(plan);
  // A row that only comes back from the dead, or whose computed columns changed, is as the source had it.
  if (asked.before !== null && columns.every((_, i) => asked.before?.[i] === asked.after[i]))
    return asked.values;
  const before = asked.before === null ? null : rowOf(columns, asked.before);
  const after = rowOf(columns, asked.after);
  const values: (string | null)[] = [];
  for (const [i, column] of ruled.entries()) {
    const value = seen(column.type, asked.values[i] ?? null);
    const answer = ask(plan, column.name, { before, after, value });
    if (answer instanceof Failure) return answer.said;
    values.push(answer);
  }
  return values;
}

class Failure {
  readonly said: string;
  constructor(said: string) {
    this.said = said;
  }
}

function ask(plan: EntityPlan, name: string, change: SourceChange): string | null | Failure {
  const rule = plan.spec.localColumns.find((column) => column.name === name)?.onSource;
  try {
    const answer: unknown = rule?.(change);
    if (answer === null || typeof answer === 'string') return answer;
    if (typeof answer === 'number' || typeof answer === 'boolean') return String(answer);
    return new Failure(
      `onSource of ${name} returned ${answer === undefined ? 'nothing' : `a ${typeof answer}`}.`,
    );
  } catch (error) {
    // The rule's own message may hold values of the row.
    return new Failure(
      `onSource of ${name} failed with ${error instanceof Error ? error.name : 'an error'}.`,
    );
  }
}

function rowOf(columns: readonly MirrorColumn[], texts: readonly (string | null)[]): Row {
  return Object.fromEntries(columns.map((column, i) => [column.from, seen(column.type, texts[i] ?? null)]));
}

function seen(type: string, text: string | null): Value {
  if (text === null) return null;
  const kind = seesAs(type);
  if (kind === 'number') return Number(text);
  return kind === 'boolean' ? text === 'true' || text === 't' : text;
}

/** @returns rows whose rule answered with what its column's type cannot hold. */
async function storeDecisions(
  { session, staging }: Merge,
  decided: readonly { row: string; values: (string | null)[] }[],
): Promise<SetAside[]> {
  const { values, bind } = bindings();
  const places = bind(decided.map(({ row }) => row));
  const answers = staging.ruled.map(
    (_, i) => `${bind(decided.map((each) => each.values[i] ?? null))}::text[]`,
  );
  const names = staging.ruled.map((_, i) => `value_${i}`);
  const list = `unnest(${places}::tid[], ${answers.join(', ')}) AS d (place, ${names.join(', ')})`;
  const sound = staging.ruled.map(
    ({ type }, i) => `coalesce(pg_input_is_valid(value_${i}, ${bindLiteral(type)}), true)`,
  );
  const { rows } = await session.client.query<{ row: string }>(
    `SELECT place::text AS row FROM ${list} WHERE NOT (${sound.join(' AND ')})`,
    values,
  );
  const sets = staging.ruled.map(({ name, type }, i) => `${quoteIdent(name)} = d.value_${i}::${type}`);
  await session.client.query(
    `UPDATE ${staging.table} AS s SET ${sets.join(', ')} FROM ${list} WHERE s.ctid = d.place AND ${sound.join(' AND ')}`,
    values,
  );
  return rows.map(({ row }) => ({
    row,
    reason: 'ON_SOURCE_FAILED',
    detail: 'onSource returned a value that the type of its column cannot hold.',
  }));
}
