import type { TableName, TriggerEvent } from '../ast.ts';
import type { CreateTrigger, TriggerStatement, TriggerTarget, TriggerVariable } from '../ddl-plan.ts';
import { conditionText } from './condition.ts';
import { dmlText } from './dml.ts';
import { expressionText } from './expression.ts';
import { anonymous } from './generated-column.ts';
import { queryText } from './query.ts';
import { commaJoined, literal, quoted, type Renderer, tableText } from './renderer.ts';
import { typeText } from './type.ts';

/**
 * A row trigger as a function of PL/pgSQL, `NAME$trigger`, that runs with its owner's rights, as Oracle's do. A column
 * of a table goes before a variable of the same name.
 */
export function createTriggerTexts(r: Renderer, trigger: CreateTrigger): string[] {
  const schema = trigger.name.schema ?? r.context.schema;
  const routine = `${quoted(schema)}.${quoted(`${trigger.name.name}$trigger`)}`;
  const path = `${quoted(schema)}, "SYS", oracle, pg_catalog`;
  const body = bodyText(r, trigger);
  const tag = tagFor(body);
  return [
    ...(trigger.replace ? [dropOther(trigger, routine)] : []),
    `CREATE ${trigger.replace ? 'OR REPLACE ' : ''}FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${path} AS ${tag}\n${body}\n${tag}`,
    `CREATE TRIGGER ${quoted(trigger.name.name)} ${trigger.timing} ${eventsText(trigger)} ON ${tableText(trigger.table)} FOR EACH ROW EXECUTE FUNCTION ${routine}()`,
  ];
}

/** Names of triggers are a schema's in Oracle and a table's here: the one that is replaced may be another table's. */
function dropOther(trigger: CreateTrigger, routine: string): string {
  return anonymous(
    [
      'DECLARE',
      'place regclass;',
      'BEGIN',
      `FOR place IN SELECT tgrelid FROM pg_trigger WHERE tgfoid = to_regproc(${literal(routine)}) LOOP`,
      `EXECUTE format('DROP TRIGGER %I ON %s', ${literal(trigger.name.name)}, place);`,
      'END LOOP;',
      'END',
    ].join('\n'),
  );
}

/** A trigger is found by its function, which says whose it is. */
export function alterTriggerText(
  { name, action }: { readonly name: TableName; readonly action: 'ENABLE' | 'DISABLE' | 'COMPILE' },
  routine: string,
): string {
  // There is nothing to compile: functions are checked when they are made.
  const change =
    action === 'COMPILE'
      ? 'NULL;'
      : `EXECUTE format('ALTER TABLE %s ${action} TRIGGER %I', place, ${literal(name.name)});`;
  return anonymous(
    [
      'DECLARE',
      `place regclass := (SELECT tgrelid FROM pg_trigger WHERE tgfoid = to_regproc(${literal(routine)}));`,
      'BEGIN',
      `IF place IS NULL THEN PERFORM oracle.raise(4080, ${literal(`trigger '${name.name}' does not exist`)}); END IF;`,
      change,
      'END',
    ].join('\n'),
  );
}

function tagFor(body: string): string {
  let tag = '$trigger$';
  for (let count = 1; body.includes(tag); count++) tag = `$trigger${count}$`;
  return tag;
}

function eventsText({ events, updateOf }: CreateTrigger): string {
  const columns = updateOf.length === 0 ? '' : ` OF ${commaJoined(updateOf.map(quoted))}`;
  return events.map((event: TriggerEvent) => (event === 'UPDATE' ? `UPDATE${columns}` : event)).join(' OR ');
}

function bodyText(r: Renderer, trigger: CreateTrigger): string {
  const result =
    trigger.timing === 'AFTER' ? 'RETURN NULL;' : "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;";
  const statements = trigger.body.map((each) => statementText(r, each));
  const guarded =
    trigger.when === null
      ? statements
      : [`IF ${conditionText(r, trigger.when)} THEN`, ...statements, 'END IF;'];
  const variables = trigger.variables.map((variable) => variableText(r, variable));
  const declared = variables.length === 0 ? [] : ['DECLARE', ...variables];
  return ['#variable_conflict use_column', ...declared, 'BEGIN', ...guarded, result, 'END'].join('\n');
}

function variableText(r: Renderer, { name, type, value }: TriggerVariable): string {
  const typed = 'like' in type ? `${tableText(type.like)}.${quoted(type.column)}%TYPE` : typeText(type);
  return `${quoted(name)} ${typed}${value === null ? '' : ` := ${expressionText(r, value)}`};`;
}

function statementText(r: Renderer, statement: TriggerStatement): string {
  switch (statement.kind) {
    case 'null':
      return 'NULL;';
    case 'assign':
      return `${targetText(statement.target)} := ${expressionText(r, statement.value)};`;
    case 'raise':
      return `PERFORM oracle.raise_application_error(${expressionText(r, statement.number)}, ${expressionText(r, statement.text)});`;
    case 'selectInto':
      return selectIntoText(r, statement);
    case 'dml': {
      const into = statement.into.length === 0 ? '' : ` INTO ${commaJoined(statement.into.map(targetText))}`;
      return `${dmlText(r, statement.plan)}${into};`;
    }
    case 'if':
      return ifText(r, statement);
  }
}

function targetText({ row, name }: TriggerTarget): string {
  return row === null ? quoted(name) : `${row}.${quoted(name)}`;
}

/** No row and more than one are errors, as in PL/SQL. */
function selectIntoText(r: Renderer, statement: Extract<TriggerStatement, { kind: 'selectInto' }>): string {
  const into = commaJoined(statement.into.map(targetText));
  return `SELECT * INTO STRICT ${into} FROM (${queryText(r, statement.query)}) AS selected;`;
}

function ifText(r: Renderer, statement: Extract<TriggerStatement, { kind: 'if' }>): string {
  const lines = statement.branches.flatMap(({ when, body }, index) => [
    `${index === 0 ? 'IF' : 'ELSIF'} ${conditionText(r, when)} THEN`,
    ...body.map((each) => statementText(r, each)),
  ]);
  if (statement.otherwise.length > 0)
    lines.push('ELSE', ...statement.otherwise.map((each) => statementText(r, each)));
  return [...lines, 'END IF;'].join('\n');
}
