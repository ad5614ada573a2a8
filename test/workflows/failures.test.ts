/** Errors on their way through Temporal: what an activity throws, and what the other side reads of it. */
import {
  type ApplicationFailure,
  ApplicationFailureCategory,
  CancelledFailure,
  type TemporalFailure,
} from '@temporalio/common';
import { expect, test } from 'vitest';
import { toApplicationFailure } from '../../src/activities/failures.ts';
import { ERRORS, type ErrorCode, SyncError } from '../../src/domain/errors.ts';
import { registerSecret } from '../../src/domain/redact.ts';
import { failureNote } from '../../src/workflows/failure-note.ts';
import { nonRetryableErrorTypes } from '../../src/workflows/retry.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

function failureOf(error: unknown, attempt = 1): ApplicationFailure {
  return toApplicationFailure(error, attempt) as ApplicationFailure;
}

test.each(codes)('%s keeps code, message and remedy, and is retried as the list says', (code) => {
  const failure = failureOf(new SyncError(code, { message: 'what happened', details: { rows: 3 } }));
  expect(failure).toMatchObject({
    type: code,
    message: 'what happened',
    nonRetryable: !ERRORS[code].retryable,
    details: [{ remedy: ERRORS[code].remedy, rows: 3 }],
  });
  expect(nonRetryableErrorTypes.includes(code)).toBe(!ERRORS[code].retryable);
  expect(failureNote(new Error('activity failed', { cause: failure }))).toEqual({
    code,
    message: 'what happened',
    remedy: ERRORS[code].remedy,
  });
});

test('waiting is benign, and says when to come back', () => {
  const benign = codes.filter(
    (code) => failureOf(new SyncError(code, { message: 'm' })).category === ApplicationFailureCategory.BENIGN,
  );
  expect(benign.sort()).toEqual([
    'CONFIG_CHANGED',
    'FENCED',
    'LEASE_HELD',
    'SOURCE_BUSY',
    'SOURCE_CIRCUIT_OPEN',
  ]);
  const failure = failureOf(new SyncError('LEASE_HELD', { message: 'm', details: { retryAfterMs: 1234.5 } }));
  expect(failure.nextRetryDelay).toBe(1_235);
  expect(failureOf(new SyncError('LEASE_HELD', { message: 'm' })).nextRetryDelay).toBeUndefined();
});

test('a connection of the store that is gone is the store’s trouble, and is waited out', () => {
  for (const code of ['ECONNREFUSED', '08006', '57P01', '53300', '40P01', '57014']) {
    const failure = failureOf(Object.assign(new Error('gone'), { code }), 1_000);
    expect(failure, code).toMatchObject({ type: 'STORE_UNAVAILABLE', nonRetryable: false });
  }
});

test('a defect is tried again for a while, not for ever', () => {
  const defect = new TypeError('x is not a function');
  expect(failureOf(defect, 1)).toMatchObject({
    type: 'INTERNAL',
    message: 'x is not a function',
    nonRetryable: false,
  });
  expect(failureOf(defect, 10)).toMatchObject({ type: 'INTERNAL', nonRetryable: true });
});

test('no value of a row and no secret reaches workflow history', () => {
  registerSecret('hunter2-canary');
  const driver = Object.assign(
    new Error('duplicate key value violates unique constraint "people_pkey": "Mary Miller" and \'Jim\''),
    { code: '23505', detail: 'Key (name)=(Mary Miller) already exists.', cause: new Error('Mary Miller') },
  );
  const known = new SyncError('SOURCE_UNAVAILABLE', {
    message: 'postgres://ann:hunter2-canary@db/x is away',
    details: { url: 'postgres://ann:hunter2-canary@db/x', list: [{ text: 'password=hunter2-canary' }] },
    cause: driver,
  });
  for (const error of [driver, known]) {
    const failure = failureOf(error);
    const told = JSON.stringify([failure.message, failure.stack, failure.details, String(failure.cause)]);
    expect(told).not.toMatch(/Mary|Jim|hunter2/);
  }
  expect(failureOf(driver)).toMatchObject({ type: 'INTERNAL' });
  expect(failureOf(driver).message).toContain('23505');
});

test('the place of a defect is told', () => {
  expect(failureOf(new TypeError('x')).stack).toMatch(/failures\.test\.ts/);
});

test('Temporal’s own failures pass', () => {
  const cancelled: TemporalFailure = new CancelledFailure('CANCELLED');
  expect(toApplicationFailure(cancelled)).toBe(cancelled);
});

test.each([
  ['a failure without a code of ours', new Error('boom'), 'boom'],
  ['a chain that ends in words', new Error('outer', { cause: new Error('inner') }), 'inner'],
  ['nothing at all', undefined, 'unknown failure'],
])('%s is INTERNAL', (_what, error, message) => {
  expect(failureNote(error)).toMatchObject({ code: 'INTERNAL', message });
});
