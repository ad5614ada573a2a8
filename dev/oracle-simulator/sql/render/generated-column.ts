import type { TableName } from '../ast.ts';
import type { ColumnDefinition } from '../ddl-plan.ts';
import { sequenceText } from './constraint.ts';
import { expressionText } from './expression.ts';
import { literal, type Renderer, tableText } from './renderer.ts';

/**
 * Columns that fill themselves where PostgreSQL's own identity cannot: of type numeric, and for a NULL that is given.
 * Sequence and trigger are named after the table's number, as Oracle names its own (ISEQ$$_), so renames do not matter.
 */
export function generatedColumnTexts(r: Renderer, table: TableName, column: ColumnDefinition): string[] {
  if (column.identity !== null) return [identityText(table, column, column.identity)];
  if (!column.defaultOnNull || column.default === null) return [];
  const value = expressionText(r, column.default);
  return [doBlock(table, column, triggerStatements(`format(${literal(fillNull)}, col, ${literal(value)})`))];
}

const fillNull = 'BEGIN IF NEW.%1$I IS NULL THEN NEW.%1$I := %2$s; END IF; RETURN NEW; END';
const refuseValue =
  "BEGIN IF NEW.%1$I IS NOT NULL THEN PERFORM oracle.raise(32795, 'cannot insert into a generated always identity column'); END IF; NEW.%1$I := %2$s; RETURN NEW; END";

function identityText(
  table: TableName,
  column: ColumnDefinition,
  identity: NonNullable<ColumnDefinition['identity']>,
): string {
  const statements = [
    `EXECUTE format('CREATE SEQUENCE %s.%I${sequenceText(identity.options)}', place, stem);`,
    `EXECUTE format('ALTER SEQUENCE %s.%I OWNED BY %s.%I', place, stem, owner, col);`,
    `EXECUTE format('GRANT USAGE ON SEQUENCE %s.%I TO PUBLIC', place, stem);`,
    `next := format('nextval(%s::regclass)', format('%s.%I', place, stem)::regclass::oid);`,
  ];
  if (identity.when === 'BY DEFAULT') {
    statements.push(`EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', owner, col, next);`);
    return doBlock(table, column, statements);
  }
  const body = identity.when === 'ALWAYS' ? refuseValue : fillNull;
  return doBlock(table, column, [...statements, ...triggerStatements(`format(${literal(body)}, col, next)`)]);
}

function triggerStatements(body: string): string[] {
  return [
    `EXECUTE format('CREATE FUNCTION %s.%I() RETURNS trigger LANGUAGE plpgsql AS %L', place, stem || '$default', ${body});`,
    `EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION %s.%I()', stem || '$default', owner, place, stem || '$default');`,
  ];
}

function doBlock(table: TableName, column: ColumnDefinition, statements: readonly string[]): string {
  const lines = [
    'DECLARE',
    `owner regclass := ${literal(tableText(table))};`,
    `col name := ${literal(column.name)};`,
    `stem text := format('ISEQ$$_%s_%s', owner::oid, (SELECT attnum FROM pg_attribute WHERE attrelid = owner AND attname = col));`,
    'place regnamespace := (SELECT relnamespace FROM pg_class WHERE oid = owner);',
    'next text;',
    'BEGIN',
    ...statements,
    'END',
  ];
  return anonymous(lines.join('\n'));
}

/** `DO` with a tag that the text does not contain. */
export function anonymous(body: string): string {
  let tag = '$body$';
  for (let count = 1; body.includes(tag); count++) tag = `$body${count}$`;
  return `DO ${tag}\n${body}\n${tag}`;
}
