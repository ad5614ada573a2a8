/** C11: which of a device's changes are new, where it names none and answers are lost. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mutationIds } from '../../../src/domain/upload/sent-again.ts';

const hash = (id: string) => createHash('sha256').update(id).digest('hex').slice(0, 16);
const ids = (sent: string[], past: string[] = []) => mutationIds({ sent, past, hash });
const [a, b, c] = ['hash/a', 'hash/b', 'hash/c'] as [string, string, string];

test('what was sent last is sent again; what was sent before something else is new', () => {
  expect(ids([a])).toEqual([a]);
  expect(ids([a], [a])).toEqual([a]);
  expect(ids([b], [a])).toEqual([expect.stringMatching(/^hash\/b\/[0-9a-f]{16}$/)]);
  const past = [...ids([a]), ...ids([b], [a])];
  const [third] = ids([a], past) as [string];
  expect([a, ...past]).not.toContain(third);
  expect(third).toMatch(/^hash\/a\//);
  expect(ids([a], [...past, third])).toEqual([third]);
});

test('a batch of which some was heard of goes on where it was', () => {
  const past = ids([a, b]);
  expect(ids([a, b, c], past).slice(0, 2)).toEqual(past);
  expect(ids([b, c], past)[0]).toBe(past[1]);
  expect(ids([a, a, b], [a])).toEqual([a, a, past[1]]);
});

test('ids of the device’s own stay as they are', () => {
  expect(ids(['mine', a, 'other'], ['mine'])).toEqual(['mine', expect.stringMatching(/^hash\/a\//), 'other']);
});

test('a device whose answers are lost at random is understood: each change is one mutation', () => {
  const change = fc.constantFrom(a, b, c);
  fc.assert(
    fc.property(fc.array(fc.tuple(change, fc.boolean()), { maxLength: 20 }), (steps) => {
      const kept: string[] = [];
      let unheard: string[] = [];
      let changes = 0;
      for (const [content, isHeard] of steps) {
        // The same once more, right behind, changes nothing and is not sent.
        if ((unheard.at(-1) ?? kept.at(-1)?.split('/', 2).join('/')) === content) continue;
        unheard = [...unheard, content];
        changes++;
        for (const id of ids(unheard, kept)) if (!kept.includes(id)) kept.push(id);
        if (isHeard) unheard = [];
      }
      expect(kept).toHaveLength(changes);
    }),
  );
});
