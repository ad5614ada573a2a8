import { describe, expect, test } from 'vitest';
import { closeWhenClosedInCrm } from '../../examples/crm-opportunities/close-when-closed.ts';
import { loadConfig } from '../../src/config/load.ts';
import { postgresOptions } from '../../src/connectors/postgres/config.ts';
import type { Value } from '../../src/domain/row.ts';

const url = 'postgres://reader:Zu8-example@localhost/db';
const load = (name: string) =>
  loadConfig({
    path: new URL(`../../examples/${name}`, import.meta.url).pathname,
    sourceKinds: { postgres: postgresOptions },
    environment: { DATABASE_URL: url, SOURCE_URL: url, CRM_URL: url },
  });

async function accepts(example: string, place: readonly [string, string], row: unknown): Promise<boolean> {
  const config = await load(example);
  const schema = config.pipelines[place[0]]?.entities[place[1]]?.validate;
  if (schema === null || schema === undefined) throw new Error('the entity has no validate');
  return (await schema['~standard'].validate(row)).issues === undefined;
}

describe('pos-sales', () => {
  test('has sales with the columns that were asked for, employees and departments', async () => {
    const { pipelines } = await load('pos-sales');
    const sales = pipelines.pos?.entities.sales;
    expect(sales?.columns?.map(({ name }) => name)).toEqual([
      'id',
      'pdv',
      'operator',
      'amount',
      'timestamp',
      'type',
      'reference',
    ]);
    expect(sales?.deduplicate).toMatchObject({
      by: ['pdv', 'operator', 'amount', 'reference'],
      at: 'timestamp',
      withinMs: 300_000,
    });
    expect(Object.keys(pipelines.hr?.entities ?? {})).toEqual(['departments', 'employees']);
  });

  test.each([
    ['0.00', true],
    ['12.50', true],
    ['-100.00', false],
    ['NaN', false],
  ])('an amount of %s is accepted: %s', async (amount, expected) => {
    expect(await accepts('pos-sales', ['pos', 'sales'], { amount })).toBe(expected);
  });
});

describe('crm-opportunities', () => {
  test('the rule belongs to workflow_status, the other local columns have none', async () => {
    const local = (await load('crm-opportunities')).pipelines.crm?.entities.opportunities?.localColumns ?? [];
    expect(local.map(({ name, onSource }) => [name, onSource !== undefined])).toEqual([
      ['workflow_status', true],
      ['assigned_to', false],
      ['notes', false],
      ['follow_up_on', false],
    ]);
  });

  test('amounts may be unknown, not negative', async () => {
    const row = { amount: null, last_modified: '2024-05-01 10:00:00+00' };
    expect(await accepts('crm-opportunities', ['crm', 'opportunities'], row)).toBe(true);
    expect(await accepts('crm-opportunities', ['crm', 'opportunities'], { ...row, amount: '-1' })).toBe(
      false,
    );
    expect(
      await accepts('crm-opportunities', ['crm', 'opportunities'], {
        ...row,
        last_modified: '1970-01-01 00:00:00+00',
      }),
    ).toBe(false);
  });

  /** Every stage before (none: the row is new) × every stage after × every status: what the status becomes. */
  const STAGES = ['PROSPECTING', 'NEGOTIATION', 'CLOSED WON', 'CLOSED LOST', null];
  const STATUSES: Value[] = ['NEW', 'IN_REVIEW', 'DONE', 'CLOSED_IN_CRM', null];
  const becomesClosed = new Set([
    'new row → CLOSED WON',
    'new row → CLOSED LOST',
    'PROSPECTING → CLOSED WON',
    'PROSPECTING → CLOSED LOST',
    'NEGOTIATION → CLOSED WON',
    'NEGOTIATION → CLOSED LOST',
    'null → CLOSED WON',
    'null → CLOSED LOST',
  ]);
  const transitions = [undefined, ...STAGES].flatMap((before) =>
    STAGES.map((after) => ({
      before,
      after,
      name: `${before === undefined ? 'new row' : before} → ${after}`,
    })),
  );

  test('the table has every transition', () => {
    expect(transitions).toHaveLength(30);
    expect([...becomesClosed].filter((name) => !transitions.some((row) => row.name === name))).toEqual([]);
  });

  test.each(transitions)('$name', ({ before, after, name }) => {
    for (const value of STATUSES) {
      const change = {
        before: before === undefined ? null : { stage: before, amount: '1' },
        after: { stage: after, amount: '2' },
        value,
      };
      expect(closeWhenClosedInCrm(change)).toBe(becomesClosed.has(name) ? 'CLOSED_IN_CRM' : value);
    }
  });

  test('a reopened deal keeps CLOSED_IN_CRM, and what people set then stays until it closes again', () => {
    const step = (before: string, after: string, value: Value): Value =>
      closeWhenClosedInCrm({ before: { stage: before }, after: { stage: after }, value });
    const closed = step('NEGOTIATION', 'CLOSED WON', 'NEW');
    const reopened = step('CLOSED WON', 'NEGOTIATION', closed);
    expect([closed, reopened]).toEqual(['CLOSED_IN_CRM', 'CLOSED_IN_CRM']);
    expect(step('NEGOTIATION', 'PROSPECTING', 'IN_REVIEW')).toBe('IN_REVIEW');
    expect(step('PROSPECTING', 'CLOSED LOST', 'IN_REVIEW')).toBe('CLOSED_IN_CRM');
  });
});
