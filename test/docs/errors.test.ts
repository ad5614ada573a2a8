/** docs/errors.md and src/domain/errors.ts say the same, code by code. */
import { readdirSync, readFileSync } from 'node:fs';
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

test('every reason for rejecting a change has its row', () => {
  const source = new URL('../../src/', import.meta.url);
  const folders = /^(activities|domain.(access|upload)|connectors|gateway.device|store)\W.*\.ts$/;
  const coded = [
    /status: 'rejected',\s+code: '([A-Z_]+)'/g,
    /\b(?:reject|refused|rejectItem)\((?:work, item, )?(?:\{ code: )?'([A-Z_]+)'/g,
    /kind: 'reject(?:ed)?',\s+code: '([A-Z_]+)'/g,
    /\bitem, code: '([A-Z_]+)'/g,
  ];
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((path) =>
    folders.test(path),
  );
  const codes = files.flatMap((path) => {
    const text = readFileSync(new URL(path, source), 'utf8');
    return coded.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] as string));
  });
  const wanted = new Set(codes.filter((code) => !Object.hasOwn(ERRORS, code)));
  const [, section = ''] = page.split('## Reasons for rejecting a change');
  const rows = [...(section.split(/^## /m)[0] as string).matchAll(/^\| `(\w+)` \|/gm)].map((row) => row[1]);
  expect(rows).toEqual(expect.arrayContaining([...wanted]));
  expect(wanted.size).toBeGreaterThan(15);
});
