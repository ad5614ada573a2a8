/** The reference client on the command line: `npx tsx examples/client/main.ts --help`. */
import { parseArgs } from 'node:util';
import { type Client, openClient, type SyncOutcome } from './client.ts';
import { follow } from './follow.ts';

const HELP = `npx tsx examples/client/main.ts --url <gateway> --token <token> --entities <a,b> [--file <file>] <what>

  sync                           pull, push, pull
  live                           the same whenever something changed, until Ctrl-C
  rows <entity>                  what this device has
  set <entity> <id> <json>       edit a row, without a network
  insert <entity> <json>         make a row, without a network
  delete <entity> <id>           delete a row, without a network
  pending                        edits that have no verdict yet
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    token: { type: 'string', default: '' },
    entities: { type: 'string', default: '' },
    file: { type: 'string', default: 'device.json' },
    help: { type: 'boolean', default: false },
  },
});

// Whoever reads may have had enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (values.help || positionals.length === 0 || values.entities === '') say(HELP);
else {
  const { url, file, token } = values;
  const entities = values.entities.split(',');
  const client = await openClient({ url, file, entities, token: () => token });
  await run(client, positionals as [string, ...string[]]);
}

async function run(client: Client, [what, entity = '', ...rest]: [string, ...string[]]): Promise<void> {
  const [first = '', second = '{}'] = rest;
  if (what === 'sync') tell(await client.sync());
  else if (what === 'live') await live(client);
  else if (what === 'rows') for (const row of client.rows(entity)) say(JSON.stringify(row));
  else if (what === 'set') await client.update(entity, first, JSON.parse(second));
  else if (what === 'insert') say(await client.insert(entity, JSON.parse(first)));
  else if (what === 'delete') await client.remove(entity, first);
  else if (what === 'pending') for (const edit of client.pending()) say(JSON.stringify(edit));
  else say(HELP);
}

function tell({ pulled, results }: SyncOutcome): void {
  say(`${pulled} documents came`);
  for (const { entity, id, status, problem, conflictId } of results) {
    say(`${entity} ${id}: ${status} ${problem?.message ?? conflictId ?? ''}`.trimEnd());
  }
}

async function live(client: Client): Promise<void> {
  const leaving = new AbortController();
  process.once('SIGINT', () => leaving.abort());
  tell(await client.sync());
  const query = new URLSearchParams({ entities: values.entities });
  await follow(`${values.url}/v1/sync/stream?${query}`, {
    token: () => values.token,
    retryMs: 5_000,
    signal: leaving.signal,
    heard: () => {
      client.sync().then(tell, (error: unknown) => say(String(error)));
    },
  });
}
