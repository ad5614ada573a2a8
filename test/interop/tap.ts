/** One line of a program's checks: `ok 3 - name # 12 ms`, with the `#` lines before it as notes. */
export type Check = { number: number; name: string; passed: boolean; notes: readonly string[] };

/** What a program of checks printed. `planned`: its last line, `1..N`; null when it did not get that far. */
export type TapReport = { checks: readonly Check[]; planned: number | null; trailing: readonly string[] };

const checkLine = /^(not )?ok (\d+) - (.*?)(?: # \d+ ms)?$/;
const planLine = /^1\.\.(\d+)$/;

/** Reads the output of one program. Lines that are none of TAP's are notes of the check that follows. */
export function readTap(output: string): TapReport {
  const checks: Check[] = [];
  let notes: string[] = [];
  let planned: number | null = null;
  for (const line of output.split(/\r?\n/)) {
    const check = checkLine.exec(line);
    const plan = planLine.exec(line);
    if (check) {
      checks.push({ number: Number(check[2]), name: check[3] ?? '', passed: check[1] === undefined, notes });
      notes = [];
    } else if (plan) planned = Number(plan[1]);
    else if (line.trim() !== '') notes.push(line.replace(/^# ?/, ''));
  }
  return { checks, planned, trailing: notes };
}

/** How a program ended. */
export type Ending = {
  exitCode: number | null;
  signal: string | null;
  timedOutAfterMs: number | null;
};

/** Every reason to call the run of a program failed; none: all its checks ran and passed. */
export function problemsOf(report: TapReport, ending: Ending): string[] {
  const problems = report.checks
    .filter((check) => !check.passed)
    .map((check) => [`not ok ${check.number} - ${check.name}`, ...check.notes].join('\n      '));
  const last = report.checks.at(-1);
  const where = last === undefined ? 'before its first check' : `after check ${last.number} (${last.name})`;
  if (ending.timedOutAfterMs !== null) {
    problems.push(`hung ${where}: ended after ${ending.timedOutAfterMs / 1000} s`);
  } else if (report.planned === null) {
    const how = ending.signal ?? `exit code ${ending.exitCode}`;
    problems.push([`broke off ${where} (${how})`, ...report.trailing].join('\n      '));
  } else if (report.planned !== report.checks.length || report.planned === 0) {
    problems.push(`ran ${report.checks.length} of ${report.planned} checks`);
  }
  if (problems.length === 0 && ending.exitCode !== 0) {
    problems.push(
      `ended with ${ending.signal ?? `exit code ${ending.exitCode}`} although every check passed`,
    );
  }
  return problems;
}
