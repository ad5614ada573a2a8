import { expect, test } from 'vitest';
import { sameValue } from '../../../src/domain/upload/same-value.ts';

const LONG = '9'.repeat(40);

test.each<[string, string | null, string | null, boolean]>([
  ['numeric(10,2)', '1.50', '1.5', true],
  ['numeric', '1.50', '1.51', false],
  ['numeric', '-0', '0.00', true],
  ['numeric', '1e3', '1000', true],
  ['numeric', `${LONG}.1`, `${LONG}.10`, true],
  ['numeric', `${LONG}.1`, `${LONG}.2`, false],
  ['numeric', 'NaN', 'NaN', true],
  ['numeric', 'NaN', 'Infinity', false],
  ['integer', '007', '7', true],
  ['bigint', '9007199254740992', '9007199254740993', false],
  ['double precision', '1e+20', '100000000000000000000', true],
  ['timestamp with time zone', '2026-01-01 10:00:00+00', '2026-01-01 12:00:00+02', true],
  ['timestamp(3) with time zone', '2026-01-01T10:00:00Z', '2026-01-01 10:00:00.000+00', true],
  ['timestamp with time zone', '2026-01-01 10:00:00.000001+00', '2026-01-01 10:00:00+00', false],
  ['timestamp with time zone', 'infinity', '-infinity', false],
  ['timestamp without time zone', '2026-01-01 10:00:00', '2026-01-01 10:00:00.000001', false],
  ['timestamp without time zone', '2026-01-01 10:00:00', '2026-01-01T10:00:00', false],
  ['text', '1.50', '1.5', false],
  ['text', 'é', 'e\u0301', false],
  ['text', 'a', 'a ', false],
  ['character(3)', 'a', 'a  ', true],
  ['character varying(3)', 'a', 'a  ', false],
  ['boolean', 't', 'true', true],
  ['boolean', 't', 'f', false],
  ['boolean', 'x', 'y', false],
  ['jsonb', '{"a": 1, "b": [true]}', '{"b":[true],"a":1.0}', true],
  ['jsonb', '[1, 2]', '[2, 1]', false],
  ['jsonb', '{"n": 12345678901234567890}', '{"n":12345678901234567891}', false],
  ['json', '{"digits in text": "12345678901234567890"}', '{"digits in text":"12345678901234567890"}', true],
  ['json', '{', '{ ', false],
  ['integer[]', '{1,2}', '{1,02}', false],
  ['uuid', 'a', null, false],
  ['uuid', null, null, true],
  ['numeric', null, '0', false],
  ['app.mood', 'happy', 'happy', true],
])('%s: %s and %s: %s', (type, ...[left, right, same]) => {
  expect(sameValue(type, left, right)).toBe(same);
  expect(sameValue(type, right, left)).toBe(same);
});
