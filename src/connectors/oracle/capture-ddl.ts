/**
 * Change capture by triggers, as DDL: a log table per captured table, with the keys of changed rows, and the trigger
 * that fills it. Both live in the table's schema, so that the application's users need no grants.
 */
import { createHash } from 'node:crypto';
import { SyncError } from '../../domain/errors.ts';
import { parseTable, quoteName, quoteTable } from './relation.ts';

export type CaptureSpec = {
  /** `HR.EMPLOYEES`; with its schema. */
  readonly table: string;
  /** Key columns, in key order. */
  readonly key: readonly string[];
  /** The sync user, who reads and purges the log; left out where it owns the table. */
  readonly reader?: string;
};

export type CaptureNames = {
  readonly schema: string;
  readonly table: string;
  /** Names without their schema. */
  readonly log: string;
  readonly trigger: string;
  readonly index: string;
};

/** Columns of the log beside those of the key. */
export const LOG_COLUMNS = ['SYNC_SEQ', 'SYNC_OP', 'SYNC_AT', 'SYNC_TX'] as const;

const MAX_NAME_BYTES = 128;

export function captureNames({ table: text }: Pick<CaptureSpec, 'table'>): CaptureNames {
  const { schema, table } = parseTable(text);
  if (schema === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: `Capture of ${text} needs its schema: write SCHEMA.TABLE`,
    });
  }
  const named = (prefix: string): string => shortened(`${prefix}_${table}`);
  return {
    schema,
    table,
    log: named('SYNCLINE_LOG'),
    trigger: named('SYNCLINE_TRG'),
    index: named('SYNCLINE_IDX'),
  };
}

/** Long names keep their beginning, and a hash of the whole. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8).toUpperCase();
  let kept = name;
  while (Buffer.byteLength(`${kept}_${hash}`) > MAX_NAME_BYTES) kept = kept.slice(0, -1);
  return `${kept}_${hash}`;
}

/** Statements in order, each to be executed on its own, as the table's owner or a DBA. */
export function installDdl(spec: CaptureSpec): string[] {
  const names = captureNames(spec);
  const { schema } = names;
  const log = quoteTable({ schema, table: names.log });
  const key = spec.key.map(quoteName).join(', ');
  checkKey(spec);
  const statements = [
    // The key's columns with their types; no rows.
    `CREATE TABLE ${log} AS SELECT ${key} FROM ${quoteTable(names)} WHERE 1 = 0`,
    `ALTER TABLE ${log} ADD (
  SYNC_SEQ NUMBER GENERATED ALWAYS AS IDENTITY,
  SYNC_OP CHAR(1) NOT NULL,
  SYNC_AT TIMESTAMP(6) NOT NULL,
  SYNC_TX VARCHAR2(40)
)`,
    `CREATE INDEX ${quoteTable({ schema, table: names.index })} ON ${log} (SYNC_AT, SYNC_SEQ)`,
    triggerDdl(spec, names),
  ];
  const { reader } = spec;
  if (reader === undefined || reader === schema) return statements;
  return [...statements, `GRANT SELECT, DELETE ON ${log} TO ${quoteName(reader)}`];
}

/**
 * The time of a change is that of its statement, in UTC, and never before its transaction's start: so nothing at or
 * before the start of the oldest open transaction can still appear (C3).
 */
function triggerDdl({ key }: CaptureSpec, names: CaptureNames): string {
  const { schema } = names;
  const insert = (operation: 'I' | 'U' | 'D', row: 'NEW' | 'OLD'): string =>
    `INSERT INTO ${quoteTable({ schema, table: names.log })} (SYNC_OP, SYNC_AT, SYNC_TX, ${key.map(quoteName).join(', ')})
      VALUES ('${operation}', SYS_EXTRACT_UTC(SYSTIMESTAMP), DBMS_TRANSACTION.LOCAL_TRANSACTION_ID, ${key
        .map((name) => `:${row}.${quoteName(name)}`)
        .join(', ')});`;
  // What had a part that is NULL is in no mirror; what gets one leaves it.
  const moved = key
    .map(quoteName)
    .map((name) => `:OLD.${name} <> :NEW.${name} OR (:OLD.${name} IS NOT NULL AND :NEW.${name} IS NULL)`)
    .join(' OR ');
  return `CREATE OR REPLACE TRIGGER ${quoteTable({ schema, table: names.trigger })}
AFTER INSERT OR UPDATE OR DELETE ON ${quoteTable(names)}
FOR EACH ROW
BEGIN
  IF INSERTING THEN
    ${insert('I', 'NEW')}
  ELSIF DELETING THEN
    ${insert('D', 'OLD')}
  ELSE
    ${insert('U', 'NEW')}
    IF ${moved} THEN
      ${insert('D', 'OLD')}
    END IF;
  END IF;
END;`;
}

function checkKey({ table, key }: CaptureSpec): void {
  const problem =
    key.length === 0
      ? 'has no key'
      : key.some((name) => (LOG_COLUMNS as readonly string[]).includes(name))
        ? `has a key column named like one of the log (${LOG_COLUMNS.join(', ')})`
        : null;
  if (problem !== null) throw new SyncError('CONFIG_INVALID', { message: `Capture: ${table} ${problem}` });
}

/** The trigger first: from then on nothing fills the log. */
export function removeDdl(spec: Pick<CaptureSpec, 'table'>): string[] {
  const { schema, trigger, log } = captureNames(spec);
  return [
    `DROP TRIGGER ${quoteTable({ schema, table: trigger })}`,
    `DROP TABLE ${quoteTable({ schema, table: log })}`,
  ];
}

/** As a script for SQL*Plus or SQLcl: PL/SQL ends with a slash on its own line. */
export function asScript(statements: readonly string[]): string {
  return statements
    .map((statement) => (statement.endsWith('END;') ? `${statement}\n/\n` : `${statement};\n`))
    .join('\n');
}
