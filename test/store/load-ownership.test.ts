/** C15 and C18: who owns a column, and what each may do with it. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EntityPlan, SourceChange } from '../../src/domain/entity.ts';
import type { Value } from '../../src/domain/row.ts';
import type { LoadJob } from '../../src/store/load-job.ts';
import { loadPiece } from '../../src/store/load-piece.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { takeTicket } from '../../src/store/ticket.ts';
import { tombstoneKeys } from '../../src/store/tombstones.ts';
import {
  all,
  jobFor,
  mirrorRows,
  openTestStore,
  person,
  planOf,
  startRun,
  type TestRow,
  type TestStore,
  textPiece,
} from './load-kit.ts';

let test: TestStore;
let user: pg.Client;
beforeAll(async () => {
  test = await openTestStore('load_ownership');
  user = await person(test.url);
});
afterAll(async () => {
  await user.end();
  await test.drop();
});

async function ready(plan: EntityPlan) {
  await ensureMirror(test.store.pool, plan, { onDrift: 'stop' });
  const run = await startRun(test.store, plan);
  const load = async (rows: TestRow[], more: Partial<LoadJob> = {}) =>
    loadPiece(test.store, await jobFor(test.store, plan, { run, ...more }), textPiece(rows));
  return { plan, run, load, rows: () => mirrorRows(test.store, plan) };
}

const note = { role: 'local', name: 'note', type: 'text', default: 'NEW' } as const;
const score = { role: 'local', name: 'score', type: 'integer', default: null } as const;
const columns = { id: 'integer', name: 'text' };
const owned = (entity: string) => ready(planOf({ entity, columns, localColumns: [note, score] }));

const stamps = (entity: string) =>
  all<{ id: number; version: string; by: string | null; at: string | null }>(
    test.store,
    `SELECT id, sync_xid::text AS version, sync_modified_by AS by, sync_modified_at AS at FROM ${entity} ORDER BY id`,
  );

describe('local columns', () => {
  it('start with their default, and keep what people write whatever the source does', async () => {
    const { load, rows } = await owned('kept');
    await load([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    expect(await rows()).toMatchObject([{ note: 'NEW', score: null }, { note: 'NEW' }]);
    await user.query(`UPDATE kept SET note = 'mine', score = 7 WHERE id = 1`);
    expect(
      await load([
        ['1', 'a2'],
        ['2', 'b'],
      ]),
    ).toMatchObject({ updated: 1, unchanged: 1 });
    expect(await rows()).toMatchObject([{ name: 'a2', note: 'mine', score: '7' }, { note: 'NEW' }]);
  });

  it('are kept by a tombstone and by the row’s return', async () => {
    const { plan, run, load, rows } = await owned('returned');
    await load([['1', 'a']]);
    await user.query(`UPDATE returned SET note = 'mine' WHERE id = 1`);
    await tombstoneKeys(test.store, {
      ref: run.ref,
      plan,
      ticket: await takeTicket(test.store.pool),
      keys: ['1'],
    });
    expect(await rows()).toMatchObject([{ note: 'mine', deleted: true }]);
    await load([['1', 'a']]);
    expect(await rows()).toMatchObject([{ note: 'mine', deleted: false }]);
  });

  it('edited after the read began make the load wait for the next read (C1)', async () => {
    const { load, rows } = await owned('edited');
    await load([['1', 'a']]);
    const ticket = await takeTicket(test.store.pool);
    await user.query(`UPDATE edited SET note = 'mine' WHERE id = 1`);
    expect(await load([['1', 'b']], { ticket })).toMatchObject({ refreshed: 1, updated: 0 });
    expect(await load([['1', 'b']])).toMatchObject({ updated: 1 });
    expect(await rows()).toMatchObject([{ name: 'b', note: 'mine' }]);
  });
});

describe('the guard of a mirror with local columns', () => {
  it('stamps what did not stamp itself', async () => {
    const { load } = await owned('stamped');
    await load([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    const [before] = await stamps('stamped');
    await user.query(`UPDATE stamped SET note = 'x' WHERE id = 1`);
    const [after, other] = await stamps('stamped');
    expect(after?.version).not.toBe(before?.version);
    expect(after?.by).toBe('postgres');
    expect(after?.at).not.toBeNull();
    expect(other).toMatchObject({ version: before?.version, by: null });
    // The source's next version of the row is the source's again.
    await load([['1', 'a2']]);
    expect((await stamps('stamped'))[0]).toMatchObject({ by: null, at: null });
  });

  it('stamps a second statement of the same transaction too', async () => {
    const { load, rows } = await owned('stamped_twice');
    await load([['1', 'a']]);
    await user.query(
      `BEGIN; UPDATE stamped_twice SET note = 'x'; UPDATE stamped_twice SET note = 'y'; COMMIT`,
    );
    expect(await rows()).toMatchObject([{ note: 'y' }]);
  });

  it('refuses changes of source-owned columns and of system columns, and says what to do', async () => {
    const { load, rows } = await owned('refused');
    await load([['1', 'a']]);
    for (const change of [
      `name = 'b'`,
      'id = 2',
      'name = NULL',
      'sync_deleted_at = now()',
      `sync_origin = 'me'`,
    ]) {
      await expect(user.query(`UPDATE refused SET ${change}, note = 'x'`)).rejects.toMatchObject({
        code: 'SYN01',
        hint: 'Change the row in the source, or only the local columns: note, score.',
      });
    }
    await user.query(`UPDATE refused SET name = 'a', note = 'y'`);
    expect(await rows()).toEqual([{ id: '1', name: 'a', note: 'y', score: null, deleted: false }]);
  });

  it('turns a DELETE into a tombstone', async () => {
    const { load, rows } = await owned('deleted');
    await load([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    const { rowCount } = await user.query('DELETE FROM deleted WHERE id = 1');
    expect(rowCount).toBe(0);
    expect(await rows()).toMatchObject([{ name: 'a', deleted: true }, { deleted: false }]);
    const [grave, other] = await stamps('deleted');
    expect(grave?.by).toBe('postgres');
    expect(grave?.version).not.toBe(other?.version);
    // Also a row that the same transaction changed before, and one that is deleted already.
    await user.query(`BEGIN; UPDATE deleted SET note = 'x' WHERE id = 2; DELETE FROM deleted; COMMIT`);
    expect(await rows()).toMatchObject([{ deleted: true }, { note: 'x', deleted: true }]);
    await expect(user.query(`UPDATE deleted SET name = 'z'`)).rejects.toMatchObject({ code: 'SYN01' });
  });

  it('refuses TRUNCATE, of which no reader would hear, but to our own writes', async () => {
    const { load, rows } = await owned('emptied');
    await load([['1', 'a']]);
    await expect(user.query('TRUNCATE emptied')).rejects.toMatchObject({
      code: 'SYN01',
      message: expect.stringContaining('cannot be emptied by TRUNCATE'),
      hint: expect.stringContaining('DELETE the rows instead'),
    });
    expect(await rows()).toHaveLength(1);
    await user.query(`BEGIN; SET LOCAL syncline.writer = 'on'; TRUNCATE emptied; COMMIT`);
    expect(await rows()).toEqual([]);
  });

  it('lets our own writes pass, a delete for good included', async () => {
    const { load, rows } = await owned('passed');
    await load([['1', 'a']]);
    await user.query(
      `BEGIN; SET LOCAL syncline.writer = 'on'; UPDATE passed SET name = 'b'; DELETE FROM passed; COMMIT`,
    );
    expect(await rows()).toEqual([]);
  });

  it('is not there where nobody but the source writes', async () => {
    await ready(planOf({ entity: 'unguarded', columns }));
    expect(await all(test.store, `SELECT FROM pg_trigger WHERE tgrelid = 'unguarded'::regclass`)).toEqual([]);
  });
});

/** The rule of the CRM example: closing in the CRM closes here, and nothing reopens. */
const closeWhenClosed = ({ before, after, value }: SourceChange): Value => {
  const closed = (stage: Value | undefined): boolean => stage === 'CLOSED WON' || stage === 'CLOSED LOST';
  return closed(after.STAGE) && !closed(before?.STAGE) ? 'CLOSED_IN_CRM' : value;
};

describe('onSource (C18)', () => {
  const deals = (entity: string) =>
    ready(
      planOf({
        entity,
        columns: { id: 'integer', stage: 'text', amount: 'numeric' },
        localColumns: [
          { role: 'local', name: 'workflow_status', type: 'text', default: 'NEW', onSource: closeWhenClosed },
          note,
        ],
      }),
    );
  const status = async (deal: Awaited<ReturnType<typeof deals>>) =>
    (await deal.rows()).map((row) => row.workflow_status);

  const stages = ['OPEN', 'CLOSED WON', 'CLOSED LOST', null];
  for (const from of stages) {
    for (const to of stages) {
      it(`decides on ${from} → ${to}, and touches no other local column`, async () => {
        const deal = await deals(`deal_${stages.indexOf(from)}_${stages.indexOf(to)}`);
        await deal.load([['1', from, '1']]);
        const first = from?.startsWith('CLOSED') ? 'CLOSED_IN_CRM' : 'NEW';
        expect(await status(deal)).toEqual([first]);
        await user.query(`UPDATE ${deal.plan.spec.entity} SET note = 'called', workflow_status = 'MINE'`);
        await deal.load([['1', to, '1']]);
        const closes = to?.startsWith('CLOSED') && !from?.startsWith('CLOSED');
        expect(await deal.rows()).toMatchObject([
          { workflow_status: closes ? 'CLOSED_IN_CRM' : 'MINE', note: 'called', stage: to },
        ]);
      });
    }
  }

  it('keeps what it closed when the deal is reopened', async () => {
    const deal = await deals('reopened');
    await deal.load([['1', 'OPEN', '1']]);
    await deal.load([['1', 'CLOSED WON', '1']]);
    await deal.load([['1', 'OPEN', '1']]);
    expect(await status(deal)).toEqual(['CLOSED_IN_CRM']);
  });

  it('is asked only when source columns changed, with values as functions see them', async () => {
    const calls: SourceChange[] = [];
    const rule = (change: SourceChange): Value => {
      calls.push(change);
      return Number(change.value) + 1;
    };
    const plan = planOf({
      entity: 'asked',
      columns: { id: 'integer', flag: 'boolean', price: 'numeric', ratio: 'double precision' },
      computed: { label: 'text' },
      localColumns: [{ role: 'local', name: 'changes', type: 'integer', default: '0', onSource: rule }],
    });
    const { run, load, rows } = await ready(plan);
    const loaded = async (label: string, price = '1.50') => load([['1', 't', price, '0.5', label]]);
    await loaded('a');
    expect(calls).toEqual([
      { before: null, after: { ID: 1, FLAG: true, PRICE: '1.50', RATIO: 0.5 }, value: 0 },
    ]);
    await loaded('a');
    await loaded('computed only');
    await tombstoneKeys(test.store, {
      ref: run.ref,
      plan,
      ticket: await takeTicket(test.store.pool),
      keys: ['1'],
    });
    await loaded('computed only');
    expect(calls).toHaveLength(1);
    expect(await rows()).toMatchObject([{ label: 'computed only', changes: '1', deleted: false }]);
    await loaded('computed only', '2.00');
    expect(calls[1]).toEqual({
      before: { ID: 1, FLAG: true, PRICE: '1.50', RATIO: 0.5 },
      after: { ID: 1, FLAG: true, PRICE: '2.00', RATIO: 0.5 },
      value: 1,
    });
    expect(await rows()).toMatchObject([{ changes: '2' }]);
  });

  it('sets rows aside whose rule throws, returns nothing, or returns what the column cannot hold', async () => {
    const plan = planOf({
      entity: 'failing',
      columns: { id: 'integer', what: 'text' },
      localColumns: [
        {
          role: 'local',
          name: 'state',
          type: 'integer',
          default: '0',
          onSource: ({ after }): Value => {
            if (after.WHAT === 'throw') throw new TypeError('secret');
            if (after.WHAT === 'nothing') return undefined as unknown as Value;
            return after.WHAT === 'text' ? 'seven' : 7;
          },
        },
      ],
    });
    const { load, rows } = await ready(plan);
    expect(
      await load([
        ['1', 'fine'],
        ['2', 'throw'],
        ['3', 'nothing'],
        ['4', 'text'],
      ]),
    ).toMatchObject({ inserted: 1, quarantined: 3 });
    expect(await rows()).toEqual([{ id: '1', what: 'fine', state: '7', deleted: false }]);
    const entries = await all(
      test.store,
      `SELECT key, reason, detail FROM syncline.quarantine WHERE entity = 'failing' ORDER BY key`,
    );
    expect(entries).toEqual([
      { key: '2', reason: 'ON_SOURCE_FAILED', detail: 'onSource of state failed with TypeError.' },
      { key: '3', reason: 'ON_SOURCE_FAILED', detail: 'onSource of state returned nothing.' },
      {
        key: '4',
        reason: 'ON_SOURCE_FAILED',
        detail: 'onSource returned a value that the type of its column cannot hold.',
      },
    ]);
    // The mirror keeps what it had.
    expect(await load([['1', 'throw']])).toMatchObject({ updated: 0, quarantined: 1 });
    expect(await rows()).toMatchObject([{ what: 'fine', state: '7' }]);
  });
});
