/** How the audience becomes a device of the demo. */
import { signToken } from '../../src/gateway/access/sign-token.ts';
import type { Stack } from '../stack.ts';

/** @returns lines to say; the token in them is good for a quarter of an hour. */
export async function howToJoin({ config }: Stack, url: string): Promise<string[]> {
  if (config.gateway === null) return [];
  const token = await signToken(config.gateway.auth, {
    user: 'you',
    device: 'your-laptop',
    roles: ['device'],
    permissions: [],
    claims: {},
    lifetimeSeconds: 900,
  });
  return [
    'Be a device yourself, for a quarter of an hour (examples/client/README.md):',
    `  alias device="npx tsx examples/client/main.ts --url ${url} --entities employees --token ${token}"`,
    `  device sync && device rows employees | head -3`,
  ];
}
