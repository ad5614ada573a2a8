import type { Expression, Select, SelectItem } from '../ast.ts';
import { unsupported } from '../errors.ts';
import { some } from '../walk.ts';
import { quoted, referenceName } from './renderer.ts';

/** A query block whose rows are limited before they are ordered or grouped: they become a subquery of its name. */
export type LimitedBlock = {
  /** The block without its conditions, to read from the subquery. */
  readonly select: Select;
  /** What the subquery selects. */
  readonly items: string;
  readonly alias: string;
};

/** @throws OraError 439: columns of several tables do not pass a subquery under their tables' names. */
export function limitedBlock(select: Select): LimitedBlock {
  const bare: Select = { ...select, where: null };
  const [reference] = select.from;
  const name = select.from.length === 1 && reference !== undefined ? referenceName(reference) : null;
  if (name !== null && reference?.kind !== 'join') {
    if (!usesRowid(select)) return { select: bare, items: '*', alias: name };
    if (select.items.some(({ kind }) => kind === 'star')) throw refused(select);
    return {
      select: bare,
      items: `${quoted(name)}.*, ${quoted(name)}.tableoid, ${quoted(name)}.ctid`,
      alias: name,
    };
  }
  if (reference?.kind === 'inline' && select.from.length === 1)
    return { select: bare, items: '*', alias: 'limited' };
  if (!usesColumns(select)) return { select: bare, items: '1', alias: 'limited' };
  throw refused(select);
}

function refused(select: Select): Error {
  return unsupported('ROWNUM with ORDER BY, DISTINCT or grouping over several tables', select.offset);
}

function valuesOf(items: readonly SelectItem[]): Expression[] {
  return items.flatMap((item) => (item.kind === 'value' ? [item.value] : []));
}

function usesRowid(select: Select): boolean {
  return valuesOf(select.items).some((value) => some(value, ({ kind }) => kind === 'rowid'));
}

/** Such as COUNT(*) does not. */
function usesColumns(select: Select): boolean {
  if (
    select.items.some(({ kind }) => kind === 'star') ||
    select.groupBy.length > 0 ||
    select.having !== null
  ) {
    return true;
  }
  const reads = ({ kind }: { kind: string }) => kind === 'column' || kind === 'rowid' || kind === 'subquery';
  return valuesOf(select.items).some((value) => some(value, reads));
}
