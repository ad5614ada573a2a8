/** What a login needs to write back, as statements for an owner of the database. docs/postgres.md shows the same. */
import type { SourceSettings } from '../../domain/config.ts';
import { SyncError } from '../../domain/errors.ts';
import { quoteIdent, quoteTable } from '../../pg/identifiers.ts';
import type { WriteEntity } from '../write-contract.ts';
import { postgresOptions } from './config.ts';
import { LEDGER_DDL, LEDGER_SCHEMA, LEDGER_TABLE } from './ledger.ts';
import { parseTable } from './relation.ts';

/** Ledger and grants for the user of the source's URL. @throws SyncError CONFIG_INVALID when it names none */
export function writeBackScript(settings: SourceSettings, entities: readonly WriteEntity[]): string[] {
  const { url } = postgresOptions.parse(settings.options);
  const user = decodeURIComponent(new URL(url).username);
  if (user === '') {
    throw new SyncError('CONFIG_INVALID', {
      message: `sources.${settings.name}.url names no user, to whom rights could be granted`,
    });
  }
  return [...ledgerFor(user), ...grantsForWriting(user, entities)];
}

/** Beside SELECT, which runs need. `entities`: those that take uploads. */
export function grantsForWriting(user: string, entities: readonly WriteEntity[]): string[] {
  const to = quoteIdent(user);
  const statements = entities.flatMap(({ table, key, call, keySequence }) => {
    const { schema } = parseTable(table);
    return [
      ...(schema === null ? [] : [`GRANT USAGE ON SCHEMA ${quoteIdent(schema)} TO ${to}`]),
      ...(call === undefined
        ? [`GRANT SELECT, INSERT, UPDATE, DELETE ON ${named(table)} TO ${to}`]
        : // Procedures write with their owner's rights; locking a row needs UPDATE of one column.
          [
            `GRANT SELECT, UPDATE (${quoteIdent(key[0] as string)}) ON ${named(table)} TO ${to}`,
            `GRANT EXECUTE ON ROUTINE ${named(call)} TO ${to}`,
          ]),
      ...(keySequence === undefined ? [] : [`GRANT USAGE ON SEQUENCE ${named(keySequence)} TO ${to}`]),
    ];
  });
  return [...new Set(statements)];
}

/** The ledger, made by an owner of the database, so that the login needs no right to create anything. */
export function ledgerFor(user: string): string[] {
  const to = quoteIdent(user);
  return [
    ...LEDGER_DDL,
    `GRANT USAGE ON SCHEMA ${LEDGER_SCHEMA} TO ${to}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${LEDGER_TABLE} TO ${to}`,
  ];
}

function named(text: string): string {
  const { schema, table } = parseTable(text);
  return schema === null ? quoteIdent(table) : quoteTable({ schema, table });
}
