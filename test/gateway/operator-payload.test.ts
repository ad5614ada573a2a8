/** What is left out of values and texts for somebody who may not see all columns of a mirror. */
import { expect, test } from 'vitest';
import type { SyncConfig } from '../../src/domain/config.ts';
import { shownPayload } from '../../src/gateway/operator/payload.ts';
import { withoutNames } from '../../src/service/visible.ts';

const configWith = (columns: unknown) =>
  ({ pipelines: { p: { entities: { staff: { entity: 'staff', columns } } } } }) as unknown as SyncConfig;

const payload = { ID: '7', SAL_AMOUNT: '3000', NAME: 'Anna' };

test('a quarantined row is shown without source columns of which hidden ones are made', () => {
  const config = configWith([
    { role: 'from', name: 'id', from: 'ID' },
    { role: 'from', name: 'salary', from: 'SAL_AMOUNT' },
    { role: 'compute', name: 'grade', type: 'text', compute: () => null },
  ]);
  const row = { entity: 'staff', payload };
  expect(shownPayload(config, row, { hidden: ['salary'] })).toEqual({ ID: '7', NAME: 'Anna' });
  expect(shownPayload(config, row, { hidden: ['grade'] })).toEqual({});
  expect(shownPayload(config, row, { hidden: [] })).toEqual(payload);
});

test('columns that keep the source’s names are known in any case', () => {
  expect(
    shownPayload(configWith(null), { entity: 'staff', payload }, { hidden: ['name', 'sal_amount'] }),
  ).toEqual({
    ID: '7',
  });
  expect(shownPayload(configWith(null), { entity: 'gone', payload }, { hidden: ['name'] })).toEqual({
    ID: '7',
    SAL_AMOUNT: '3000',
  });
});

test('texts lose the names of hidden columns, and no part of another word', () => {
  const hidden = ['salary', 'größe'];
  expect(withoutNames('Both sides changed salary, salary_note and größe', { hidden })).toBe(
    'Both sides changed (not shown), salary_note and (not shown)',
  );
  expect(withoutNames('Both sides changed salary', { hidden: [] })).toBe('Both sides changed salary');
  // As a source has them, and with characters that are none of a word.
  expect(withoutNames('SALARY: too long; net-pay (was: pay)', { hidden: ['pay', 'salary', 'net-pay'] })).toBe(
    '(not shown): too long; (not shown) (was: (not shown))',
  );
});
