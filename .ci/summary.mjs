// Prints "N passed, N failed" of a vitest JSON report as the last line. Ends with 1 when anything failed or was
// skipped: a skipped test proves nothing, and nobody looks at it again.
import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
const report = text === '' ? { testResults: [] } : JSON.parse(text);
const tests = report.testResults.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === 'passed').length;
// A file that cannot be loaded fails without having a test that fails.
const failed = tests.filter((test) => test.status === 'failed').length + brokenFiles();
const left = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');

for (const test of left) console.log(`${test.status}: ${test.fullName}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || left.length > 0 || passed === 0 ? 1 : 0;

function brokenFiles() {
  const broken = (file) =>
    file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
  return report.testResults.filter(broken).length;
}
