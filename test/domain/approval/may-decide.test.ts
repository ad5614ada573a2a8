/** Who may decide what, over which way (C17). */
import { describe, expect, test } from 'vitest';
import type { Who } from '../../../src/domain/approval/approval.ts';
import { mayDecide, mayWithdraw } from '../../../src/domain/approval/may-decide.ts';
import type { Resolvers } from '../../../src/domain/upload/upload-spec.ts';

const conflict = { device: 'tablet-7', deviceUser: 'dora', author: 'emil', escalatedTo: null };
const cfo = { role: 'CFO' } as const;

const signal = (name: string, roles: string[] = []): Who => ({ name, roles, via: 'signal' });
const signedIn = (user: string, ...roles: string[]): Who => ({ name: user, user, roles, via: 'http' });

const ALLOWED: readonly (readonly [Resolvers, Who, readonly string[]])[] = [
  ['anyone', signal('somebody'), ['anyone']],
  // What a signal claims about itself approves nothing.
  ['anyone', signal('somebody', ['CFO']), ['anyone']],
  ['anyone', signedIn('fay', 'CFO', 'CFO'), ['CFO']],
  ['anyone', signedIn('emil', 'CFO'), ['anyone']],
  ['anyone', signedIn('fay'), ['anyone']],
  ['author', signedIn('emil'), ['anyone']],
  ['deviceUser', signedIn('dora', 'CFO'), ['anyone']],
  ['deviceUser', { name: 'tablet-7', roles: [], via: 'http', device: 'tablet-7' }, ['anyone']],
  [cfo, signedIn('fay', 'CFO', 'HR'), ['CFO', 'HR']],
  [cfo, { name: 'fay', roles: ['CFO'], via: 'cli' }, ['CFO']],
];

const REFUSED: readonly (readonly [Resolvers, Who, string])[] = [
  [cfo, signal('fay', ['CFO']), 'Temporal does not prove who sends'],
  ['author', signal('emil'), 'Temporal does not prove who sends'],
  ['deviceUser', signal('dora'), 'decided by the user of the device (dora)'],
  [cfo, signedIn('fay', 'HR'), 'decided by role CFO; fay is not among them'],
  [cfo, { name: 'fay', roles: ['CFO'], via: 'update' }, 'Temporal does not prove who sends'],
  // Who asked never approves, whichever way and spelling.
  [cfo, signedIn('emil', 'CFO'), 'somebody else with role CFO'],
  [cfo, signedIn('dora', 'CFO'), 'somebody else with role CFO'],
  [cfo, signedIn(' Emil', 'CFO'), 'somebody else with role CFO'],
  [cfo, { name: 'emil', roles: ['CFO'], via: 'cli' }, 'somebody else with role CFO'],
  [cfo, { ...signedIn('fay', 'CFO'), device: 'tablet-7' }, 'somebody else with role CFO'],
  ['author', signedIn('dora'), 'decided by who made the change (emil)'],
  // Spelling forbids more, it never allows more.
  ['author', signedIn('Emil'), 'decided by who made the change (emil)'],
  // A name alone, however it came, is not the verified user.
  ['author', { name: 'emil', roles: [], via: 'update' }, 'decided by who made the change (emil)'],
  ['deviceUser', signedIn('emil'), 'decided by the user of the device (dora)'],
];

describe('mayDecide', () => {
  test.each(ALLOWED)('%j: %j may, as %j', (resolvers, who, approvedBy) => {
    expect(mayDecide(resolvers, who, conflict)).toEqual({ allowed: true, approvedBy });
  });

  test.each(REFUSED)('%j: %j may not: %s', (resolvers, who, message) => {
    expect(mayDecide(resolvers, who, conflict)).toMatchObject({
      allowed: false,
      refusal: { code: 'notAllowed', message: expect.stringContaining(message) },
    });
  });

  test('nobody known is nobody, not everybody', () => {
    const unknown = { device: null, deviceUser: null, author: null, escalatedTo: null };
    const nobody: Who = { name: '', roles: [], via: 'http' };
    expect(mayDecide('author', nobody, unknown).allowed).toBe(false);
    expect(mayDecide('deviceUser', nobody, unknown).allowed).toBe(false);
  });

  test('an escalation lets its role decide as well, but not who asked', () => {
    const escalated = { ...conflict, escalatedTo: 'DIRECTOR' };
    expect(mayDecide(cfo, signedIn('gus', 'DIRECTOR'), conflict).allowed).toBe(false);
    expect(mayDecide(cfo, signedIn('gus', 'DIRECTOR'), escalated).allowed).toBe(true);
    expect(mayDecide(cfo, signedIn('fay', 'CFO'), escalated).allowed).toBe(true);
    expect(mayDecide(cfo, signedIn('emil', 'DIRECTOR'), escalated).allowed).toBe(false);
    expect(mayDecide('author', signedIn('emil'), escalated).allowed).toBe(true);
    expect(mayDecide(cfo, signedIn('hal'), escalated)).toMatchObject({
      refusal: { message: expect.stringContaining('role CFO or role DIRECTOR') },
    });
  });
});

describe('mayWithdraw', () => {
  test.each([
    ['anyone', signal('somebody'), true],
    [cfo, signedIn('emil'), true],
    [cfo, { name: 'tablet-7', roles: [], via: 'http', device: 'tablet-7' }, true],
    [cfo, signedIn('fay', 'CFO'), true],
    [cfo, signal('emil'), false],
    [cfo, { name: 'emil', roles: [], via: 'update' }, false],
    [cfo, signedIn('hal'), false],
  ] as const)('%j, %j: %j', (resolvers, who, expected) => {
    expect(mayWithdraw(resolvers, who, conflict).allowed).toBe(expected);
  });

  test('what nobody is known to have asked for, anybody who is known may take back', () => {
    const unknown = { device: 'cli', deviceUser: null, author: null, escalatedTo: null };
    for (const resolvers of ['author', 'deviceUser', cfo] as const) {
      expect(mayWithdraw(resolvers, signedIn('hal'), unknown).allowed).toBe(true);
      expect(mayWithdraw(resolvers, signal('hal'), unknown).allowed).toBe(false);
    }
  });
});
