/** The grants that the source's user needs, as statements for a DBA. docs/oracle.md shows the same. */
import type { SourceSettings } from '../../domain/config.ts';
import type { WriteEntity } from '../write-contract.ts';
import { oracleOptions } from './config.ts';
import { LEDGER_DDL } from './ledger.ts';
import { parseTable, quoteTable } from './relation.ts';

/** The user's name as in the configuration: upper case unless quoted. */
export type GrantsFor = {
  readonly user: string;
  readonly tables: readonly string[];
  /** Those of `tables` whose changes are captured. */
  readonly captured?: readonly string[];
};

/** Least rights for runs. */
export function grantsForReading({ user, tables, captured = [] }: GrantsFor): string[] {
  const to = grantee(user);
  const ofOthers = captured.some(
    (table) => ![null, parseTable(user).table].includes(parseTable(table).schema),
  );
  const view = (name: string): string => `GRANT SELECT ON SYS.${name} TO ${to}`;
  return [
    `GRANT CREATE SESSION TO ${to}`,
    ...tables.flatMap((table) => [
      `GRANT SELECT ON ${named(table)} TO ${to}`,
      `GRANT FLASHBACK ON ${named(table)} TO ${to}`,
    ]),
    // The underscore: grants go to the views behind the synonyms.
    ...['GV_$TRANSACTION', 'GV_$SESSION', 'V_$DATABASE'].map(view),
    // ALL_TRIGGERS shows triggers of one's own tables only.
    ...(ofOthers ? ['DBA_TRIGGERS', 'DBA_OBJECTS'].map(view) : []),
  ];
}

/** Ledger and grants for the source's user. */
export function writeBackScript(settings: SourceSettings, entities: readonly WriteEntity[]): string[] {
  const { user } = oracleOptions.parse(settings.options);
  return [...ledgerFor(user), ...grantsForWriting(user, entities)];
}

/** Beside those for reading. `entities`: those that take uploads. */
export function grantsForWriting(user: string, entities: readonly WriteEntity[]): string[] {
  const to = grantee(user);
  const statements = entities.flatMap(({ table, call, keySequence }) => [
    call === undefined
      ? `GRANT SELECT, INSERT, UPDATE, DELETE ON ${named(table)} TO ${to}`
      : // Procedures write with their owner's rights; rows are locked by SELECT … FOR UPDATE.
        `GRANT SELECT ON ${named(table)} TO ${to}`,
    ...(call === undefined ? [] : [`GRANT EXECUTE ON ${procedureOwner(call)} TO ${to}`]),
    ...(keySequence === undefined ? [] : [`GRANT SELECT ON ${named(keySequence)} TO ${to}`]),
  ]);
  return [...new Set(statements)];
}

/** The ledger, in the user's own schema: a DBA creates it, so that the user needs neither CREATE TABLE nor a script. */
export function ledgerFor(user: string): string[] {
  const schema = grantee(user);
  return LEDGER_DDL.map((statement) =>
    statement.replace(/(TABLE|INDEX|ON) (SYNCLINE_LEDGER\w*)/g, `$1 ${schema}.$2`),
  );
}

/** `HR.PAY.RAISE` → `HR.PAY`: grants are on the package. */
function procedureOwner(call: string): string {
  const parts = call.split('.');
  return parts.length === 3 ? parts.slice(0, 2).join('.') : (parts[0] as string);
}

function grantee(user: string): string {
  const { table } = parseTable(user);
  return plain(table) ? table : quoteTable({ schema: null, table });
}

function named(table: string): string {
  const name = parseTable(table);
  const bare = [name.schema, name.table].filter((part) => part !== null);
  return bare.every(plain) ? bare.join('.') : quoteTable(name);
}

function plain(name: string): boolean {
  return /^[A-Z][A-Z0-9_$#]*$/.test(name);
}
