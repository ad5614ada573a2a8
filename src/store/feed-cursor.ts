/**
 * Cursors: positions as devices keep them, signed by the store, so that several gateways believe each other's and nobody
 * else's. A scope is named by its hash and kept here, since it may be long.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SyncError } from '../domain/errors.ts';
import type { Db } from '../pg/pool.ts';
import type { FeedPosition } from './feed-position.ts';
import { hashOf, type Partitions } from './feed-scope.ts';

const SIGNATURE_BYTES = 16;
const MAX_CURSOR_CHARS = 8_192;
/** Scopes that this process has seen kept within the last day. */
const MAX_KNOWN = 2_000;
const KNOWN_MS = 12 * 3_600_000;

type Known = {
  key: string;
  readonly scopes: Map<string, { readonly partitions: Partitions; readonly until: number }>;
};
const knownBy = new WeakMap<object, Promise<Known>>();

/** Everything: the commonest scope needs no row. */
const NO_PARTITIONS = '*';

/** Writes the scope down where it is new: not within a read-only transaction. */
export async function encodeCursor(
  db: Db,
  { entity, position }: { readonly entity: string; readonly position: FeedPosition },
): Promise<string> {
  const known = await knowledgeOf(db);
  const scopes = await Promise.all(
    [position.partitions, ...(position.catchUp?.before ?? [])].map((partitions) =>
      keepScope(db, known, partitions),
    ),
  );
  const { incarnation, base, at, since, device, hidden, filter, catchUp } = position;
  const packed = [
    incarnation,
    base,
    at.xid,
    at.exit,
    at.key,
    since,
    device,
    hidden,
    filter,
    scopes,
    catchUp === null ? null : [catchUp.after, catchUp.until],
  ];
  const body = Buffer.from(JSON.stringify(packed)).toString('base64url');
  return `${body}.${sign(known.key, entity, body).toString('base64url')}`;
}

/** @throws SyncError CURSOR_INVALID, CURSOR_EXPIRED */
export async function decodeCursor(
  db: Db,
  { entity, cursor }: { readonly entity: string; readonly cursor: string },
): Promise<FeedPosition> {
  const known = await knowledgeOf(db);
  const [body = '', signature = '', ...more] = cursor.length > MAX_CURSOR_CHARS ? [] : cursor.split('.');
  const expected = sign(known.key, entity, body);
  const given = Buffer.from(signature, 'base64url');
  if (more.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new SyncError('CURSOR_INVALID', {
      message: `The cursor was not given for ${entity} by this store`,
    });
  }
  const [incarnation, base, xid, exit, key, since, device, hidden, filter, scopes, walk] = JSON.parse(
    Buffer.from(body, 'base64url').toString('utf8'),
  );
  const found = await Promise.all((scopes as string[]).map((hash) => scopeOf(db, known, hash)));
  const [partitions, ...before] = found as [Partitions, ...Partitions[]];
  return {
    incarnation,
    base,
    at: { xid, exit, key },
    since,
    device,
    hidden,
    filter,
    partitions,
    catchUp: walk === null ? null : { before, after: walk[0], until: walk[1] },
  };
}

function sign(key: string, entity: string, body: string): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([entity, body]))
    .digest()
    .subarray(0, SIGNATURE_BYTES);
}

function knowledgeOf(db: Db): Promise<Known> {
  const known = knownBy.get(db);
  if (known !== undefined) return known;
  const fresh = readKey(db).then((key) => ({ key, scopes: new Map() }));
  knownBy.set(db, fresh);
  fresh.catch(() => knownBy.delete(db));
  return fresh;
}

async function readKey(db: Db): Promise<string> {
  const { rows } = await db.query<{ key: string }>('SELECT cursor_key AS key FROM syncline.store_identity');
  return (rows[0] as { key: string }).key;
}

async function keepScope(db: Db, { scopes }: Known, partitions: Partitions): Promise<string> {
  if (Object.keys(partitions).length === 0) return NO_PARTITIONS;
  const hash = hashOf(partitions);
  const known = scopes.get(hash);
  if (known !== undefined && known.until > Date.now()) return hash;
  await db.query(
    `INSERT INTO syncline.feed_scope (hash, scope) VALUES ($1, $2)
     ON CONFLICT (hash) DO UPDATE SET used_at = clock_timestamp()
      WHERE feed_scope.used_at < clock_timestamp() - interval '6 hours'`,
    [hash, JSON.stringify(partitions)],
  );
  remember(scopes, hash, partitions);
  return hash;
}

async function scopeOf(db: Db, { scopes }: Known, hash: string): Promise<Partitions> {
  if (hash === NO_PARTITIONS) return {};
  const known = scopes.get(hash);
  if (known !== undefined) return known.partitions;
  const { rows } = await db.query<{ scope: Partitions }>(
    'SELECT scope FROM syncline.feed_scope WHERE hash = $1',
    [hash],
  );
  const [found] = rows;
  if (found === undefined) {
    throw new SyncError('CURSOR_EXPIRED', { message: 'The cursor is older than what is kept for cursors' });
  }
  return found.scope;
}

function remember(scopes: Known['scopes'], hash: string, partitions: Partitions): void {
  if (scopes.size >= MAX_KNOWN) scopes.clear();
  scopes.set(hash, { partitions, until: Date.now() + KNOWN_MS });
}
