/**
 * Transactions of several sessions, and increments at any moment between their statements: when all have committed, one
 * more increment makes the mirror what the table is, deletes and changed keys with it (C3, C5).
 */
import fc from 'fast-check';
import type oracledb from 'oracledb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { captured, connectErp } from './capture-kit.ts';
import { createKit, type Kit } from './run-kit.ts';

const SESSIONS = 3;
/** Keys that each session has for itself: nobody waits for another's lock. */
const KEYS = 6;

let kit: Kit;
let sessions: oracledb.Connection[];

beforeAll(async () => {
  kit = await createKit(captured());
  sessions = await Promise.all(Array.from({ length: SESSIONS }, () => connectErp(kit)));
  await kit.run('full');
}, 120_000);

afterAll(async () => {
  await Promise.all(sessions.map((session) => session.close()));
  await kit.close();
});

type Step =
  | { readonly do: 'run' }
  | { readonly do: 'commit'; readonly session: number }
  | { readonly do: 'rollback'; readonly session: number }
  | { readonly do: 'put'; readonly session: number; readonly key: number; readonly amount: number }
  | { readonly do: 'delete'; readonly session: number; readonly key: number }
  | { readonly do: 'move'; readonly session: number; readonly key: number; readonly to: number };

const session = fc.nat(SESSIONS - 1);
const key = fc.nat(KEYS - 1);
const named = <T extends Step['do']>(name: T) => ({ do: fc.constant(name) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record(named('run')) },
  { weight: 2, arbitrary: fc.record({ ...named('commit'), session }) },
  { weight: 1, arbitrary: fc.record({ ...named('rollback'), session }) },
  { weight: 5, arbitrary: fc.record({ ...named('put'), session, key, amount: fc.nat(999) }) },
  { weight: 4, arbitrary: fc.record({ ...named('delete'), session, key }) },
  { weight: 3, arbitrary: fc.record({ ...named('move'), session, key, to: key }) },
);

const idOf = (owner: number, of: number): number => 1_000 * (owner + 1) + of;

async function take(now: Step): Promise<void> {
  if (now.do === 'run') {
    expect((await kit.runOne('incremental')).status).toBe('SUCCESS');
    return;
  }
  const by = sessions[now.session] as oracledb.Connection;
  if (now.do === 'commit' || now.do === 'rollback') return by[now.do]();
  const id = idOf(now.session, now.key);
  if (now.do === 'delete') {
    await by.execute('DELETE FROM orders WHERE id = :id', { id });
  } else if (now.do === 'move') {
    const to = idOf(now.session, now.to);
    await by.execute(
      'UPDATE orders SET id = :to_id WHERE id = :id AND NOT EXISTS (SELECT 1 FROM orders WHERE id = :there)',
      { id, to_id: to, there: to },
    );
  } else {
    const { amount } = now;
    const { rowsAffected } = await by.execute('UPDATE orders SET amount = :amount WHERE id = :id', {
      id,
      amount,
    });
    if (rowsAffected === 0) {
      await by.execute(`INSERT INTO orders (region, id, amount) VALUES ('EU', :id, :amount)`, { id, amount });
    }
  }
}

async function table(): Promise<string[]> {
  const { rows } = await kit.source.query<{ row: string }>(
    `SELECT row("ID", "AMOUNT")::text AS row FROM "ERP"."ORDERS" ORDER BY "ID"`,
  );
  return rows.map(({ row }) => row).sort();
}

it('in any order of statements, commits and increments nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      for (const each of steps) await take(each);
      for (const each of sessions) await each.commit();
      await take({ do: 'run' });
      const mirrored = await kit.mirror('shop.orders', 'id, trim_scale(amount)');
      expect(mirrored.sort()).toEqual((await table()).map(trimmed));
    }),
    { numRuns: 8, endOnFailure: true },
  );
}, 300_000);

/** `7.00` is `7`. */
function trimmed(row: string): string {
  return row.replace(/(\.\d*?)0+(?=[,)])/g, '$1').replace(/\.(?=[,)])/g, '');
}
