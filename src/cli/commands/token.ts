/** `syncline token`: a token to try the gateway with, signed with the secret that the configuration shares with the issuer. */
import { Command } from 'commander';
import { parseDuration } from '../../domain/duration.ts';
import { EXIT, SyncError } from '../../domain/errors.ts';
import { collect, usageError } from '../arguments.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';
import { userName } from '../who.ts';

type Options = {
  user?: string;
  device?: string;
  role: string[];
  permission: string[];
  claim: string[];
  expires: string;
};

const DEFAULT_ROLES = ['device'];

const HELP = `
For development: it needs gateway.auth.secret. --claim regions=US gives a text, --claim regions:='["US","CA"]' gives JSON.

  curl -H "Authorization: Bearer $(syncline token --role operator)" http://127.0.0.1:8080/v1/pipelines`;

export function tokenCommand(register: Register): Command {
  const command = new Command('token')
    .description('sign a token to try the gateway with, where the configuration has the issuer’s secret')
    .option('--user <name>', 'who it is for (default: your user name)')
    .option('--device <id>', 'the device that it names (default: none)')
    .option('--role <name>', 'a role (repeatable; default: device)', collect, [])
    .option('--permission <name>', 'a permission (repeatable)', collect, [])
    .option('--claim <name=value>', 'another claim, such as that of a partition (repeatable)', collect, [])
    .option('--expires <duration>', 'how long it is good for', '15 minutes')
    .addHelpText('after', HELP);
  return register<Options>(command, async (options, output) => {
    const { gateway } = await readConfig(options);
    if (gateway === null) {
      throw new SyncError('CONFIG_INVALID', {
        message: 'The configuration has no `gateway`',
        remedy: 'Add gateway: { auth: { issuer, audience, secret } }, as docs/configuration.md shows.',
      });
    }
    const { signToken } = await import('../../gateway/access/sign-token.ts');
    const { user = userName(), device = null, role, permission } = options;
    const signed = await signToken(gateway.auth, {
      user,
      device,
      roles: role.length === 0 ? DEFAULT_ROLES : role,
      permissions: permission,
      claims: Object.fromEntries(options.claim.map(claimOf)),
      lifetimeSeconds: secondsOf(options.expires),
    });
    // Not `token`: what has that name is never printed.
    output.result({ bearer: signed }, () => signed);
    return EXIT.ok;
  });
}

function secondsOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== null && ms >= 1_000) return Math.floor(ms / 1_000);
  throw usageError(`--expires ${text} is no duration`, "Write it like '15 minutes'.");
}

function claimOf(text: string): [string, unknown] {
  const [, name, colon, value] = /^([^=:]+)(:?)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw usageError(`--claim ${text} is no claim`, 'Write --claim name=value, or --claim name:=json.');
  }
  return [name, colon === '' ? value : jsonOf(name, value)];
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(
      `The value of --claim ${name} is no JSON`,
      `Quote it for the shell: --claim '${name}:=["a"]'.`,
    );
  }
}
