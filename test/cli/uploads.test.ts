import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import type { ConflictEvent } from '../../src/store/conflicts.ts';
import type { StoryLine } from '../../src/store/row-story.ts';
import { createWorld, type World } from '../e2e/world.ts';
import { type Folder, folder, type Ran, syncline } from './cli-kit.ts';

const SOURCE = `
  CREATE SCHEMA hr;
  CREATE TABLE hr.people (id bigint PRIMARY KEY, name text NOT NULL, salary numeric(20, 2), phone text,
    updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO hr.people SELECT n, 'name ' || n, 1000, 'phone', now() - interval '1 hour' FROM generate_series(1, 50) AS n;
  ${LEDGER_DDL.join(';\n')};`;

const entity = (name: string, approval: string): string => `${name}: {
  read: { table: 'hr.people' }, key: 'id', changedAt: 'updated_at', mirror: 'hr.${name}',
  upload: { writeBack: 'source', writable: ['name', 'salary', 'phone', 'nonesuch'], operations: ['insert', 'update'],
    fields: { salary: { policy: 'manual' } },
    approval: ${approval} },
}`;

let world: World;
let worker: WorkerProcess;
let place: Folder;

beforeAll(async () => {
  place = await folder();
  world = await createWorld('cliuploads', {
    source: SOURCE,
    pipelines: `{ cliuploads: { source: 'shop', entities: {
      ${entity('people', '{}')}, ${entity('led', `{ resolvers: { role: 'lead' } }`)},
      kept: { read: { table: 'hr.people' }, key: 'id', changedAt: 'updated_at', mirror: 'hr.kept', upload: {
        writeBack: 'source', writable: ['name', 'phone'],
        rules: [{ name: 'keep', decide: () => ({ kind: 'accept', backup: true }) }],
      } },
    } } }`,
  });
  worker = await world.startWorker();
});
afterAll(async () => {
  await worker?.stop();
  await world?.close();
  await place.remove();
});

const run = (...args: string[]): Promise<Ran> =>
  syncline([...args, '--config', world.configPath], world.environment);
const json = async (...args: string[]) => {
  const { stdout, stderr } = await run(...args, '--json');
  return JSON.parse(stdout || stderr);
};

type Line = { line: number; verdict: { status: string } };

let files = 0;
const send = async (lines: readonly unknown[], ...options: string[]): Promise<Ran> => {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  return run('upload', await place.file(`m${++files}.ndjson`, text), '--json', ...options);
};

type Values = Record<string, string>;

const update = (row: number, values: Values, base: Values) => ({
  entity: 'people',
  row: String(row),
  operation: 'update',
  values,
  base: { values: base },
});

/** @returns the conflict's id. */
async function clash(row: number, name = 'people', ...options: string[]): Promise<string> {
  const { stdout, exit } = await send(
    [{ ...update(row, { salary: '3000' }, { salary: '1' }), entity: name }],
    ...options,
  );
  expect(exit).toBe(5);
  return JSON.parse(stdout).mutations[0].verdict.conflictId;
}

async function person(id: number): Promise<Record<string, string>> {
  const { rows } = await world.source.query('SELECT name, salary::text, phone FROM hr.people WHERE id = $1', [
    id,
  ]);
  return rows[0];
}

describe('upload', () => {
  it('gives every line a verdict, the unreadable ones too, and keeps numbers exact', async () => {
    const { exit, stdout } = await send([
      update(1, { phone: '555' }, { phone: 'phone' }),
      '{"entity": nonsense',
      '',
      '{"entity":"people","row":"2","operation":"update","values":{"salary":123456789012345678.25},"base":{"values":{"salary":1000.00}}}',
      '{"entity":"people","entity":"led","row":"2","operation":"delete"}',
      '{"__proto__":{"entity":"people"},"row":"2","operation":"delete"}',
      { entity: 'people', row: '3', operation: 'rename' },
    ]);
    const { mutations } = JSON.parse(stdout);
    expect(exit).toBe(1);
    expect(mutations.map((each: Line) => [each.line, each.verdict.status])).toEqual([
      [1, 'applied'],
      [2, 'rejected'],
      [4, 'applied'],
      [5, 'rejected'],
      [6, 'rejected'],
      [7, 'rejected'],
    ]);
    expect(mutations[1].verdict.message).toMatch(/^Line 2 cannot be read: it is no JSON, from character \d+/);
    expect(mutations[3].verdict.message).toMatch(/^Line 5 .*"entity" is given twice/);
    expect(await person(1)).toMatchObject({ phone: '555' });
    expect(await person(2)).toMatchObject({ salary: '123456789012345678.25' });
  });

  it('is the same upload when it is sent again', async () => {
    const lines = [update(4, { phone: '4' }, { phone: 'phone' })];
    const [first, second] = [await send(lines), await send(lines)];
    expect([first.exit, second.exit]).toEqual([0, 0]);
    expect(second.stdout).toBe(first.stdout);
    expect(await send(lines, '--device', 'other')).toMatchObject({ exit: 0 });
  });

  it('says what is wrong with a file that is none', async () => {
    expect(await run('upload', `${place.path}/nowhere`)).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('ENOENT'),
    });
    expect(await send([''])).toMatchObject({ exit: 3, stderr: expect.stringContaining('no mutation') });
  });

  it('prints a table for people', async () => {
    const file = await place.file(
      'table.ndjson',
      JSON.stringify(update(5, { salary: '9' }, { salary: '1' })),
    );
    const { exit, stdout } = await run('upload', file);
    expect(exit).toBe(5);
    expect(stdout).toMatch(/line +entity +row +verdict/);
    expect(stdout).toMatch(/people +5 +pending_approval .*clashing: salary/);
    expect(stdout).toMatch(/syncline conflicts show [\w-]+/);
  });
});

describe('conflicts', () => {
  it('are shown with the base that the device saw, and with what it had accepted since, where that differs', async () => {
    const base = { salary: '1000.00' };
    expect((await send([update(40, { salary: '1500' }, base)])).exit).toBe(0);
    await world.source.query('UPDATE hr.people SET salary = 1700, updated_at = now() WHERE id = 40');
    const { stdout, exit } = await send([update(40, { salary: '3000' }, base)]);
    expect(exit).toBe(5);
    const id = JSON.parse(stdout).mutations[0].verdict.conflictId;
    const shown = (await run('conflicts', 'show', id)).stdout;
    expect(shown).toMatch(/salary +1000\.00 +3000 +1700\.00/);
    expect(shown).toContain(
      'The device had salary = 1500 accepted from the same base before: it was compared with that.',
    );
    const found = await json('conflicts', 'show', id);
    expect([found.base, found.clash.accepted]).toEqual([{ salary: '1000.00' }, { salary: '1500' }]);
    const other = (await run('conflicts', 'show', await clash(41))).stdout;
    expect(other).not.toContain('from the same base before');
  });

  it('are listed and shown: both sides, who may decide, what to type', async () => {
    const id = await clash(10);
    const listed = await json('conflicts', 'list', '--entity', 'people');
    expect(listed[0]).toMatchObject({ id, row: '10', fields: ['salary'], state: 'open', round: 1 });
    expect(JSON.stringify(listed)).not.toContain('3000');
    const { stdout } = await run('conflicts', 'show', id);
    expect(stdout).toMatch(/✗ +salary +1 +3000 +1000\.00/);
    expect(stdout).toContain('may decide      anyone');
    expect(stdout).toContain(`syncline conflicts resolve ${id} --decision merged --field salary=…`);
    expect(await run('conflicts', 'show', 'nothing')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('CONFLICT_NOT_FOUND'),
    });
    expect(await run('conflicts', 'list', '--entity', 'peple')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('Did you mean people?'),
    });
  });

  it('are assigned, commented, and decided with values that people typed', async () => {
    const id = await clash(11);
    expect(await run('conflicts', 'assign', id, '--to', 'anna', '--as', 'boss')).toMatchObject({ exit: 0 });
    expect(await run('conflicts', 'comment', id, 'looks odd', '--as', 'anna')).toMatchObject({ exit: 0 });
    const bad = await run('conflicts', 'resolve', id, '--decision', 'merged');
    expect(bad).toMatchObject({ exit: 1, stderr: expect.stringContaining('missing: salary') });
    const merged = ['--decision', 'merged', '--field', 'salary=2500'];
    expect(await run('conflicts', 'resolve', id, ...merged, '--round', '2')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('There is no round 2'),
    });
    expect(await run('conflicts', 'resolve', id, ...merged, '--as', 'anna')).toMatchObject({ exit: 0 });
    expect(await person(11)).toMatchObject({ salary: '2500.00' });
    const shown = await json('conflicts', 'show', id);
    expect(shown).toMatchObject({ state: 'closed', outcome: { outcome: 'applied', by: 'anna' } });
    const events = shown.events.map(({ event, by }: ConflictEvent) => [event, by]);
    expect(events).toEqual([
      ['proposed', null],
      ['assigned', 'boss'],
      ['commented', 'anna'],
      ['decided', 'anna'],
      ['applied', null],
    ]);
    expect(await run('conflicts', 'resolve', id, '--decision', 'client')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('closed'),
    });
    expect((await json('conflicts', 'list', '--closed')).map((each: { id: string }) => each.id)).toContain(
      id,
    );
  });

  it('that want a role take it from the command line, but not from who asked', async () => {
    const id = await clash(12, 'led', '--user', 'mallory');
    const decide = ['conflicts', 'resolve', id, '--decision', 'client'];
    const shown = (await run('conflicts', 'show', id)).stdout;
    expect(shown).toContain('may decide      role lead');
    expect(shown).toContain(`${decide.join(' ')} --role lead`.replace('conflicts', 'syncline conflicts'));
    expect(await run(...decide, '--as', 'anna')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('role lead'),
    });
    expect(await run(...decide, '--as', 'Mallory', '--role', 'lead')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('does not approve it'),
    });
    expect(await run(...decide, '--as', 'anna', '--role', 'lead')).toMatchObject({ exit: 0 });
    expect(await person(12)).toMatchObject({ salary: '3000.00' });
  });

  it('open again when the row moved: exit 5, and the next round', async () => {
    const id = await clash(13);
    await world.source.query(
      'UPDATE hr.people SET salary = 1500, updated_at = clock_timestamp() WHERE id = 13',
    );
    const again = await run('conflicts', 'resolve', id, '--decision', 'client');
    expect(again).toMatchObject({ exit: 5, stdout: expect.stringContaining('round 2') });
    expect(await json('conflicts', 'resolve', id, '--decision', 'client')).toMatchObject({
      status: 'applied',
    });
    expect(await person(13)).toMatchObject({ salary: '3000.00' });
  });

  it('whose workflow was terminated say so', async () => {
    const id = await clash(17);
    await world.store.pool.query(
      `UPDATE syncline.conflict SET start_after = now() + interval '1 day' WHERE id = $1`,
      [id],
    );
    await world.client.workflow.getHandle(conflictWorkflowId(id)).terminate();
    expect(await run('conflicts', 'comment', id, 'hello')).toMatchObject({
      exit: 1,
      stderr: expect.stringMatching(/RUN_NOT_FOUND: Conflict [\w-]+ waits, but.*\n.*start it again/),
    });
  });

  it('are withdrawn by who asked', async () => {
    const id = await clash(14, 'led', '--user', 'anna');
    expect(await run('conflicts', 'withdraw', id, '--as', 'somebody')).toMatchObject({ exit: 1 });
    const withdrawn = await json('conflicts', 'withdraw', id, '--as', 'anna', '--reason', 'a typo');
    expect(withdrawn).toMatchObject({ status: 'withdrawn' });
    expect(await person(14)).toMatchObject({ salary: '1000.00' });
  });

  it('take a signed message once, and only their own', async () => {
    const [id, other] = [await clash(15, 'led'), await clash(16, 'led')];
    const insert = `INSERT INTO syncline.signed_message (id, conflict_id, message, input, who)
      VALUES (gen_random_uuid(), $1, $2, $3, '{"name":"anna","roles":["lead"],"via":"cli","user":"anna"}') RETURNING id`;
    const sign = async (conflict: string, message: string, input: object): Promise<string> =>
      (await world.store.pool.query(insert, [conflict, message, JSON.stringify(input)])).rows[0].id;
    const update = (conflict: string, name: string, signed: string) =>
      world.client.workflow
        .getHandle(conflictWorkflowId(conflict))
        .executeUpdate(name, { args: [{ signed }] })
        .then(
          () => 'taken',
          (error: { cause?: Error }) => error.cause?.message ?? String(error),
        );
    const comment = await sign(id, 'comment', { text: 'hello' });
    expect(await update(other, 'comment', comment)).toContain('no signed message');
    expect(await update(id, 'withdraw', comment)).toContain('no signed message');
    expect(await update(id, 'comment', comment)).toBe('taken');
    expect(await update(id, 'comment', comment)).toContain('no signed message');
    expect(await update(id, 'comment', 'not-a-uuid')).toContain('no signed message');
    const decision = await sign(id, 'decide', { decision: 'server', round: 1 });
    // Two at once: the second waits for its turn, and is told that it is over.
    const late = await sign(id, 'decide', { decision: 'client', round: 1 });
    const answers = await Promise.all([update(id, 'decide', decision), update(id, 'decide', late)]);
    expect(answers.filter((answer) => answer === 'taken')).toHaveLength(1);
    expect(await world.client.workflow.getHandle(conflictWorkflowId(id)).result()).toEqual({
      outcome: 'applied',
    });
  });
});

describe('what people look after', () => {
  it('devices: listed, and refused once they are revoked', async () => {
    const lines = [update(20, { phone: '20' }, { phone: 'phone' })];
    expect(await send(lines, '--device', 'tablet', '--user', 'anna')).toMatchObject({ exit: 0 });
    const devices = await json('devices', 'list');
    expect(devices[0]).toMatchObject({ id: 'tablet', user: 'anna', revokedAt: null, waiting: 0 });
    expect(await run('devices', 'revoke', 'tablet', '--by', 'boss')).toMatchObject({ exit: 0 });
    expect(await send([update(20, { phone: '21' }, { phone: '20' })], '--device', 'tablet')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('DEVICE_REVOKED'),
    });
    expect((await run('devices', 'list')).stdout).toMatch(/tablet +anna .*boss/);
    expect(await run('devices', 'revoke', 'nobody')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('syncline devices list'),
    });
  });

  it('tasks: that of a conflict ends with it, others by hand', async () => {
    const id = await clash(21);
    const tasks: { id: string; conflictId: string | null }[] = await json('tasks', 'list');
    const task = tasks.find(({ conflictId }) => conflictId === id);
    expect(await run('tasks', 'close', task?.id ?? '')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining(`syncline conflicts show ${id}`),
    });
    await world.store.pool.query(
      `INSERT INTO syncline.task (kind, title, entity, row_id, cause)
       VALUES ('look', 'Investigate quantity discrepancy', 'people', '21', 'test')`,
    );
    const open: { id: string; kind: string }[] = await json('tasks', 'list');
    const look = open.find(({ kind }) => kind === 'look')?.id ?? '';
    expect(await run('tasks', 'close', look, '--by', 'anna')).toMatchObject({ exit: 0 });
    expect((await run('tasks', 'list')).stdout).not.toContain('discrepancy');
    expect((await run('tasks', 'list', '--all')).stdout).toMatch(/discrepancy .*anna/);
    expect(await run('tasks', 'close', look)).toMatchObject({ exit: 3 });
  });

  it('backups: kept by a rule, listed without values, and restored', async () => {
    const [change] = [update(22, { phone: 'new', name: 'kept' }, { phone: 'phone' })];
    expect(await send([{ ...change, entity: 'kept' }])).toMatchObject({ exit: 0 });
    const backups = await json('backups', 'list', '--entity', 'kept');
    expect(backups).toMatchObject([{ entity: 'kept', key: '22', rule: 'keep', restoredAt: null }]);
    const restored = await json('backups', 'restore', backups[0].id, '--user', 'anna');
    expect(restored.mutations[0].verdict).toMatchObject({ status: 'applied' });
    expect(await person(22)).toMatchObject({ phone: 'phone', name: 'name 22' });
    expect((await run('backups', 'list')).stdout).toMatch(/kept +22 +keep .*anna/);
    expect(await run('backups', 'restore', '999')).toMatchObject({ exit: 3 });
  });
});

describe('explain', () => {
  it('tells the story of a row without its values', async () => {
    await send([update(30, { phone: '777-30' }, { phone: 'phone' })], '--device', 'phone7', '--user', 'anna');
    const { stdout } = await send([update(30, { salary: '3030' }, { salary: '1' })], '--device', 'phone7');
    const id = JSON.parse(stdout).mutations[0].verdict.conflictId;
    await run('conflicts', 'comment', id, 'who knows', '--as', 'boss');
    const explained = await json('explain', 'people', '30');
    expect(explained.history.map((line: StoryLine) => [line.kind, line.what.split(',')[0]])).toEqual([
      ['upload', 'update staged: phone'],
      ['change', 'update written: phone'],
      ['verdict', expect.stringContaining('applied')],
      ['upload', 'update staged: salary'],
      ['conflict', `conflict ${id} opened: Both sides changed salary`],
      ['conflict', `conflict ${id} proposed`],
      ['conflict', `conflict ${id} commented`],
    ]);
    expect(explained.row).toMatchObject({ origin: 'phone7', deletedAt: null });
    expect(JSON.stringify(explained)).not.toMatch(/777-30|3030/);
    const shown = await run('explain', 'people', '30');
    expect(shown.stdout).toContain('next run     reads it again');
    expect(shown.stdout).toMatch(/phone +\d{4}-\d\d-\d\d/);
    expect(shown.stdout).toContain(`conflict/${id}`);
    const short = await json('explain', 'people', '30', '--limit', '2');
    expect(short.history).toEqual(explained.history.slice(-2));
    expect(await run('explain', 'people', 'nobody')).toMatchObject({ exit: 3 });
    expect(await run('explain', 'peple', '30')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('Did you mean people?'),
    });
  });

  it('knows a row that was made offline by both of its names', async () => {
    await world.source.query(`ALTER TABLE hr.people ALTER COLUMN id SET DEFAULT 900`);
    const made = { entity: 'people', row: 'offline-1', operation: 'insert', values: { name: 'new' } };
    expect(await send([made])).toMatchObject({ exit: 0 });
    const [byId, byKey] = [
      await json('explain', 'people', 'offline-1'),
      await json('explain', 'people', '900'),
    ];
    expect(byId).toEqual(byKey);
    expect(byId).toMatchObject({ key: '900', ids: ['900', 'offline-1'] });
    expect(byId.history.map(({ kind }: StoryLine) => kind)).toEqual(['upload', 'change', 'verdict']);
  });
});

describe('write-back', () => {
  it('prints what an owner of the source runs, and check says what is missing of it', async () => {
    const { stdout } = await run('write-back', 'script');
    expect(stdout).toContain('CREATE TABLE syncline_target.ledger');
    expect(stdout).toMatch(/GRANT SELECT, INSERT, UPDATE, DELETE ON "hr"."people" TO/);
    expect(await run('write-back', 'script', 'shp')).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining('Did you mean shop?'),
    });
    const good = await run('check');
    expect(good.stdout).toContain('✓ write-back to shop: ledger and rights are there for 3 entities');
    await world.source.query('ALTER SCHEMA syncline_target RENAME TO hidden');
    const bad = await run('check');
    await world.source.query('ALTER SCHEMA hidden RENAME TO syncline_target');
    expect(bad.exit).toBe(4);
    expect(bad.stdout).toContain('the ledger syncline_target.ledger is missing');
    expect(bad.stdout).toContain('syncline write-back script shop');
  });

  it('plan names columns that devices may write and that are not there', async () => {
    expect((await run('plan')).stdout).toContain('upload.writable names nonesuch');
  });
});
