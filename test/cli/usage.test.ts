/** Command lines that cannot be understood: one way to end for all of them, and nothing is done. */
import { expect, it } from 'vitest';
import { folder, syncline } from './cli-kit.ts';

it.each([
  [['frobnicate'], "unknown command 'frobnicate'", '`syncline --help`'],
  [['statsu'], 'Did you mean status?', '`syncline --help`'],
  [['run'], "missing required argument 'pipeline'", '`syncline run --help`'],
  [['run', 'pos', '--ful'], 'Did you mean --full?', '`syncline run --help`'],
  [['run', 'pos', '--since'], 'argument missing', '`syncline run --help`'],
  [['status', 'pos'], 'too many arguments', '`syncline status --help`'],
  [['quarantine', 'show', 'sales'], "missing required argument 'key'", '`syncline quarantine show --help`'],
  [['quarantine', 'burn'], "unknown command 'burn'", '`syncline quarantine --help`'],
  [['schedule', 'pause'], "missing required argument 'pipeline'", '`syncline schedule pause --help`'],
  [['pause'], "missing required argument 'pipeline'", '`syncline pause --help`'],
  [['dev', '--port', 'x'], '--port x is not a port', 'Write --port'],
  [['worker', '--pipelines', ','], '--pipelines', 'Write --pipelines'],
  [['worker', '--metrics', 'nonsense'], '--metrics nonsense', 'Write --metrics'],
  [['worker', '--workflow-bundle', '/nowhere.js'], '/nowhere.js does not exist', 'Leave it out'],
])('%j: says what is wrong and where to look', async (args, problem, next) => {
  const { exit, stdout, stderr } = await syncline(args);
  expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
  const [first, second] = stderr.split('\n') as [string, string];
  expect(first).toMatch(/^COMMAND_INVALID: /);
  expect(first).toContain(problem);
  expect(second).toContain(`→ ${next}`);
  const json = await syncline([...args, '--json']);
  expect(json.exit).toBe(3);
  expect(JSON.parse(json.stderr).error.code).toBe('COMMAND_INVALID');
});

it('shows its help and its version', async () => {
  expect(await syncline(['--version'])).toEqual({ exit: 0, stdout: '1.2.3\n', stderr: '' });
  const help = await syncline(['--help']);
  expect(help).toMatchObject({ exit: 0, stderr: '' });
  expect(help.stdout).toContain('Exit codes: 0 ok');
  const one = await syncline(['quarantine', 'retry', '--help']);
  expect(one).toMatchObject({ exit: 0, stderr: '' });
  expect(one.stdout).toContain('--config');
  expect(await syncline(['help', 'run'])).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('--allow-mass-delete'),
  });
});

it.each([[[]], [['quarantine']], [['schedule']]])('%j alone shows what there is', async (args) => {
  const { exit, stdout, stderr } = await syncline(args);
  expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
  expect(stderr).toMatch(/^Usage: syncline/);
});

it('a worker without pipelines takes no work of others', async () => {
  const place = await folder();
  const path = await place.file(
    'syncline.config.ts',
    `import { defineSync } from 'syncline';
export default defineSync({ store: { url: 'postgres://localhost/x' }, sources: {}, pipelines: {} });`,
  );
  const { exit, stderr } = await syncline(['worker', '--config', path]);
  await place.remove();
  expect(exit).toBe(3);
  expect(stderr).toContain('no pipelines');
});

it('takes --config and --json before and after the command', async () => {
  for (const args of [
    ['--json', '-c', '/nowhere.ts', 'status'],
    ['status', '--json', '--config', '/nowhere.ts'],
  ]) {
    const { exit, stderr } = await syncline(args);
    expect(exit).toBe(3);
    expect(JSON.parse(stderr).error.message).toContain('/nowhere.ts does not exist');
  }
});
