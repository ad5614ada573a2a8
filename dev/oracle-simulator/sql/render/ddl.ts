import type { TableName } from '../ast.ts';
import type { Ddl } from '../ddl-plan.ts';
import { sequenceText } from './constraint.ts';
import { columnList } from './dml.ts';
import { expressionText } from './expression.ts';
import { anonymous } from './generated-column.ts';
import { queryText } from './query.ts';
import { commaJoined, literal, quoted, type Renderer, tableText } from './renderer.ts';
import { alterTableTexts, createTableTexts, dropTableText, ownerAndName, textArray } from './table.ts';
import { alterTriggerText, createTriggerTexts } from './trigger.ts';

/** Statements of PostgreSQL, in order. @throws TypeError for users: the engine executes those from the plan. */
export function ddlTexts(r: Renderer, ddl: Ddl): string[] {
  switch (ddl.kind) {
    case 'createTable':
      return createTableTexts(r, ddl);
    case 'alterTable':
      return alterTableTexts(r, ddl);
    case 'dropObject':
      return [dropText(r, ddl)];
    case 'createIndex':
      return [indexText(r, ddl)];
    case 'createView':
      return [viewText(r, ddl)];
    case 'createSequence':
      return [`CREATE SEQUENCE ${tableText(ddl.name)}${sequenceText(ddl.options)}`];
    case 'alterSequence':
      return [alterSequenceText(ddl)];
    case 'truncate':
      return [`TRUNCATE TABLE ${tableText(ddl.table)}${ddl.cascade ? ' CASCADE' : ''}`];
    case 'comment':
      return [commentText(ddl)];
    case 'rename':
      return [`ALTER TABLE ${tableText(ddl.from)} RENAME TO ${quoted(ddl.to)}`];
    case 'createTrigger':
      return createTriggerTexts(r, ddl);
    case 'alterTrigger':
      return [alterTriggerText(ddl, triggerRoutine(r, ddl.name))];
    default:
      return [accessText(ddl)];
  }
}

function dropText(r: Renderer, { object, name, cascade }: Extract<Ddl, { kind: 'dropObject' }>): string {
  switch (object) {
    case 'TABLE':
      return dropTableText(name, cascade);
    case 'TRIGGER':
      return `DROP FUNCTION ${triggerRoutine(r, name)}() CASCADE`;
    case 'SYNONYM':
      return `SELECT oracle.drop_synonym(${ownerAndName(name)})`;
    default:
      return `DROP ${object} ${tableText(name)}${cascade ? ' CASCADE' : ''}`;
  }
}

function triggerRoutine(r: Renderer, { schema, name }: TableName): string {
  return `${quoted(schema ?? r.context.schema)}.${quoted(`${name}$trigger`)}`;
}

/** An index is in its table's schema here. */
function indexText(
  r: Renderer,
  { name, unique, table, columns }: Extract<Ddl, { kind: 'createIndex' }>,
): string {
  const parts = columns.map(({ value, direction }) => {
    const text = value.kind === 'column' ? expressionText(r, value) : `(${expressionText(r, value)})`;
    return `${text}${direction === 'DESC' ? ' DESC' : ''}`;
  });
  return `CREATE ${unique ? 'UNIQUE ' : ''}INDEX ${quoted(name.name)} ON ${tableText(table)} (${commaJoined(parts)})`;
}

/** PostgreSQL replaces a view only by one with the same columns and more: where it cannot, the view is made anew. */
function viewText(r: Renderer, ddl: Extract<Ddl, { kind: 'createView' }>): string {
  const shown = queryText(r, ddl.query);
  // A view with OFFSET takes no writes.
  const query = ddl.readOnly ? `SELECT * FROM (${shown}) AS shown OFFSET 0` : shown;
  const name = tableText(ddl.name);
  const definition = `VIEW ${name}${columnList(ddl.columns)} AS ${query}`;
  if (!ddl.replace) return `CREATE ${definition}`;
  return anonymous(
    [
      'BEGIN',
      `CREATE OR REPLACE ${definition};`,
      'EXCEPTION WHEN invalid_table_definition THEN',
      `DROP VIEW ${name};`,
      `CREATE ${definition};`,
      'END',
    ].join('\n'),
  );
}

function alterSequenceText({ name, options, restart }: Extract<Ddl, { kind: 'alterSequence' }>): string {
  const { startWith, ...others } = options;
  const from = startWith === null ? '' : ` WITH ${startWith}`;
  const rest = sequenceText({ ...others, startWith: null });
  const restarted = restart || startWith !== null ? ` RESTART${from}` : '';
  return rest === '' && restarted === '' ? '' : `ALTER SEQUENCE ${tableText(name)}${rest}${restarted}`;
}

function commentText({ table, column, text }: Extract<Ddl, { kind: 'comment' }>): string {
  const is = `IS ${text === '' ? 'NULL' : literal(text)}`;
  if (column !== null) return `COMMENT ON COLUMN ${tableText(table)}.${quoted(column)} ${is}`;
  return anonymous(
    [
      'BEGIN',
      `COMMENT ON TABLE ${tableText(table)} ${is};`,
      'EXCEPTION WHEN wrong_object_type THEN',
      `COMMENT ON VIEW ${tableText(table)} ${is};`,
      'END',
    ].join('\n'),
  );
}

type Access = Extract<
  Ddl,
  {
    kind:
      | 'createSynonym'
      | 'grantObject'
      | 'revokeObject'
      | 'grantSystem'
      | 'revokeSystem'
      | 'createUser'
      | 'alterUser'
      | 'dropUser';
  }
>;

/** Synonyms and privileges: functions know what kind of object a name is of. */
function accessText(ddl: Access): string {
  switch (ddl.kind) {
    case 'createSynonym':
      return `SELECT oracle.create_synonym(${ownerAndName(ddl.name)}, ${ownerAndName(ddl.target)}, ${ddl.replace})`;
    case 'grantObject':
    case 'revokeObject': {
      const privileges = textArray(ddl.privileges.map(({ privilege }) => privilege));
      const columns = textArray(ddl.privileges.map(({ columns: names }) => arrayLiteral(names)));
      const common = [privileges, columns, ownerAndName(ddl.object), textArray(ddl.grantees)];
      return ddl.kind === 'grantObject'
        ? `SELECT oracle.grant_object(${commaJoined([...common, String(ddl.grantable)])})`
        : `SELECT oracle.revoke_object(${commaJoined(common)})`;
    }
    case 'grantSystem':
      return `SELECT oracle.grant_system(${commaJoined([textArray(ddl.privileges), textArray(ddl.grantees), String(ddl.grantable)])})`;
    case 'revokeSystem':
      return `SELECT oracle.revoke_system(${commaJoined([textArray(ddl.privileges), textArray(ddl.grantees)])})`;
    default:
      throw new TypeError(`${ddl.kind} is not rendered`);
  }
}

/** Columns of one privilege as text of an array: `{"A","B"}`. */
function arrayLiteral(names: readonly string[]): string {
  return `{${names.map((name) => `"${name.replaceAll(/(["\\])/g, '\\$1')}"`).join(',')}}`;
}
