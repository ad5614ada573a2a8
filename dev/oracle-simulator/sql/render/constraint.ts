import type { ColumnDefinition, ConstraintRule, SequenceOptions, TableConstraint } from '../ddl-plan.ts';
import { conditionText } from './condition.ts';
import { expressionText } from './expression.ts';
import { commaJoined, quoted, type Renderer, tableText } from './renderer.ts';
import { typeText } from './type.ts';

/** A constraint of the table; null: NULL and NOT NULL belong to columns. */
export function constraintText(r: Renderer, constraint: TableConstraint): string | null {
  const rule = ruleText(r, constraint.rule);
  if (rule === null) return null;
  const named = constraint.name === null ? '' : `CONSTRAINT ${quoted(constraint.name)} `;
  const timing = { no: '', immediate: ' DEFERRABLE', deferred: ' DEFERRABLE INITIALLY DEFERRED' }[
    constraint.deferrable
  ];
  return `${named}${rule}${timing}${constraint.disabled ? ' NOT ENFORCED' : ''}`;
}

function ruleText(r: Renderer, rule: ConstraintRule): string | null {
  switch (rule.kind) {
    case 'primaryKey':
      return `PRIMARY KEY (${commaJoined(rule.columns.map(quoted))})`;
    case 'unique':
      return `UNIQUE (${commaJoined(rule.columns.map(quoted))})`;
    case 'check':
      return `CHECK (${conditionText(r, rule.condition)})`;
    case 'foreignKey': {
      const references = rule.references.length === 0 ? '' : ` (${commaJoined(rule.references.map(quoted))})`;
      const onDelete = rule.onDelete === 'NO ACTION' ? '' : ` ON DELETE ${rule.onDelete}`;
      const columns = commaJoined(rule.columns.map(quoted));
      return `FOREIGN KEY (${columns}) REFERENCES ${tableText(rule.table)}${references}${onDelete}`;
    }
    default:
      return null;
  }
}

/** `"NAME" type DEFAULT … NOT NULL`; other constraints are the table's. Identity: generated-column.ts. */
export function columnText(r: Renderer, column: ColumnDefinition): string {
  const parts = [quoted(column.name), typeText(column.type)];
  if (column.default !== null) parts.push(`DEFAULT ${expressionText(r, column.default)}`);
  if (column.virtual !== null)
    parts.push(`GENERATED ALWAYS AS (${expressionText(r, column.virtual)}) STORED`);
  const notNull = column.constraints.find(({ rule }) => rule.kind === 'notNull');
  if (notNull !== undefined && notNull.name !== null) parts.push(`CONSTRAINT ${quoted(notNull.name)}`);
  if (notNull !== undefined || column.identity !== null || column.defaultOnNull) parts.push('NOT NULL');
  return parts.join(' ');
}

const largest = 2n ** 63n - 1n;

/** Options of a sequence. Limits beyond PostgreSQL's are none. */
export function sequenceText(options: SequenceOptions): string {
  const parts: string[] = [];
  const within = (value: string | null) =>
    value !== null && BigInt(value) <= largest && BigInt(value) >= -largest;
  if (options.incrementBy !== null) parts.push(`INCREMENT BY ${options.incrementBy}`);
  if (within(options.minValue)) parts.push(`MINVALUE ${options.minValue}`);
  if (within(options.maxValue)) parts.push(`MAXVALUE ${options.maxValue}`);
  if (within(options.startWith)) parts.push(`START WITH ${options.startWith}`);
  if (options.cycle) parts.push('CYCLE');
  return parts.map((part) => ` ${part}`).join('');
}
