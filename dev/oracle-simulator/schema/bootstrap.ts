import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Database } from './users.ts';

/** SQL of schema `oracle` and of the dictionary in schema `SYS`, in the order in which parts need each other. */
const parts = [
  'base-types',
  'errors',
  'operators',
  'text',
  'regexp',
  'numbers',
  'number-text',
  'number-masks',
  'timestamps',
  'date-arithmetic',
  'date-masks',
  'date-text',
  'date-elements',
  'date-parsing',
  'dates',
  'time-zones',
  'bytes',
  'rowids',
  'hashes',
  'conversions',
  'base-type-input',
  'accounts',
  'session',
  'grants',
  'users',
  'ddl-support',
  'dictionary-base',
  'dictionary-tables',
  'dictionary-keys',
  'dictionary-objects',
  'dictionary-users',
  'dynamic-views',
] as const;

/** Any fixed number: two processes that prepare the same database wait for each other by it. */
const lock = 5_917_204;

/**
 * Makes an empty PostgreSQL database the simulator's: schemas `oracle` and `SYS`. A database that is so already is left
 * as it is. Needs a superuser's connection outside of a transaction.
 * @throws Error for a database of another encoding or collation, or prepared by another version of the simulator.
 */
export async function bootstrap(db: Database): Promise<void> {
  const sql = await Promise.all(
    parts.map((part) => readFile(new URL(`./sql/${part}.sql`, import.meta.url), 'utf8')),
  );
  const digest = createHash('sha256').update(sql.join('\0')).digest('hex');
  await db.query('BEGIN');
  try {
    await db.query('SELECT pg_advisory_xact_lock($1)', [lock]);
    if (!(await isPrepared(db, digest))) await prepare(db, { sql, digest });
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK');
    throw error;
  }
}

async function isPrepared(db: Database, digest: string): Promise<boolean> {
  const present = await db.query(`SELECT to_regclass('oracle.bootstrap') IS NOT NULL AS is_prepared`);
  if (present.rows[0].is_prepared !== true) return false;
  const done = await db.query('SELECT digest FROM oracle.bootstrap');
  if (done.rows[0]?.digest === digest) return true;
  throw new Error(
    'the database was prepared by another version of the Oracle simulator: give it an empty database',
  );
}

async function prepare(
  db: Database,
  { sql, digest }: { sql: readonly string[]; digest: string },
): Promise<void> {
  await assertDatabase(db);
  await db.query(`
    SET LOCAL client_min_messages = warning;
    SET LOCAL search_path = pg_catalog;
    CREATE SCHEMA oracle;
    CREATE SCHEMA "SYS";
    GRANT USAGE ON SCHEMA oracle, "SYS" TO PUBLIC;
    CREATE EXTENSION pgcrypto SCHEMA oracle;
    CREATE TABLE oracle.bootstrap (digest text NOT NULL)`);
  for (const text of sql) await db.query(text);
  await db.query('INSERT INTO oracle.bootstrap (digest) VALUES ($1)', [digest]);
}

async function assertDatabase(db: Database): Promise<void> {
  const { rows } = await db.query(`
    SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datcollate AS collation,
      current_setting('server_version_num')::integer AS version,
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser,
      EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pgcrypto') AS has_crypto
    FROM pg_database WHERE datname = current_database()`);
  const { encoding, provider, collation, version, is_superuser, has_crypto } = rows[0];
  const wants = (what: string) => new Error(`the Oracle simulator needs ${what}`);
  if (version < 180_000) throw wants('PostgreSQL 18 or newer');
  if (!is_superuser) throw wants('a superuser of PostgreSQL');
  if (!has_crypto) throw wants("PostgreSQL's extension pgcrypto, for STANDARD_HASH");
  // The built-in provider's locales all sort by code point. A server whose own provider is ICU keeps it unless told.
  const sortsByBytes = provider === 'b' || (provider === 'c' && ['C', 'POSIX'].includes(collation));
  if (encoding !== 'UTF8' || !sortsByBytes) {
    throw wants(
      `a database made by CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'`,
    );
  }
}
