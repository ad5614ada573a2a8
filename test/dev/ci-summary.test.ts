/** The end of a CI log says what failed, whatever was cut off before it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'syncline-summary-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

type Assertion = { status: string; fullName: string; failureMessages: readonly string[] };

const passed: Assertion = { status: 'passed', fullName: 'works', failureMessages: [] };

function summary(report: unknown): { lines: string[]; exit: number | null } {
  const path = join(folder, 'report.json');
  writeFileSync(path, report === null ? '' : JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, ['.ci/summary.mjs', path], { encoding: 'utf8' });
  return { lines: stdout.trimEnd().split('\n'), exit: status };
}

type TestFile = { status: string; tests: readonly Assertion[]; message?: string };

const file = (name: string, { status, tests, message = '' }: TestFile) => ({
  name: resolve(name),
  status,
  message,
  assertionResults: tests,
});

test('only passed tests: one line, and 0', () => {
  const report = { testResults: [file('test/a.test.ts', { status: 'passed', tests: [passed] })] };
  expect(summary(report)).toEqual({ lines: ['1 passed, 0 failed'], exit: 0 });
});

test('a failed test: its file, full name and the first 15 lines of its message, without colours', () => {
  const long = Array.from({ length: 40 }, (_, at) => `line ${at + 1}`);
  long.splice(2, 0, '    at run (file:///repo/node_modules/runner.js:1:1)');
  const failed = {
    status: 'failed',
    fullName: 'rows › are kept',
    failureMessages: [`\x1b[31m${long.join('\n')}\x1b[39m`],
  };
  const { lines, exit } = summary({
    testResults: [file('test/a.test.ts', { status: 'failed', tests: [passed, failed] })],
  });
  expect(lines).toEqual([
    'failed: test/a.test.ts › rows › are kept',
    ...long
      .filter((line) => line.startsWith('line'))
      .slice(0, 15)
      .map((line) => `    ${line}`),
    '    … 25 more lines',
    '',
    '1 passed, 1 failed',
  ]);
  expect(exit).toBe(1);
});

test('a file that could not be loaded counts, and says why', () => {
  const broken = file('test/b.test.ts', {
    status: 'failed',
    tests: [],
    message: 'Cannot find module ./nope.ts',
  });
  const { lines, exit } = summary({
    testResults: [file('test/a.test.ts', { status: 'passed', tests: [passed] }), broken],
  });
  expect(lines).toContain('failed: test/b.test.ts (the file as a whole)');
  expect(lines).toContain('    Cannot find module ./nope.ts');
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(exit).toBe(1);
});

test('skipped tests are named and are a failure; so is a run without a report', () => {
  const skipped = { status: 'skipped', fullName: 'left out', failureMessages: [] };
  const left = summary({
    testResults: [file('test/a.test.ts', { status: 'passed', tests: [passed, skipped] })],
  });
  expect(left).toEqual({ lines: ['skipped: test/a.test.ts › left out', '1 passed, 0 failed'], exit: 1 });
  expect(summary(null)).toMatchObject({ exit: 1 });
});
