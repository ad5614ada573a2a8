// Prints what failed in a vitest JSON report, then "N passed, N failed" as the last line: of a log that was cut at its
// front, the end still says which tests failed and why. Ends with 1 when anything failed or was skipped: a skipped test
// proves nothing, and nobody looks at it again.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const MESSAGE_LINES = 15;
const FRAME_OF_A_LIBRARY = /^\s+at .*(node_modules|<anonymous>)/;

const text = readFileSync(process.argv[2], 'utf8');
const report = text === '' ? { testResults: [] } : JSON.parse(text);
const tests = report.testResults.flatMap((file) =>
  file.assertionResults.map((test) => ({ ...test, file: file.name })),
);
const passed = tests.filter((test) => test.status === 'passed').length;
const failed = tests.filter((test) => test.status === 'failed');
const left = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
// A file that cannot be loaded, or whose hooks fail, fails without having a test that fails.
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);

for (const test of left) console.log(`${test.status}: ${fileName(test.file)} › ${test.fullName}`);
for (const test of failed) tell(`${fileName(test.file)} › ${test.fullName}`, test.failureMessages.join('\n'));
for (const file of broken) tell(`${fileName(file.name)} (the file as a whole)`, file.message);
if (text === '') console.log('The tests ended without a report.');
console.log(`${passed} passed, ${failed.length + broken.length} failed`);
process.exitCode = failed.length + broken.length + left.length > 0 || passed === 0 ? 1 : 0;

function tell(what, message) {
  const lines = plain(message ?? '')
    .split('\n')
    .filter((line) => !FRAME_OF_A_LIBRARY.test(line));
  const shown = lines.slice(0, MESSAGE_LINES).map((line) => `    ${line}`.trimEnd());
  if (lines.length > MESSAGE_LINES) shown.push(`    … ${lines.length - MESSAGE_LINES} more lines`);
  console.log([`failed: ${what}`, ...shown, ''].join('\n'));
}

function fileName(path) {
  return relative(process.cwd(), path);
}

/** Without the colours of a terminal. */
function plain(message) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return message.replace(/\x1b\[[0-9;]*m/g, '');
}
