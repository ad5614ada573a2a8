import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldsOf } from '../../src/cli/commands/conflict-messages.ts';
import { readMutationFile, readMutations } from '../../src/cli/read-mutations.ts';
import { shellWord } from '../../src/domain/shell-word.ts';
import { UnreadableLine } from '../../src/domain/upload/wire.ts';
import { type Folder, folder } from './cli-kit.ts';

const one = (text: string): unknown => readMutations(text)[0]?.mutation;

describe('mutations of a file', () => {
  it('keep the numbers of their lines, whatever the line ends are', () => {
    const lines = readMutations('\uFEFF{"a":1}\r\n\r\n  \n{"b":2}\n');
    expect(lines).toEqual([
      { line: 1, mutation: { a: 1 } },
      { line: 4, mutation: { b: 2 } },
    ]);
  });

  it('keep numbers that JavaScript would round as their text', () => {
    expect(
      one('[1, 1.5, -0.1, 9007199254740993, 0.1234567890123456789, 1e400, 123456789012345678901234567890]'),
    ).toEqual([
      1,
      1.5,
      -0.1,
      '9007199254740993',
      '0.1234567890123456789',
      '1e400',
      '123456789012345678901234567890',
    ]);
  });

  it('do not take a property of every object for one of theirs', () => {
    const read = one('{"__proto__":{"entity":"people"},"values":{"__proto__":{"salary":1}}}') as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect('entity' in read).toBe(false);
    expect(Object.keys(read)).toEqual(['__proto__', 'values']);
  });

  it.each([
    ['{"a":1', 'it is no JSON'],
    ['{"a":1}}', 'it is no JSON, from character 8 on'],
    ['{"salary":1,"salary":2}', '"salary" is given twice'],
    [`${'['.repeat(200_000)}`, 'it is no JSON'],
  ])('that cannot be read say where, and not what they hold: %.30s', (text, why) => {
    const read = one(`${text}`);
    expect(read).toBeInstanceOf(UnreadableLine);
    expect((read as UnreadableLine).message).toContain(`Line 1 cannot be read: ${why}`);
  });

  describe('in a file', () => {
    let place: Folder;
    beforeAll(async () => {
      place = await folder();
    });
    afterAll(() => place.remove());

    it('have a hash, by which sending them again is known', async () => {
      const path = await place.file('one', '{"a":1}');
      const [first, again] = [await readMutationFile(path), await readMutationFile(path)];
      expect(first.sha256).toBe(again.sha256);
      const other = await readMutationFile(await place.file('other', '{"a":2}'));
      expect(other.sha256).not.toBe(first.sha256);
    });

    it('are refused where there are none, or no file', async () => {
      await expect(readMutationFile(await place.file('empty', '\n\n'))).rejects.toMatchObject({
        code: 'COMMAND_INVALID',
        message: expect.stringContaining('no mutation'),
      });
      await expect(readMutationFile(`${place.path}/none`)).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
      await expect(readMutationFile(place.path)).rejects.toMatchObject({
        message: expect.stringContaining('EISDIR'),
      });
    });
  });
});

describe('--field', () => {
  it('gives texts, and JSON where it says so', () => {
    expect(
      fieldsOf(['salary=2500', 'note=a=b', 'empty=', 'ended_on:=null', 'tags:=["a",9007199254740993]']),
    ).toEqual({
      salary: '2500',
      note: 'a=b',
      empty: '',
      ended_on: null,
      tags: ['a', '9007199254740993'],
    });
    expect(fieldsOf([])).toBeNull();
  });

  it.each([
    [['salary'], 'has no value'],
    [['=1'], 'has no value'],
    [['salary=1', 'salary=2'], 'given twice'],
    [['tags:=[a'], 'no JSON'],
  ])('is refused: %j', (given, why) => {
    expect(() => fieldsOf(given)).toThrow(why);
  });
});

it('words are quoted where a shell would make something else of them', () => {
  expect(shellWord('HR:payroll')).toBe('HR:payroll');
  expect(shellWord('head of sales')).toBe(`'head of sales'`);
  expect(shellWord(`it's; rm`)).toBe(`'it'\\''s; rm'`);
});
