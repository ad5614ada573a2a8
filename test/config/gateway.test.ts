/** `gateway` and `feed`: what they become, and what a person reads after a mistake. */
import { describe, expect, test } from 'vitest';
import { env } from '../../src/domain/env-ref.ts';
import { changed, EMPLOYEES, ENVIRONMENT, parsed, refusal } from './configs.ts';

const AUTH = { issuer: 'https://issuer.test', audience: 'here', jwksUrl: 'https://issuer.test/jwks.json' };
const environment = {
  ...ENVIRONMENT,
  JWT_SECRET: 'too short',
  READER_URL: 'postgres://reader:Zu8-reader-pass@store:5432/mirror',
  SAME_URL: 'postgres://writer:Zu8-store-pass@store:5432/mirror',
  NOBODY_URL: 'postgres://store:5432/mirror',
};

const problems = (changes: Record<string, unknown>): string =>
  refusal(changed({ 'gateway.auth': { ...AUTH }, ...changes }), environment);

describe('what it becomes', () => {
  test('defaults', () => {
    const { gateway } = parsed(changed({ gateway: { auth: AUTH } }), environment);
    expect(gateway).toMatchObject({
      host: '127.0.0.1',
      port: 8_080,
      store: null,
      auth: {
        algorithms: ['RS256', 'ES256'],
        claims: { user: 'sub', device: 'device_id' },
        deviceTokens: null,
      },
      permissionsKeptMs: 60_000,
      pull: { defaultRows: 1_000, maxRows: 5_000 },
      push: { defaultRows: 100, maxRows: 500 },
      minAppVersion: null,
    });
  });

  test('a login of its own reads all mirrors; the workers’ own is none', () => {
    const readerOf = (variable: string) =>
      parsed(changed({ 'gateway.auth': AUTH, 'gateway.store': { url: env(variable) } }), environment)
        .pipelines.hr?.entities.employees?.reader;
    expect(readerOf('READER_URL')).toBe('reader');
    expect(readerOf('SAME_URL')).toBeUndefined();
  });

  test('neither it nor what devices get is part of what a run is bound to', () => {
    const hash = (changes: Record<string, unknown>) =>
      parsed(changed({ 'gateway.auth': { ...AUTH }, ...changes }), environment).pipelines.hr?.hash;
    const store = { url: env('READER_URL') };
    expect(hash({ 'gateway.store': store, [`${EMPLOYEES}.feed`]: true })).toBe(hash({}));
  });
});

describe('mistakes', () => {
  test('of who issues the tokens', () => {
    expect(problems({ 'gateway.auth.jwksUrl': undefined })).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        gateway.auth has neither jwksUrl nor secret. Write jwksUrl: 'https://…/jwks.json' or secret: env('JWT_SECRET')."
    `);
    expect(
      problems({ 'gateway.auth': { ...AUTH, jwksUrl: undefined, secret: env('JWT_SECRET') } }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        gateway.auth.secret is too short to sign tokens with. Make one of at least 32 characters: openssl rand -hex 32."
    `);
    expect(problems({ 'gateway.auth.algorithms': ['HS256'] })).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        gateway.auth names HS256, which does not go with public keys. Remove it."
    `);
  });

  test('of partitions', () => {
    expect(
      problems({
        'gateway.partitions': {
          region: {},
          level: { claim: 'level', levels: ['a'], groups: { b: ['c'] } },
        },
      }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        gateway.partitions.region has neither claim nor membership. Write { claim: 'regions' } or { membership: { entity, user, value } }.
        gateway.partitions.level has both groups and levels. Keep one of them."
    `);
    expect(
      problems({
        'gateway.partitions': { team: { membership: { entity: 'employes', user: 'u', value: 'v' } } },
        [`${EMPLOYEES}.feed`]: { partitions: { team: 'teem' } },
      }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        pipelines.hr.entities.employees.feed.partitions.team is "teem", which is not in gateway.partitions. Did you mean "team"?
        gateway.partitions.team.membership.entity is "employes", which is no entity. Did you mean "employees"?"
    `);
  });

  test('of who says what somebody sees', () => {
    const given = (upload: unknown, feed: unknown) => ({
      'gateway.auth': AUTH,
      'gateway.partitions': { team: { membership: { entity: 'employees', user: 'person', value: 'id' } } },
      [`${EMPLOYEES}.columns`]: { id: { from: 'ID' }, person: {}, pay: {} },
      [`${EMPLOYEES}.upload`]: upload,
      [`${EMPLOYEES}.feed`]: feed,
    });
    const upload = { writeBack: 'source', writable: ['person', 'pay'] };
    expect(problems(given(upload, true))).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        gateway.partitions.team.membership.entity is "employees", whose person every device may write. Take person out of \`upload\`, or name who may write it: feed: { fields: { person: { write: 'admin' } } }."
    `);
    expect(
      problems(given({ writeBack: 'source', writable: ['pay'], operations: ['insert'] }, true)),
    ).toContain('whose id every device may write');
    for (const [fine, feed] of [
      [{ writeBack: 'source', writable: ['pay'] }, true],
      [upload, { fields: { person: { write: 'boss' } } }],
      [upload, undefined],
    ]) {
      expect(() => parsed(changed(given(fine, feed)), environment)).not.toThrow();
    }
  });

  test('of fields', () => {
    expect(
      problems({
        [`${EMPLOYEES}.columns`]: { id: { from: 'ID' }, pay: {} },
        [`${EMPLOYEES}.feed`]: { filter: ['pays'], fields: { id: { read: 'boss' }, pay: { read: 'boss' } } },
      }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        pipelines.hr.entities.employees.feed.filter names "pays", which is no column of the mirror. Did you mean "pay"?
        pipelines.hr.entities.employees.feed.fields.id.read hides a column of the key, which every document has as its id. Remove \`read\`; rows are hidden by \`partitions\`."
    `);
    expect(problems({ [`${EMPLOYEES}.feed`]: { fields: { id: { read: 'boss' } } } })).toMatchInlineSnapshot(`
      "syncline.config.ts has a problem:
        pipelines.hr.entities.employees.feed.fields.id.read hides a column of the key, which every document has as its id. Remove \`read\`; rows are hidden by \`partitions\`."
    `);
  });

  test('of names that documents have already', () => {
    expect(
      problems({
        [`${EMPLOYEES}.columns`]: { id: { from: 'ID' }, rev: { from: 'PAY' }, _deleted: { from: 'NAME' } },
        [`${EMPLOYEES}.feed`]: true,
      }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        pipelines.hr.entities.employees.columns.rev has the name of a field that every document for devices has. Give the column another name.
        pipelines.hr.entities.employees.columns._deleted has the name of a field that every document for devices has. Give the column another name."
    `);
  });

  test('of limits, and of a login', () => {
    expect(
      problems({ 'gateway.store': { url: env('NOBODY_URL') }, 'gateway.pull': { default: 10, max: 5 } }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        gateway.store.url names no login. Write postgres://login@host:5432/database.
        gateway.pull has a default above its max. Lower \`default\`, or raise \`max\`."
    `);
    expect(
      problems({ 'gateway.permissionsKept': '1 hour', 'gateway.minAppVersion': 'two' }),
    ).toMatchInlineSnapshot(`
      "syncline.config.ts has 2 problems:
        gateway.permissionsKept is out of range (it is "1 hour"). Write '1 second' to '15 minutes'.
        gateway.minAppVersion is no version (it is "two"). Write up to three numbers, such as '2.4.0'."
    `);
  });
});
