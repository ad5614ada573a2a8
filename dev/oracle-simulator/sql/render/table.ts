import type { TableName } from '../ast.ts';
import type { AlterAction, AlterTable, ColumnDefinition, CreateTable, TableConstraint } from '../ddl-plan.ts';
import { columnText, constraintText } from './constraint.ts';
import { expressionText } from './expression.ts';
import { anonymous, generatedColumnTexts } from './generated-column.ts';
import { queryText } from './query.ts';
import { commaJoined, literal, quoted, type Renderer, tableText } from './renderer.ts';
import { typeText } from './type.ts';

/** Statements that create the table. */
export function createTableTexts(r: Renderer, ddl: CreateTable): string[] {
  const { table, columns, constraints, query, columnNames } = ddl;
  if (query !== null) {
    const names = [...columns.map(({ name }) => name), ...columnNames];
    const list = names.length === 0 ? '' : ` (${commaJoined(names.map(quoted))})`;
    return [
      `CREATE TABLE ${tableText(table)}${list} AS ${queryText(r, query)}`,
      ...constraints.flatMap((each) => addConstraintTexts(r, table, each)),
    ];
  }
  const parts = [
    ...columns.map((column) => columnText(r, column)),
    ...[...columns.flatMap((column) => column.constraints), ...constraints].flatMap(
      (each) => constraintText(r, each) ?? [],
    ),
  ];
  return [
    `CREATE TABLE ${tableText(table)} (${commaJoined(parts)})`,
    ...columns.flatMap((column) => generatedColumnTexts(r, table, column)),
  ];
}

/** Statements that alter the table, one per action. */
export function alterTableTexts(r: Renderer, { table, actions }: AlterTable): string[] {
  return actions.flatMap((action) => actionTexts(r, table, action));
}

function actionTexts(r: Renderer, table: TableName, action: AlterAction): string[] {
  const alter = `ALTER TABLE ${tableText(table)}`;
  switch (action.kind) {
    case 'addColumn':
      return addColumnTexts(r, table, action.column);
    case 'addConstraint':
      return addConstraintTexts(r, table, action.constraint);
    case 'modifyColumn':
      return modifyTexts(r, table, action);
    case 'dropColumn':
      return [`${alter} DROP COLUMN ${quoted(action.name)}${action.cascade ? ' CASCADE' : ''}`];
    case 'renameColumn':
      return [`${alter} RENAME COLUMN ${quoted(action.from)} TO ${quoted(action.to)}`];
    case 'dropConstraint':
      return [`${alter} DROP CONSTRAINT ${quoted(action.name)}${action.cascade ? ' CASCADE' : ''}`];
    case 'renameConstraint':
      return [`${alter} RENAME CONSTRAINT ${quoted(action.from)} TO ${quoted(action.to)}`];
    case 'renameTable':
      return [`${alter} RENAME TO ${quoted(action.to)}`];
    case 'dropPrimaryKey':
      return [`SELECT oracle.drop_primary_key(${ownerAndName(table)}, ${action.cascade})`];
    case 'dropUnique':
      return [`SELECT oracle.drop_unique(${ownerAndName(table)}, ${textArray(action.columns)})`];
  }
}

/** `'OWNER', 'NAME'`; NULL for the schema in use. */
export function ownerAndName({ schema, name }: TableName): string {
  return `${schema === null ? 'NULL' : literal(schema)}, ${literal(name)}`;
}

export function textArray(items: readonly string[]): string {
  return `ARRAY[${commaJoined(items.map(literal))}]::text[]`;
}

function addColumnTexts(r: Renderer, table: TableName, column: ColumnDefinition): string[] {
  return [
    `ALTER TABLE ${tableText(table)} ADD COLUMN ${columnText(r, column)}`,
    ...column.constraints.flatMap((each) => addConstraintTexts(r, table, each)),
    ...generatedColumnTexts(r, table, column),
  ];
}

function addConstraintTexts(r: Renderer, table: TableName, constraint: TableConstraint): string[] {
  const text = constraintText(r, constraint);
  return text === null ? [] : [`ALTER TABLE ${tableText(table)} ADD ${text}`];
}

function modifyTexts(
  r: Renderer,
  table: TableName,
  action: Extract<AlterAction, { kind: 'modifyColumn' }>,
): string[] {
  const column = `ALTER TABLE ${tableText(table)} ALTER COLUMN ${quoted(action.name)}`;
  const texts: string[] = [];
  if (action.type !== null) texts.push(`${column} TYPE ${typeText(action.type)}`);
  if (action.default?.kind === 'null') texts.push(`${column} DROP DEFAULT`);
  else if (action.default !== undefined)
    texts.push(`${column} SET DEFAULT ${expressionText(r, action.default)}`);
  for (const constraint of action.constraints) {
    if (constraint.rule.kind === 'null') texts.push(`${column} DROP NOT NULL`);
    else if (constraint.rule.kind === 'notNull') texts.push(`${column} SET NOT NULL`);
    else texts.push(...addConstraintTexts(r, table, constraint));
  }
  return texts;
}

/** Drops the table, and the functions of its triggers, which PostgreSQL keeps. */
export function dropTableText(table: TableName, cascade: boolean): string {
  const name = tableText(table);
  return anonymous(
    [
      'DECLARE',
      'functions regprocedure[];',
      'each regprocedure;',
      'BEGIN',
      `functions := ARRAY(SELECT t.tgfoid FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid WHERE t.tgrelid = ${literal(name)}::regclass AND p.proname ~ '\\$(trigger|default)$');`,
      `DROP TABLE ${name}${cascade ? ' CASCADE' : ''};`,
      'FOREACH each IN ARRAY functions LOOP',
      "EXECUTE format('DROP FUNCTION %s', each);",
      'END LOOP;',
      'END',
    ].join('\n'),
  );
}
