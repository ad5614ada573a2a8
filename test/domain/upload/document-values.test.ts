import { expect, test } from 'vitest';
import { documentValue, textOfDocumentValue } from '../../../src/domain/upload/document-values.ts';

test.each([
  ['integer', '7', 7],
  ['double precision', 'NaN', 'NaN'],
  ['bigint', '9007199254740993', '9007199254740993'],
  ['numeric(12,2)', '1.50', '1.50'],
  ['boolean', 't', true],
  ['jsonb', '{"a": [1]}', { a: [1] }],
  ['jsonb', '"x"', 'x'],
  ['text', 'x', 'x'],
  ['timestamp with time zone', '2026-01-31 08:00:00.5+00', '2026-01-31T08:00:00.5+00:00'],
  ['timestamp without time zone', '2026-01-31 08:00:00', '2026-01-31T08:00:00'],
  ['timestamp with time zone', 'infinity', 'infinity'],
  ['date', '2026-01-31', '2026-01-31'],
  ['text', null, null],
])('%s %s', (type, text, value) => {
  expect(documentValue(type, text)).toEqual(value);
});

test('a text of a JSON column is JSON, and null is NULL', () => {
  expect(textOfDocumentValue('jsonb', 'x')).toBe('"x"');
  expect(textOfDocumentValue('jsonb', null)).toBeNull();
  expect(textOfDocumentValue('boolean', true)).toBe('true');
});
