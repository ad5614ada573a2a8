/** What follows from how an entity's increments find changes. */
import { describe, expect, test } from 'vitest';
import { bindPlan } from '../../src/domain/bind-plan.ts';
import { refuseBrokenCapture, seesChanges } from '../../src/domain/capture.ts';
import type { EntityPlan, EntitySpec } from '../../src/domain/entity.ts';
import { fillGaps, fillOf } from '../../src/domain/fill.ts';
import type { CaptureState } from '../../src/domain/source-shape.ts';
import { entitySpec, sourceColumn } from './specs.ts';

const COLUMNS = [sourceColumn('ID', 'bigint'), sourceColumn('CHANGED', 'timestamp with time zone')];
const TIMED = { columns: ['CHANGED'], setBy: 'database', overlapMs: 0 } as const;

const state = (changes: Partial<CaptureState> = {}): CaptureState => ({
  id: 'log 1',
  since: '2026-01-01T00:00:00.000000Z',
  problems: [],
  remedy: 'Install it.',
  ...changes,
});

function bind(changes: Partial<EntitySpec>, capture?: CaptureState): EntityPlan {
  return bindPlan(entitySpec(changes), { columns: COLUMNS, ...(capture && { capture }) });
}

test('increments see changes by a time, by the log, or not at all', () => {
  expect(seesChanges(entitySpec())).toBe(false);
  expect(seesChanges(entitySpec({ changedAt: TIMED }))).toBe(true);
  expect(seesChanges(entitySpec({ capture: true }))).toBe(true);
});

test('a kind of source that keeps no log is refused, with what to do instead', () => {
  expect(() => bind({ capture: true })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', remedy: expect.stringContaining('`changedAt`') }),
  );
  expect(bind({}).captureId).toBeNull();
  expect(bind({ capture: true }, state()).captureId).toBe('log 1');
});

test('a log with problems is refused, with all of them and the remedy', () => {
  const spec = entitySpec({ capture: true });
  refuseBrokenCapture(spec, {});
  refuseBrokenCapture(spec, { capture: state() });
  const capture = state({ problems: ['no trigger', 'no log'] });
  expect(() => refuseBrokenCapture(spec, { capture })).toThrow(
    expect.objectContaining({
      code: 'CAPTURE_BROKEN',
      message: 'Changes of employees are not all logged: no trigger; no log',
      remedy: 'Install it.',
    }),
  );
});

describe('another full run is needed', () => {
  const logged = fillOf(bind({ capture: true }, state()), null);
  const needed = (plan: EntityPlan, had: readonly string[]) => fillGaps(fillOf(plan, null), had).needed;

  const timed = fillOf(bind({ changedAt: TIMED }), null);
  test.each([
    {
      followed: 'by another log',
      plan: bind({ capture: true }, state({ id: 'log 2' })),
      had: logged,
      by: ['capture'],
    },
    {
      followed: 'by the same log: not',
      plan: bind({ capture: true, changedAt: TIMED }, state()),
      had: logged,
      by: [],
    },
    {
      followed: 'by times instead of the log',
      plan: bind({ changedAt: TIMED }),
      had: logged,
      by: ['changedAt'],
    },
    {
      followed: 'by the log instead of times',
      plan: bind({ capture: true }, state()),
      had: timed,
      by: ['capture'],
    },
    { followed: 'by nothing: not', plan: bind({}), had: logged, by: [] },
  ])('when changes are followed $followed', ({ plan, had, by }) => {
    expect(needed(plan, had)).toEqual(by);
  });
});
