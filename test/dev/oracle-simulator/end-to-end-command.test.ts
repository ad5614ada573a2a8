import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type SimulatorDatabase } from '../../../dev/oracle-simulator/database.ts';
import { parseFault } from '../../../dev/oracle-simulator/fault-text.ts';
import { sourceServer } from '../../support/servers.ts';
import { errorOf } from './end-to-end-support.ts';

const command = fileURLToPath(new URL('../../../dev/oracle-simulator/command.mjs', import.meta.url));

describe('faults as texts', () => {
  test.each([
    [
      'execute:ORA-00060:sql=^UPDATE t:x',
      { when: { at: 'execute', sql: /^UPDATE t:x/ }, fault: { do: 'error', number: 60 }, times: 1 },
    ],
    [
      'fetch:ORA-01555:afterRows=100:times=always',
      {
        when: { at: 'fetch', afterRows: 100 },
        fault: { do: 'error', number: 1555 },
        times: Number.POSITIVE_INFINITY,
      },
    ],
    [
      'commit:disconnect=5000:user=HR',
      { when: { at: 'commit', user: 'HR' }, fault: { do: 'disconnect', lateMs: 5000 }, times: 1 },
    ],
    ['committed:disconnect', { when: { at: 'committed' }, fault: { do: 'disconnect' }, times: 1 }],
    [
      'connect:ORA-12514:times=3',
      { when: { at: 'connect' }, fault: { do: 'error', number: 12514 }, times: 3 },
    ],
    ['ping:delay=20', { when: { at: 'ping' }, fault: { do: 'delay', ms: 20 }, times: 1 }],
    ['logon:stall', { when: { at: 'logon' }, fault: { do: 'stall' }, times: 1 }],
  ])('%s', (text, rule) => {
    expect(parseFault(text)).toEqual(rule);
  });

  test.each([
    '',
    'nowhere:stall',
    'execute:nothing',
    'execute:ORA-x',
    'execute:stall:when=now',
    'fetch:stall:afterRows=x',
  ])('%j is refused, with what would be right', (text) => {
    expect(() => parseFault(text)).toThrow(/MOMENT:FAULT/);
  });
});

test('npm knows the command in a clone of the repository', async () => {
  const { stdout } = await promisify(execFile)(
    'npm',
    ['exec', '--no', 'syncline-oracle-sim', '--', '--help'],
    {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    },
  );
  expect(stdout).toMatch(/^Usage: syncline-oracle-sim/);
});

describe('the command', () => {
  let database: SimulatorDatabase;
  let child: ChildProcess;
  let connectString: string;

  beforeAll(async () => {
    const server = (await sourceServer()).url('postgres');
    database = await createDatabase(server, `command_${randomBytes(5).toString('hex')}`);
    const options = ['--port', '0', '--user', 'scott/tiger', '--user', '"Mixed"/x', '--service', 'ORCL'];
    const faults = ['--fault', 'execute:ORA-00054:sql=never', '--fault', 'execute:ORA-00060:sql=FROM dual'];
    child = spawn(process.execPath, [command, '--database-url', database.url, ...options, ...faults], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    connectString = await new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`It ended with ${code}`)));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const found = /^oracle: (.+)$/.exec(line)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
  });
  afterAll(async () => {
    if (child?.exitCode === null) child.kill('SIGKILL');
    await database?.drop();
  });

  test('serves its users, under its service, with its faults, until SIGTERM', async () => {
    expect(connectString).toMatch(/^127\.0\.0\.1:\d+\/ORCL$/);
    const connection = await oracledb.getConnection({ user: 'SCOTT', password: 'tiger', connectString });
    expect(await errorOf(connection.execute('SELECT 1 FROM dual'))).toMatch(/^ORA-00060/);
    expect((await connection.execute('SELECT USER FROM dual')).rows).toEqual([['SCOTT']]);
    const mixed = await oracledb.getConnection({ user: '"Mixed"', password: 'x', connectString });
    expect((await mixed.execute('SELECT USER FROM dual')).rows).toEqual([['Mixed']]);
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(await errorOf(connection.execute('SELECT 1 FROM dual'))).toMatch(/NJS-50|ORA-03113/);
  });
});
