import pg from 'pg';
import { expect, it } from 'vitest';
import { bootstrap } from '../../../dev/oracle-simulator/schema/bootstrap.ts';
import { calledFunctions, niladic } from '../../../dev/oracle-simulator/sql/functions.ts';
import { oracleAggregates, oracleSignatures } from '../../../dev/oracle-simulator/sql/oracle-signatures.ts';
import { freshDatabase, sourceServer } from '../../support/servers.ts';

/** The functions of schema `oracle` that rendered statements call: listed, and there. */

it('lists every function that a function of Oracle’s renders as', () => {
  const listed = new Set(oracleSignatures.map((signature) => `oracle.${signature.split('(')[0]}`));
  const called = [...calledFunctions, ...[...niladic.values()].map(({ sql }) => sql.replace('()', ''))];
  expect(called.filter((name) => name.startsWith('oracle.') && !listed.has(name))).toEqual([]);
});

/** `f(a [, b]) r`: `f(a)` and `f(a, b)`. */
function variants(signature: string): string[] {
  const declared = signature.slice(0, signature.lastIndexOf(')') + 1);
  return [declared.replace(/ \[,.*\]/, ''), declared.replace(/ \[,(.*)\]/, ',$1')];
}

it('finds every function and aggregate in a prepared database', async () => {
  const database = await freshDatabase(await sourceServer(), 'sql_contract', { collation: 'C' });
  const db = new pg.Client({ connectionString: database.url });
  await db.connect();
  try {
    await bootstrap(db);
    const wanted = [...new Set([...oracleSignatures, ...oracleAggregates].flatMap(variants))];
    // Calls with NULLs of these types are planned, not executed: implicit conversions count, as in statements.
    const missing: string[] = [];
    for (const signature of wanted) {
      const [called = '', types = ''] = signature.replace(')', '').split('(');
      const args = types === '' ? [] : types.split(', ').map((type) => `NULL::${type}`);
      const call = `oracle.${called}(${args.join(', ')})`;
      await db.query(`EXPLAIN SELECT ${call}`).catch((error: pg.DatabaseError) => {
        // It is there, and refuses NULL with an error of Oracle's.
        if (error.code !== 'OR000') missing.push(`${signature}: ${error.message}`);
      });
    }
    expect(missing).toEqual([]);
  } finally {
    await db.end();
    await database.drop();
  }
}, 60_000);
