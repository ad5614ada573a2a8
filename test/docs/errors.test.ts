/** docs/errors.md and src/domain/errors.ts say the same, code by code. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { QuarantineReason } from '../../src/domain/entity.ts';
import { ERRORS, EXIT } from '../../src/domain/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** The sections `### CODE` as they stand on the page. */
const sections = page
  .split(/^### /m)
  .slice(1)
  .map((section) => section.split(/^## /m)[0] as string)
  .map((section) => ({
    code: /^`(\w+)`$/m.exec(section)?.[1],
    facts: /^(?:Retried|Not retried) · .*$/m.exec(section)?.[0],
    remedy: /^\*\*Do:\*\* (.*)$/m.exec(section)?.[1],
    meaning: section.split('\n\n')[2] ?? '',
  }));

test('every code stands on the page, in the order of the list, with what the list says', () => {
  const listed = Object.entries(ERRORS).map(([code, { retryable, http, exit, remedy }]) => ({
    code,
    facts: `${retryable ? 'Retried' : 'Not retried'} · HTTP ${http} · exit ${exit}`,
    remedy,
  }));
  expect(sections.map(({ code, facts, remedy }) => ({ code, facts, remedy }))).toEqual(listed);
});

test('every code is explained beside its remedy', () => {
  for (const { code, meaning } of sections) expect(meaning, code).toMatch(/^[A-Z].{40,}/s);
});

test('every exit code has its row', () => {
  const rows = [...page.matchAll(/^\| (\d+) \|/gm)].map((row) => Number(row[1]));
  expect(rows).toEqual(Object.values(EXIT));
});

test('every reason for quarantine has its row', () => {
  // The type makes the compiler ask for each reason here.
  const reasons = {
    VALIDATION: 1,
    INVALID_VALUE: 1,
    CONSTRAINT: 1,
    OVERSIZED: 1,
    DUPLICATE_KEY: 1,
    UNREADABLE_KEY: 1,
    COMPUTE_FAILED: 1,
    ON_SOURCE_FAILED: 1,
  } satisfies Record<QuarantineReason, 1>;
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1]);
  expect(rows).toEqual(expect.arrayContaining(Object.keys(reasons)));
});
