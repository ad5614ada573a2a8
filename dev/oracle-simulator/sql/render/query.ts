import type {
  Expression,
  GroupItem,
  OrderItem,
  Query,
  QueryBody,
  RowLock,
  Select,
  SelectItem,
  TableReference,
} from '../ast.ts';
import { unsupported } from '../errors.ts';
import { substitute } from '../walk.ts';
import { directionText } from './aggregate.ts';
import { conditionText } from './condition.ts';
import { expressionText } from './expression.ts';
import { fromText } from './from.ts';
import { limitedBlock } from './limited-block.ts';
import { commaJoined, quoted, type Renderer, referenceName, withScope } from './renderer.ts';
import { placeText } from './rowid.ts';
import { limitsFirst, limitText, splitRownum } from './rownum.ts';
import { numberOf, rowCountOf, typedOf } from './values.ts';

/** A query as PostgreSQL's. `extraItems`: columns behind the others. */
export function queryText(r: Renderer, query: Query, extraItems: readonly string[] = []): string {
  for (const { name } of query.with) r.commonTables.add(name);
  const tables = withText(r, query);
  const body =
    query.body.kind === 'select'
      ? selectText(r, query.body, { query, extraItems })
      : `${bodyText(r, query.body)}${orderOfSet(r, query.orderBy)}`;
  return `${tables}${body}${rowsText(r, query)}${lockText(query)}`;
}

/** A table that reads itself has its columns listed: Oracle asks for that. */
function withText(r: Renderer, query: Query): string {
  if (query.with.length === 0) return '';
  const recursive = query.with.some(({ columns }) => columns.length > 0) ? 'RECURSIVE ' : '';
  const tables = query.with.map(({ name, columns, query: inner }) => {
    const names = columns.length === 0 ? '' : ` (${commaJoined(columns.map(quoted))})`;
    return `${quoted(name)}${names} AS (${queryText(r, inner)})`;
  });
  return `WITH ${recursive}${commaJoined(tables)} `;
}

const setWords = {
  UNION: 'UNION',
  'UNION ALL': 'UNION ALL',
  INTERSECT: 'INTERSECT',
  MINUS: 'EXCEPT',
} as const;

/** Parentheses around each side: Oracle takes set operators from left to right, PostgreSQL INTERSECT first. */
function bodyText(r: Renderer, body: QueryBody): string {
  switch (body.kind) {
    case 'select':
      return selectText(r, body, { query: null, extraItems: [] });
    case 'nested':
      return `(${queryText(r, body.query)})`;
    case 'set':
      return `(${bodyText(r, body.left)}) ${setWords[body.operator]} (${bodyText(r, body.right)})`;
  }
}

function orderOfSet(r: Renderer, orderBy: readonly OrderItem[]): string {
  if (orderBy.length === 0) return '';
  return ` ORDER BY ${commaJoined(orderBy.map((item) => orderItemText(r, item, new Map())))}`;
}

/** What a block is not by itself: its query's order, further columns, and what is read in place of its tables. */
type Around = {
  readonly query: Query | null;
  readonly extraItems: readonly string[];
  readonly source?: string;
};

/** One query block with its ORDER BY, when it is not part of a set operation. */
function selectText(r: Renderer, select: Select, around: Around): string {
  const { rest, limits } = splitRownum(select.where);
  const plain: Select = { ...select, where: rest };
  if (limits.length === 0) return blockText(r, plain, around);
  if (!limitsFirst(select, around.query)) {
    return `${blockText(r, plain, around)} LIMIT ${limitText(r, limits)}`;
  }
  const limited = limitedBlock(plain);
  const inner = withScope(r, { from: select.from, levels: false }, () => {
    const where = rest === null ? '' : ` WHERE ${conditionText(r, rest)}`;
    return `SELECT ${limited.items} FROM ${fromText(r, select.from)}${where} LIMIT ${limitText(r, limits)}`;
  });
  return blockText(r, limited.select, { ...around, source: `(${inner}) AS ${quoted(limited.alias)}` });
}

function blockText(r: Renderer, select: Select, around: Around): string {
  return withScope(r, { from: select.from, levels: select.levels !== null }, () => {
    const items = [...select.items.map((item) => itemText(r, item)), ...around.extraItems];
    const from = around.source ?? sourceText(r, select);
    const parts = [`SELECT ${select.distinct ? 'DISTINCT ' : ''}${commaJoined(items)} FROM ${from}`];
    if (select.where !== null) parts.push(`WHERE ${conditionText(r, select.where)}`);
    if (select.groupBy.length > 0) {
      parts.push(`GROUP BY ${commaJoined(select.groupBy.map((item) => groupText(r, item)))}`);
    }
    if (select.having !== null) parts.push(`HAVING ${conditionText(r, select.having)}`);
    const order = around.query?.orderBy ?? [];
    if (order.length > 0) {
      const aliases = aliasesOf(select);
      parts.push(`ORDER BY ${commaJoined(order.map((item) => orderItemText(r, item, aliases)))}`);
    }
    return parts.join(' ');
  });
}

function sourceText(r: Renderer, { from, levels }: Select): string {
  return levels === null ? fromText(r, from) : levelsText(r, levels);
}

/** The rows of `CONNECT BY LEVEL <= n`: one at least. */
function levelsText(r: Renderer, levels: Expression): string {
  const last = `greatest(floor(${numberOf(r, levels)}), 1)::bigint`;
  return `(SELECT 'X'::varchar(1) AS "DUMMY", n::numeric AS "LEVEL" FROM generate_series(1, ${last}) AS n) AS "DUAL"`;
}

export function itemText(r: Renderer, item: SelectItem): string {
  if (item.kind === 'star') return [...item.table.map(quoted), '*'].join('.');
  const text = typedOf(r, item.value);
  const named = item.value.kind === 'column' && item.value.path.at(-1) === item.name;
  return named ? text : `${text} AS ${quoted(item.name)}`;
}

function groupText(r: Renderer, item: GroupItem): string {
  if (item.kind === 'value') return constantText(r, item.value);
  const sets = item.kind === 'sets' ? item.sets : item.items;
  const texts = sets.map((set) => `(${commaJoined(set.map((value) => typedOf(r, value)))})`);
  const word = item.kind === 'sets' ? 'GROUPING SETS' : item.kind.toUpperCase();
  return `${word} (${commaJoined(texts)})`;
}

/** What aliases stand for: PostgreSQL knows them in ORDER BY alone, but not inside of expressions. */
function aliasesOf(select: Select): ReadonlyMap<string, Expression> {
  const aliases = new Map<string, Expression>();
  for (const item of select.items) {
    if (item.kind === 'star' || (item.value.kind === 'column' && item.value.path.at(-1) === item.name))
      continue;
    aliases.set(item.name, item.value);
  }
  return aliases;
}

function orderItemText(r: Renderer, item: OrderItem, aliases: ReadonlyMap<string, Expression>): string {
  return `${orderedText(r, item.value, aliases)}${directionText(item)}`;
}

function orderedText(r: Renderer, value: Expression, aliases: ReadonlyMap<string, Expression>): string {
  // A number is the place of a column.
  if (value.kind === 'number' && /^\d+$/.test(value.text)) return value.text;
  if (value.kind === 'column') return expressionText(r, value);
  const resolved = substitute(value, (each) =>
    each.kind === 'column' && each.path.length === 1 ? (aliases.get(each.path[0] ?? '') ?? null) : null,
  );
  return placeText(r, resolved) ?? constantText(r, resolved);
}

/** Literals get a type: without one PostgreSQL takes them for places of columns that are wrongly written. */
function constantText(r: Renderer, value: Expression): string {
  return value.kind === 'text' ? `${typedOf(r, value)}::text` : typedOf(r, value);
}

function rowsText(r: Renderer, { skip, fetch, orderBy }: Query): string {
  const offset = skip === null ? '' : ` OFFSET ${rowCountOf(r, skip)}`;
  if (fetch === null) return offset;
  const count = rowCountOf(r, fetch.count);
  // Without an order no row ties with another.
  const ties = fetch.withTies && orderBy.length > 0;
  return `${offset} FETCH FIRST ${/^\d+$/.test(count) ? count : `(${count})`} ROWS ${ties ? 'WITH TIES' : 'ONLY'}`;
}

function lockText({ forUpdate, body }: Query): string {
  if (forUpdate === null) return '';
  const names = forUpdate.of.map((column) => lockedName(column, body));
  const of = names.length === 0 ? '' : ` OF ${commaJoined([...new Set(names)].map(quoted))}`;
  const waits = { nowait: ' NOWAIT', skipLocked: ' SKIP LOCKED', forever: '', seconds: '' } as const;
  return ` FOR UPDATE${of}${waits[forUpdate.wait.kind]}`;
}

/** The table of a column in FOR UPDATE OF. */
function lockedName({ path, offset }: RowLock['of'][number], body: QueryBody): string {
  if (path.length > 1) return path.at(-2) ?? '';
  const from: readonly TableReference[] = body.kind === 'select' ? body.from : [];
  const only = from.length === 1 && from[0] !== undefined ? referenceName(from[0]) : null;
  if (only === null) throw unsupported('FOR UPDATE OF a column without its table', offset);
  return only;
}
