import { describe, expect, test } from 'vitest';
import { type Ending, problemsOf, readTap } from './tap.ts';

const done: Ending = { exitCode: 0, signal: null, timedOutAfterMs: null };
const failed: Ending = { ...done, exitCode: 1 };

const good = ['# driver 1.0', 'ok 1 - connects # 12 ms', 'ok 2 - binds # by name # 3 ms', '1..2', ''].join(
  '\n',
);

describe('output of a program of checks', () => {
  test('is read check by check, with the lines before a check as its notes', () => {
    const report = readTap(
      'ok 1 - connects # 12 ms\r\n# got 1\n#   more\nnot ok 2 - counts # 3 ms\n# the end\n1..2\n',
    );
    expect(report).toEqual({
      checks: [
        { number: 1, name: 'connects', passed: true, notes: [] },
        { number: 2, name: 'counts', passed: false, notes: ['got 1', '  more'] },
      ],
      planned: 2,
      trailing: ['the end'],
    });
  });

  test('keeps a # in a name', () => {
    expect(readTap(good).checks[1]?.name).toBe('binds # by name');
  });

  test('is in order when every planned check passed and the program says so', () => {
    expect(problemsOf(readTap(good), done)).toEqual([]);
  });

  test.each<{ what: string; output: string; ending: Ending; expected: string }>([
    {
      what: 'a failed check',
      output: '# got 1\nnot ok 1 - counts # 3 ms\n1..1',
      ending: failed,
      expected: 'not ok 1 - counts\n      got 1',
    },
    {
      what: 'no plan',
      output: 'ok 1 - connects # 3 ms',
      ending: failed,
      expected: 'broke off after check 1 (connects) (exit code 1)',
    },
    {
      what: 'nothing at all',
      output: '',
      ending: failed,
      expected: 'broke off before its first check (exit code 1)',
    },
    {
      what: 'a crash',
      output: 'ok 1 - connects',
      ending: { ...done, exitCode: null, signal: 'SIGSEGV' },
      expected: '(SIGSEGV)',
    },
    { what: 'a plan without checks', output: '1..0', ending: done, expected: 'ran 0 of 0 checks' },
    {
      what: 'fewer checks than planned',
      output: 'ok 1 - a\n1..2',
      ending: done,
      expected: 'ran 1 of 2 checks',
    },
    {
      what: 'a hang',
      output: 'ok 1 - a',
      ending: { exitCode: null, signal: 'SIGKILL', timedOutAfterMs: 5_000 },
      expected: 'after 5 s',
    },
    {
      what: 'an exit code without a reason',
      output: 'ok 1 - a\n1..1',
      ending: { ...done, exitCode: 3 },
      expected: 'exit code 3',
    },
  ])('is a problem with $what', ({ output, ending, expected }) => {
    const problems = problemsOf(readTap(output), ending);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });
});
