import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrap } from '../../../dev/oracle-simulator/schema/bootstrap.ts';
import { oracleAggregates, oracleSignatures } from '../../../dev/oracle-simulator/sql/oracle-signatures.ts';
import { freshDatabase, storeServer } from '../../support/servers.ts';
import { type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
beforeAll(async () => {
  database = await schemaDatabase();
});
afterAll(() => database.close());

/** `f(a [, b, c]) r`: f(a), f(a, b), f(a, b, c). */
function overloads(signature: string): { calls: string[]; result: string } {
  const [, name = '', args = '', result = ''] = /^(\w+)\((.*)\) (.+)$/.exec(signature) ?? [];
  const [least = '', optional] = args.replace(/(?<!\[)\]$/, '').split(' [, ');
  const optionals = optional?.split(', ') ?? [];
  const calls = Array.from({ length: optionals.length + 1 }, (_, count) =>
    [...(least === '' ? [] : [least]), ...optionals.slice(0, count)].join(', '),
  );
  return { calls: calls.map((list) => `oracle.${name}(${list})`), result };
}

describe('what rendered statements need', () => {
  it.each([...oracleSignatures, ...oracleAggregates])('%s', async (signature) => {
    const { calls, result } = overloads(signature);
    const { rows } = await database.db.query(
      `SELECT c.call, p.prorettype = to_regtype($2) AS "isRight", p.oid IS NOT NULL AS "isThere"
      FROM unnest($1::text[]) AS c (call) LEFT JOIN pg_proc AS p ON p.oid = to_regprocedure(c.call)`,
      [calls, result],
    );
    expect(rows).toEqual(calls.map((call) => ({ call, isRight: true, isThere: true })));
  });
});

describe('bootstrap', () => {
  it('leaves a prepared database as it is', async () => {
    const before = await database.db.query('SELECT oid FROM pg_proc ORDER BY oid');
    await bootstrap(database.db);
    const after = await database.db.query('SELECT oid FROM pg_proc ORDER BY oid');
    expect(after.rows).toEqual(before.rows);
  });

  it('may be asked for twice at the same time', async () => {
    const bare = await schemaDatabase('bare');
    const other = new pg.Client({ connectionString: bare.url });
    await other.connect();
    await Promise.all([bootstrap(bare.db), bootstrap(other)]);
    expect((await other.query('SELECT * FROM "SYS"."DUAL"')).rows).toEqual([{ DUMMY: 'X' }]);
    await other.end();
    await bare.close();
  });

  it('refuses a database of another version', async () => {
    const bare = await schemaDatabase('bare');
    await bare.db.query(`CREATE SCHEMA oracle; CREATE TABLE oracle.bootstrap (digest text);
      INSERT INTO oracle.bootstrap VALUES ('another')`);
    await expect(bootstrap(bare.db)).rejects.toThrow('another version of the Oracle simulator');
    await bare.close();
  });

  it('refuses a collation that does not sort by bytes', async () => {
    const fresh = await freshDatabase(await storeServer(), 'collated');
    const db = new pg.Client({ connectionString: fresh.url });
    await db.connect();
    await expect(bootstrap(db)).rejects.toThrow("LOCALE 'C'");
    expect((await db.query(`SELECT to_regnamespace('oracle') AS schema`)).rows).toEqual([{ schema: null }]);
    await db.end();
    await fresh.drop();
  });
});
