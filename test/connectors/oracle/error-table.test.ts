/** Errors of Oracle and its driver become codes of ours, without row values; what must not be tried again is not. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NJS_RULES, ORA_RULES } from '../../../src/connectors/oracle/error-rules.ts';
import {
  classifyOracleError,
  describeOracleError,
  isConnectionLost,
  oracleError,
  oracleNumber,
  raisedText,
} from '../../../src/connectors/oracle/error-table.ts';
import { SyncError } from '../../../src/domain/errors.ts';

/** As the driver throws what the server reports. */
function ora(number: number, text = 'something'): Error {
  const code = `ORA-${String(number).padStart(5, '0')}`;
  return Object.assign(new Error(`${code}: ${text}\nHelp: https://docs.oracle.com/error-help/db/${code}/`), {
    errorNum: number,
    code,
  });
}

/** As the driver throws its own. */
function njs(number: number, text = 'something'): Error {
  const code = `NJS-${String(number).padStart(3, '0')}`;
  return Object.assign(new Error(`${code}: ${text}`), { code });
}

test.each([
  [ora(1017), 'auth', 'SOURCE_AUTH'],
  [ora(28000), 'auth', 'SOURCE_AUTH'],
  [ora(1045), 'auth', 'SOURCE_AUTH'],
  [ora(1031), 'privilege', 'SOURCE_AUTH'],
  [ora(942), 'query', 'SOURCE_QUERY'],
  [ora(904), 'query', 'SOURCE_QUERY'],
  [ora(933), 'query', 'SOURCE_QUERY'],
  [ora(1555), 'snapshot-too-old', 'SOURCE_UNAVAILABLE'],
  [ora(8181), 'snapshot-too-old', 'SOURCE_UNAVAILABLE'],
  [ora(54), 'transient', 'SOURCE_UNAVAILABLE'],
  [ora(60), 'transient', 'SOURCE_UNAVAILABLE'],
  [ora(30006), 'transient', 'SOURCE_UNAVAILABLE'],
  [ora(8177), 'transient', 'SOURCE_UNAVAILABLE'],
  [ora(4068), 'transient', 'SOURCE_UNAVAILABLE'],
  [ora(1013), 'cancelled', 'SOURCE_UNAVAILABLE'],
  [njs(123), 'timeout', 'SOURCE_UNAVAILABLE'],
  [ora(3113), 'connection', 'SOURCE_UNAVAILABLE'],
  [ora(12514), 'connection', 'SOURCE_UNAVAILABLE'],
  [ora(12541), 'connection', 'SOURCE_UNAVAILABLE'],
  [ora(600), 'connection', 'SOURCE_UNAVAILABLE'],
  [njs(500), 'connection', 'SOURCE_UNAVAILABLE'],
  [njs(501), 'connection', 'SOURCE_UNAVAILABLE'],
  [njs(503), 'connection', 'SOURCE_UNAVAILABLE'],
  [njs(518), 'connection', 'SOURCE_UNAVAILABLE'],
  [njs(40), 'busy', 'SOURCE_BUSY'],
  [ora(2391), 'busy', 'SOURCE_BUSY'],
  [ora(30036), 'resources', 'SOURCE_UNAVAILABLE'],
  [ora(1), 'constraint', 'SOURCE_QUERY'],
  [ora(1400), 'constraint', 'SOURCE_QUERY'],
  [ora(2290), 'constraint', 'SOURCE_QUERY'],
  [ora(2291), 'constraint', 'SOURCE_QUERY'],
  [ora(12899), 'data', 'SOURCE_QUERY'],
  [ora(1722), 'data', 'SOURCE_QUERY'],
  [ora(20123), 'raised', 'SOURCE_QUERY'],
  [njs(515), 'config', 'CONFIG_INVALID'],
  [njs(533), 'config', 'CONFIG_INVALID'],
  [njs(98), 'defect', 'INTERNAL'],
  [new TypeError('x is undefined'), 'defect', 'INTERNAL'],
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'connection', 'SOURCE_UNAVAILABLE'],
] as const)('%s is %s and becomes %s', (error, expected, code) => {
  expect(classifyOracleError(error)).toBe(expected);
  expect(oracleError('erp', error).code).toBe(code);
});

test('a refused login stops everything that uses the source, a missing name only its entity, a bad row neither', () => {
  expect(oracleError('erp', ora(28000))).toMatchObject({ retryable: false, details: { scope: 'source' } });
  expect(oracleError('erp', ora(1017)).remedy).toMatch(/Do not try again/);
  expect(oracleError('erp', ora(942)).details).toMatchObject({ scope: 'entity', oracle: 'ORA-00942' });
  expect(oracleError('erp', ora(1722)).details).not.toHaveProperty('scope');
});

test('no number is in two rules of its kind', () => {
  for (const rules of [ORA_RULES, NJS_RULES]) {
    const seen: number[] = rules.flatMap(({ numbers }) =>
      numbers.flatMap((each) =>
        typeof each === 'number'
          ? [each]
          : Array.from({ length: each[1] - each[0] + 1 }, (_, i) => each[0] + i),
      ),
    );
    expect(seen.filter((number, i) => seen.indexOf(number) !== i)).toEqual([]);
  }
});

describe('the number that counts', () => {
  test('is that of the reason where the first only says where', () => {
    const error = ora(604, 'error occurred at recursive SQL level 1\nORA-20001: no\nORA-06512: at line 3');
    expect(oracleNumber(error)).toEqual({ prefix: 'ORA', number: 20_001 });
    expect(classifyOracleError(error)).toBe('raised');
  });

  test('is the server’s where the driver put its own before it', () => {
    const error = Object.assign(
      new Error('NJS-500: connection to Oracle Database was closed or broken\nORA-03113: end-of-file'),
      { errorNum: 3113, code: 'NJS-500' },
    );
    expect(oracleNumber(error)).toEqual({ prefix: 'ORA', number: 3113 });
    expect(isConnectionLost(error)).toBe(true);
  });

  test('is read from the message of an array’s failed row', () => {
    expect(oracleNumber(new Error('ORA-00001: unique constraint (HR.PK) violated'))?.number).toBe(1);
  });

  test('is none for errors of others', () => {
    expect(oracleNumber(new Error('ORAnge-00001'))).toBeNull();
    expect(oracleNumber('a text')).toBeNull();
    expect(oracleNumber(null)).toBeNull();
  });
});

test('a session that no recovery reached is lost, whatever the first error was', () => {
  expect(isConnectionLost(njs(103, 'x\nError recovery failed: y'))).toBe(true);
  expect(isConnectionLost(ora(60))).toBe(false);
  expect(isConnectionLost(njs(123))).toBe(false);
});

describe('what may be shown', () => {
  test('names stay, values go', () => {
    const value = "unable to convert string value containing 'Pia' to a number: NAME";
    expect(describeOracleError(ora(1722, value))).toBe('ORA-01722: unable to convert string value …');
    expect(
      describeOracleError(ora(3301, "(ORA-00001 details) row with column values (E:'x') exists")),
    ).not.toMatch('x');
    expect(describeOracleError(ora(12899, 'value too large for column "HR"."T"."C" (actual: 12)'))).toMatch(
      '"HR"."T"."C"',
    );
    expect(describeOracleError(ora(942, 'table or view "HR"."T" does not exist'))).toMatch('"HR"."T"');
  });

  test('what the database’s own code raises stays in its verdict', () => {
    const error = ora(20001, 'Salary of King is 24000\nsecond line\nORA-06512: at "HR.PAY", line 4');
    expect(describeOracleError(error)).toBe('ORA-20001: an error raised by the database’s own code');
    expect(oracleError('erp', error).message).not.toMatch('King');
    expect(raisedText(error)).toBe('Salary of King is 24000\nsecond line');
    expect(raisedText(ora(1))).toBeNull();
  });

  test('no text in single quotes passes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 19_999 }),
        fc.stringMatching(/^[a-z]{6,20}$/),
        (number, secret) => {
          expect(describeOracleError(ora(number, `bad value '${secret}' here`))).not.toContain(secret);
        },
      ),
    );
  });
});

test('our own errors pass as they are', () => {
  const error = new SyncError('SOURCE_BUSY', { message: 'wait' });
  expect(oracleError('erp', error)).toBe(error);
});

test('docs/oracle.md shows every class with its code, and numbers that are of it', () => {
  const page = readFileSync(new URL('../../../docs/oracle.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| `([A-Z_]+)` \| ([^|]+) \|/gm)];
  const classes = new Set([...ORA_RULES, ...NJS_RULES].map((rule) => rule.class).concat('query', 'defect'));
  expect(rows.map((row) => row[1]).sort()).toEqual([...classes].sort());
  for (const [, expected, code, numbers] of rows) {
    for (const [text, prefix, digits] of (numbers as string).matchAll(/(ORA|NJS)-(\d+)/g)) {
      const error = prefix === 'ORA' ? ora(Number(digits)) : njs(Number(digits));
      expect([text, classifyOracleError(error), oracleError('erp', error).code]).toEqual([
        text,
        expected,
        code,
      ]);
    }
  }
});
