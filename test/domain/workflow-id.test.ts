import fc from 'fast-check';
import { expect, test } from 'vitest';
import { workflowId } from '../../src/domain/workflow-id.ts';

const parts = fc.array(
  fc.string({
    unit: fc.oneof(
      fc.constantFrom('/', '%', '~', '\\', 'a', '|', 'é', '😀', '\ud800'),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
  }),
  {
    minLength: 1,
    maxLength: 4,
  },
);

test('C22: an id is readable, printable ASCII and at most 200 characters', () => {
  expect(workflowId('run', 'hr', 'full')).toBe('run/hr/full');
  expect(workflowId('entity', 'HR.EMPLOYEES_1-x')).toBe('entity/HR.EMPLOYEES_1-x');
  expect(workflowId('a/b', 'c d', 'é%', '')).toBe('a%2Fb/c%20d/%C3%A9%25/%');
  fc.assert(
    fc.property(parts, (list) => {
      expect(workflowId(...list)).toMatch(/^[\x21-\x7e]{0,200}$/);
    }),
  );
});

test('C22: different lists of parts have different ids', () => {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = a.length === b.length && a.every((part, i) => part === b[i]);
      expect(workflowId(...a) === workflowId(...b)).toBe(same);
    }),
    { numRuns: 1_000 },
  );
});

test('C22: long ids differ in their last part, and keep their beginning', () => {
  const long = 'x'.repeat(300);
  const ids = ['a', 'b', 'c'].map((end) => workflowId('upload', long, end));
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) {
    expect(id).toHaveLength(200);
    expect(id).toMatch(/^upload\/x+~[0-9a-f]{32}$/);
  }
  expect(workflowId('upload', long, 'a')).toBe(ids[0]);
});
