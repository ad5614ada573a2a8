import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { sourceKinds } from '../../src/connectors/kinds.ts';
import { tokenVerifier } from '../../src/gateway/access/tokens.ts';
import { syncline } from './cli-kit.ts';

const variables = {
  JWT_SECRET: 'a secret of at least thirty-two characters',
  URL_OF_ALL: 'postgres://me@localhost/x',
};

let folder: string;
let shared: string;
let foreign: string;
let without: string;

async function config(name: string, gateway: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(
    path,
    `import { defineSync, env } from 'syncline';
     export default defineSync({ store: { url: env('URL_OF_ALL') }, ${gateway}
       sources: { shop: { kind: 'postgres', url: env('URL_OF_ALL') } },
       pipelines: { p: { source: 'shop', entities: { item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item' } } } } });`,
  );
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncline-token-'));
  const auth = (keys: string) =>
    `gateway: { auth: { issuer: 'https://issuer.test', audience: 'here', ${keys}, claims: { roles: 'groups' } } },`;
  shared = await config('shared.ts', auth(`secret: env('JWT_SECRET')`));
  foreign = await config('foreign.ts', auth(`jwksUrl: 'https://issuer.test/jwks.json'`));
  without = await config('without.ts', '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const token = (path: string, ...args: string[]) => syncline(['token', '-c', path, ...args], variables);

async function claimsOf(bearer: string) {
  const { gateway } = await loadConfig({ path: shared, sourceKinds, environment: variables });
  if (gateway === null) throw new Error('There is no gateway');
  return tokenVerifier(gateway.auth)(bearer.trim());
}

test('signs a token that the gateway takes', async () => {
  const { exit, stdout } = await token(
    shared,
    ...[
      '--user',
      'anna',
      '--device',
      'phone',
      '--role',
      'device',
      '--role',
      'boss',
      '--permission',
      'salary:read',
    ],
    ...['--claim', 'level=public', '--claim', 'regions:=["US","CA"]', '--expires', '5 minutes'],
  );
  expect(exit).toBe(0);
  const claims = await claimsOf(stdout);
  expect(claims).toMatchObject({
    sub: 'anna',
    device_id: 'phone',
    groups: ['device', 'boss'],
    permissions: ['salary:read'],
    level: 'public',
    regions: ['US', 'CA'],
  });
  expect((claims.exp as number) - (claims.iat as number)).toBe(300);
});

test('prints it in JSON too, where nothing is blotted out', async () => {
  const { stdout } = await token(shared, '--json', '--user', 'anna');
  const { bearer } = JSON.parse(stdout) as { bearer: string };
  expect(await claimsOf(bearer)).toMatchObject({ sub: 'anna', groups: ['device'] });
});

test.each<[string, string[], RegExp]>([
  ['an issuer with keys of its own', [], /jwksUrl .* nobody else can sign.*\n.*Get a token from the issuer/],
  ['no gateway', [], /has no `gateway`/],
  [
    'a life that is too long for a device',
    ['--device', 'phone', '--expires', '1 hour'],
    /15 minutes at most/,
  ],
  ['no duration', ['--expires', 'soon'], /--expires soon is no duration/],
  ['a claim without a value', ['--claim', 'regions'], /--claim regions is no claim/],
  ['a claim that is no JSON', ['--claim', 'regions:=[US]'], /--claim regions is no JSON/],
])('says what is wrong with %s', async (what, args, message) => {
  const path = what.startsWith('an issuer') ? foreign : what === 'no gateway' ? without : shared;
  const { exit, stderr, stdout } = await token(path, ...args);
  expect(stderr).toMatch(message);
  expect({ exit, stdout }).toEqual({ exit: 3, stdout: '' });
});
