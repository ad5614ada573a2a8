import type { TableReference } from '../ast.ts';
import { conditionText } from './condition.ts';
import { commaJoined, quoted, type Renderer, tableText } from './renderer.ts';

/** FROM's list. */
export function fromText(r: Renderer, from: readonly TableReference[]): string {
  return commaJoined(from.map((reference) => referenceText(r, reference)));
}

export function referenceText(r: Renderer, reference: TableReference): string {
  switch (reference.kind) {
    case 'table':
      return `${tableText(reference.table)}${aliasText(reference)}`;
    case 'inline': {
      const alias = reference.alias === null ? '' : ` AS ${quoted(reference.alias)}`;
      return `${reference.lateral ? 'LATERAL ' : ''}(${r.grammar.query(r, reference.query)})${alias}`;
    }
    case 'join':
      return joinText(r, reference);
  }
}

/** V$ views keep their name for those who qualify columns with it. */
function aliasText({ table, alias }: Extract<TableReference, { kind: 'table' }>): string {
  if (alias !== null) return ` AS ${quoted(alias)}`;
  return table.name.includes('V$') ? ` AS ${quoted(table.name)}` : '';
}

function joinText(r: Renderer, join: Extract<TableReference, { kind: 'join' }>): string {
  const { left, right, type, natural, on, using } = join;
  const nested = right.kind === 'join' ? `(${referenceText(r, right)})` : referenceText(r, right);
  const lateral = on === null && using.length === 0 && !natural && type === 'LEFT';
  const matching = on === null ? usingText(using) : ` ON ${conditionText(r, on)}`;
  const words = `${natural ? 'NATURAL ' : ''}${type === 'INNER' ? '' : `${type} `}JOIN`;
  return `${referenceText(r, left)} ${words} ${nested}${lateral ? ' ON true' : matching}`;
}

function usingText(columns: readonly string[]): string {
  return columns.length === 0 ? '' : ` USING (${commaJoined(columns.map(quoted))})`;
}
