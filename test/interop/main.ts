/**
 * `npm run test:interop [-- --only python,jdbc,go] [--connect host:port/service --user NAME]`: other drivers than the one we
 * use, against the Oracle simulator, or against the server that --connect names (password in INTEROP_PASSWORD). Installs
 * the drivers into ~/.cache/syncline/interop. Ends with 1 when a check fails, hangs, or could not run.
 */
import { parseArgs } from 'node:util';
import type { Driver } from './driver.ts';
import { goDriver } from './go-driver.ts';
import { jdbcDriver } from './jdbc-driver.ts';
import { pythonDriver } from './python-driver.ts';
import { run } from './run.ts';
import { problemsOf, readTap } from './tap.ts';
import { namedTarget, simulatorTarget, type Target } from './target.ts';

const drivers: readonly Driver[] = [pythonDriver, jdbcDriver, goDriver];
const checksMs = 300_000;

type Outcome = { driver: Driver; checks: number; problems: readonly string[] };

function log(line: string): void {
  process.stdout.write(`interop: ${line}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, connect: { type: 'string' }, user: { type: 'string' } },
  });
  const chosen = choose(values.only);
  const target =
    values.connect === undefined
      ? await simulatorTarget()
      : namedTarget(values.connect, values.user ?? 'INTEROP', process.env.INTEROP_PASSWORD ?? '');
  const outcomes: Outcome[] = [];
  try {
    log(`against ${target.title}`);
    // One after another: they use tables of the same names.
    for (const driver of chosen) outcomes.push(await checkDriver(driver, target));
  } finally {
    await target.stop();
  }
  for (const { driver, checks, problems } of outcomes) {
    log(problems.length === 0 ? `${driver.title}: all ${checks} checks` : `${driver.title}: FAILED`);
  }
  return outcomes.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

function choose(only: string | undefined): readonly Driver[] {
  if (only === undefined) return drivers;
  return only.split(',').map((name) => {
    const driver = drivers.find((candidate) => candidate.name === name);
    if (!driver)
      throw new Error(`--only ${name}: there are ${drivers.map((known) => known.name).join(', ')}`);
    return driver;
  });
}

async function checkDriver(driver: Driver, target: Target): Promise<Outcome> {
  log(driver.title);
  try {
    const command = await driver.prepare(log);
    const done = await run({ ...command, env: { ...command.env, ...environmentOf(target) } }, checksMs);
    const report = readTap(done.stdout);
    for (const check of report.checks)
      log(`  ${check.passed ? 'ok' : 'NOT OK'} ${check.number} - ${check.name}`);
    const problems = problemsOf(report, done);
    for (const problem of problems) log(`  ${driver.name}: ${problem}`);
    if (problems.length > 0 && done.stderr !== '') log(`  ${driver.name}, standard error:\n${done.stderr}`);
    return { driver, checks: report.checks.length, problems };
  } catch (error) {
    // A driver that cannot be had is a failure, not a check left out.
    const problem = error instanceof Error ? error.message : String(error);
    log(`  ${driver.name}: ${problem}`);
    return { driver, checks: 0, problems: [problem] };
  }
}

function environmentOf(target: Target): Record<string, string> {
  return {
    INTEROP_HOST: target.host,
    INTEROP_PORT: String(target.port),
    INTEROP_SERVICE: target.service,
    INTEROP_USER: target.user,
    INTEROP_PASSWORD: target.password,
    // Half an hour off, with daylight saving: whoever mixes up zones is seen.
    TZ: 'America/St_Johns',
  };
}

process.exitCode = await main();
