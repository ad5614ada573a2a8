import fc from 'fast-check';
import { expect, it } from 'vitest';
import { instantArgument, modeArgument, nameList, portNumber, wholeNumber } from '../../src/cli/arguments.ts';
import { settingsLines } from '../../src/cli/settings-text.ts';
import { table } from '../../src/cli/table.ts';
import { counted, duration, harmless, moment, shortened } from '../../src/cli/text.ts';
import { secondsBetween } from '../../src/service/ages.ts';

it.each([
  [0.4, '0 s'],
  [119, '119 s'],
  [120, '2 min'],
  [7_199, '119 min'],
  [7_200, '2 h'],
  [172_799, '47 h'],
  [172_800, '2 d'],
])('says %d seconds as %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it('says moments to the second, and leaves what is none alone', () => {
  expect(moment('2026-01-31T08:00:00.123456Z')).toBe('2026-01-31 08:00:00');
  expect(moment('infinity')).toBe('infinity');
  expect(counted(1, 'row')).toBe('1 row');
  expect(counted(2_000, 'entity', 'entities')).toBe('2,000 entities');
});

it('tells ages, and none of what has no moment', () => {
  expect(secondsBetween('2026-01-31T08:00:00.000000Z', '2026-01-31T08:01:00.600000Z')).toBe(61);
  expect(secondsBetween('2026-01-31T08:01:00.000000Z', '2026-01-31T08:00:00.000000Z')).toBe(0);
  expect(secondsBetween('infinity', '2026-01-31T08:00:00.000000Z')).toBeNull();
});

it('shows what would steer the terminal instead of obeying it', () => {
  const clear = '\u001b[2J\u009b31mred\u202etxt\r\nnext\u0007';
  expect(harmless(clear)).toBe('\\u001b[2J\\u009b31mred\\u202etxt\\u000d\nnext\\u0007');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      expect(harmless(text).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
    }),
  );
});

it('shortens by characters, not by halves of them', () => {
  expect(shortened('a\n  b', 10)).toBe('a b');
  expect(shortened('😀😀😀', 2)).toBe('😀…');
});

it('sets numbers to the right and leaves out optional columns with nothing in them', () => {
  const rows = [
    { name: 'a', rows: 1_000, bad: 0 },
    { name: 'bc', rows: 2, bad: 0 },
  ];
  expect(
    table(rows, [
      { head: 'name', of: (row) => row.name },
      { head: 'rows', of: (row) => row.rows },
      { head: 'bad', of: (row) => row.bad, optional: true },
      { head: 'none', of: () => null },
    ]),
  ).toBe(['name   rows  none', 'a     1,000  –', 'bc        2  –'].join('\n'));
});

it.each([
  [() => wholeNumber('0', '--limit'), '--limit 0'],
  [() => wholeNumber('1e3', '--limit'), '--limit 1e3'],
  [() => portNumber('65536', '--port'), '--port 65536'],
  [() => instantArgument('yesterday', '--since'), '--since yesterday'],
  [() => modeArgument('half'), 'half'],
  [() => nameList(' , ', '--pipelines'), '--pipelines'],
])('refuses a value of the wrong form, and says what to write', (parse, named) => {
  expect(parse).toThrow(expect.objectContaining({ code: 'COMMAND_INVALID' }));
  expect(parse).toThrow(named);
});

it('takes values of the right form', () => {
  expect(wholeNumber('42', '-n')).toBe(42);
  expect(portNumber('8233', '--port')).toBe(8233);
  expect(instantArgument('2026-01-31T09:00:00+01:00', '--since')).toBe('2026-01-31T08:00:00.000000Z');
  expect(modeArgument('full')).toBe('full');
  expect(nameList('shop, hr', '--pipelines')).toEqual(['shop', 'hr']);
});

it('says settings in words, with their units, in lines that fit', () => {
  expect(
    settingsLines({ mode: 'thin', poolMax: 1_000, poolWaitMs: 30_000, maxTransactionMs: 'unlimited' }),
  ).toEqual(['mode thin, pool max 1,000, pool wait 30,000 ms, max transaction unlimited']);
  expect(settingsLines({})).toEqual([]);
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`setting${at}`, at]));
  const lines = settingsLines(many);
  expect(lines.every((line) => line.length <= 112)).toBe(true);
  expect(lines.join(' ').split(', ')).toHaveLength(40);
});
