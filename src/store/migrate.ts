/** The store's tables: numbered .sql files, each applied once and never changed after. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { SyncError } from '../domain/errors.ts';
import { classifyPgError, describePgError } from '../pg/errors.ts';
import type { Db } from '../pg/pool.ts';
import { withTransaction } from '../pg/transaction.ts';
import type { Store } from './open.ts';
import { assertVersionsHold, noteCluster } from './restored.ts';

const FOLDER = new URL('./migrations/', import.meta.url);
/** pg_input_is_valid came with 16 (C26). */
const OLDEST_VERSION_NUM = 160_000;
/** Any fixed number: two processes that migrate at the same time wait for each other by it. */
const LOCK = 7_310_482;

const INSUFFICIENT_PRIVILEGE = '42501';

type Migration = { readonly name: string; readonly sql: string; readonly checksum: string };

/** Applies what is missing. @returns the names of the files that were applied. */
export async function migrate(store: Store, folder: URL = FOLDER): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(folder);
  const applied: string[] = [];
  try {
    await withTransaction(store.pool, {}, async (client) => {
      await assertServer(client);
      await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
      await client.query(`
        CREATE SCHEMA IF NOT EXISTS syncline;
        CREATE TABLE IF NOT EXISTS syncline.migration (
          name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())`);
      const known = await appliedMigrations(client);
      for (const migration of migrations) {
        if (isApplied(migration, known)) continue;
        await client.query(migration.sql);
        await client.query('INSERT INTO syncline.migration (name, checksum) VALUES ($1, $2)', [
          migration.name,
          migration.checksum,
        ]);
        applied.push(migration.name);
      }
      if (applied.length > 0 && folder === FOLDER) await noteCluster(client);
    });
  } catch (error) {
    throw storeError(error);
  }
  return { applied };
}

/** @throws STORE_UNAVAILABLE, STORE_UNSUPPORTED, or STORE_NOT_READY when a migration is missing. */
export async function assertStoreReady(store: Store, folder: URL = FOLDER): Promise<void> {
  const migrations = await readMigrations(folder);
  try {
    await assertServer(store.pool);
    const { rows } = await store.pool.query<{ there: boolean }>(
      `SELECT to_regclass('syncline.migration') IS NOT NULL AS there`,
    );
    const known = rows[0]?.there ? await appliedMigrations(store.pool) : new Map<string, string>();
    const missing = migrations.filter((migration) => !isApplied(migration, known)).map(({ name }) => name);
    if (missing.length > 0) {
      throw new SyncError('STORE_NOT_READY', { message: `The store lacks ${missing.join(', ')}` });
    }
    if (folder === FOLDER) await assertVersionsHold(store.pool);
  } catch (error) {
    throw storeError(error);
  }
}

/** C26. `versionNum` is server_version_num. */
export function assertStoreVersion(versionNum: number): void {
  if (versionNum >= OLDEST_VERSION_NUM) return;
  const version = `${Math.floor(versionNum / 10_000)}.${versionNum % 10_000}`;
  throw new SyncError('STORE_UNSUPPORTED', { message: `The store is PostgreSQL ${version}` });
}

async function assertServer(db: Db): Promise<void> {
  const { rows } = await db.query<{ version: string; encoding: string }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`,
  );
  const server = rows[0] as { version: string; encoding: string };
  assertStoreVersion(Number(server.version));
  if (server.encoding !== 'UTF8') {
    throw new SyncError('STORE_UNSUPPORTED', {
      message: `The store’s database is encoded in ${server.encoding}, not UTF8`,
    });
  }
}

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function appliedMigrations(db: Db): Promise<Map<string, string>> {
  const { rows } = await db.query<{ name: string; checksum: string }>(
    'SELECT name, checksum FROM syncline.migration',
  );
  return new Map(rows.map((row) => [row.name, row.checksum]));
}

function isApplied(migration: Migration, known: ReadonlyMap<string, string>): boolean {
  const checksum = known.get(migration.name);
  if (checksum === undefined) return false;
  if (checksum !== migration.checksum) {
    throw new SyncError('STORE_NOT_READY', {
      message: `${migration.name} is not the file that made the store`,
      remedy: 'Install the version of Syncline that the store was made with, or a newer one.',
    });
  }
  return true;
}

/** A failure of the store itself, as its code; anything else as it is. */
export function storeError(error: unknown): unknown {
  if (error instanceof SyncError) return error;
  if ((error as { code?: unknown } | null)?.code === INSUFFICIENT_PRIVILEGE) {
    return new SyncError('STORE_NOT_READY', {
      message: `The store: ${describePgError(error)}`,
      cause: error,
    });
  }
  const kind = classifyPgError(error);
  if (kind === 'connection' || kind === 'resources' || kind === 'contention') {
    return new SyncError('STORE_UNAVAILABLE', {
      message: `The store: ${describePgError(error)}`,
      cause: error,
    });
  }
  if (kind === 'auth') {
    return new SyncError('STORE_UNAVAILABLE', {
      message: `The store: ${describePgError(error)}`,
      remedy: 'Correct the login of store.url.',
      cause: error,
    });
  }
  return error;
}
