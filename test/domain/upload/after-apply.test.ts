import { describe, expect, test } from 'vitest';
import { type AfterApplySpec, affectedGroups, parametersOf } from '../../../src/domain/upload/after-apply.ts';

const step = (id: string, per: readonly string[] | null): AfterApplySpec => ({
  id,
  sql: 'SELECT $1',
  per,
  later: false,
});
const perDepartment = step('d', ['department']);

function groups(steps: readonly AfterApplySpec[], rows: Parameters<typeof affectedGroups>[1], keys = 1) {
  return affectedGroups(steps, rows, keys).map(({ step: { id }, values }) => [id, ...values]);
}

describe('groups that changes concern', () => {
  test('are each there once, in one order whoever asks', () => {
    const rows = ['2', '1', '2'].map((department, i) => ({
      key: String(i),
      before: { department },
      after: { department },
    }));
    expect(groups([perDepartment], rows)).toEqual([
      ['d', '1'],
      ['d', '2'],
    ]);
    expect(groups([perDepartment], [...rows].reverse())).toEqual(groups([perDepartment], rows));
  });

  test('are both of a row that moved, the one of a row that came or went, none of NULL', () => {
    const moved = { key: 'a', before: { department: '1' }, after: { department: '2' } };
    const came = { key: 'b', before: null, after: { department: '3' } };
    const went = { key: 'c', before: { department: '4' }, after: null };
    const nowhere = { key: 'd', before: { department: null }, after: {} };
    expect(groups([perDepartment], [moved, came, went, nowhere]).map(([, value]) => value)).toEqual([
      '1',
      '2',
      '3',
      '4',
    ]);
  });

  test('are rows by their key without `per`, composite ones by its parts', () => {
    const row = { key: 'a\\|b|7', before: null, after: null };
    expect(groups([step('r', null)], [row], 2)).toEqual([['r', 'a|b', '7']]);
  });
});

test.each([
  ['SELECT 1', 0],
  ['UPDATE t SET a = $2 WHERE b = $1', 2],
  ['SELECT f($10)', 10],
])('parameters of %s', (sql, number) => {
  expect(parametersOf(sql)).toBe(number);
});
