/**
 * A device of a Syncline gateway: rows that can be read and edited without a network, and a `sync()` that can be cut off
 * anywhere and called again. Nothing but fetch and a file.
 */
import { randomUUID } from 'node:crypto';
import { hear, tick } from './clock.ts';
import { type Page, pullAll } from './pull.ts';
import { batchOf, bodyOf, type PushReply, type Result, sendFewer, takeReply, withEdit } from './push.ts';
import { type Call, GatewayError, PATIENT, type Retrying, request } from './request.ts';
import { type Document, type Edit, openState, type State } from './state.ts';

export type ClientOptions = {
  /** Of the gateway, without a slash at its end. */
  readonly url: string;
  /** Where this device keeps what it knows; one file for each user. */
  readonly file: string;
  readonly entities: readonly string[];
  /** The issuer's, for the user who is logged in: asked for at registration, and where the gateway gives none of its own. */
  readonly token: () => string | Promise<string>;
  /** Where the token names no device. */
  readonly deviceId?: string;
  /** Three numbers: 2.4.0 */
  readonly appVersion?: string;
  readonly retrying?: Retrying;
};

export type SyncOutcome = {
  /** Documents that came. */
  readonly pulled: number;
  /** Of each edit that has its verdict now. Tell the user of `conflict`, `rejected` and `pending_approval`. */
  readonly results: readonly Result[];
};

export type Client = {
  rows(entity: string): readonly Document[];
  row(entity: string, id: string): Document | undefined;
  /** Makes a row. @returns its id, which it keeps. */
  insert(entity: string, values: Readonly<Record<string, unknown>>): Promise<string>;
  /** @throws Error when there is no such row. */
  update(entity: string, id: string, values: Readonly<Record<string, unknown>>): Promise<void>;
  remove(entity: string, id: string): Promise<void>;
  /** Edits that have no verdict yet. */
  pending(): readonly Edit[];
  /**
   * Pulls, pushes and pulls again. Whoever calls it while it is at work gets the same outcome.
   * @throws GatewayError: code APP_TOO_OLD asks for an update of the app, DEVICE_REVOKED for a word with the user; after
   * any other, call it again later.
   */
  sync(): Promise<SyncOutcome>;
};

type Registered = {
  readonly nodeId: string;
  readonly pageSizes: { readonly push: { readonly default: number } };
  readonly serverHlc: string;
  readonly token?: string;
};

export async function openClient(options: ClientOptions): Promise<Client> {
  const { state, save } = await openState(options.file, options.entities);
  const call = caller(options, state);
  let running: Promise<SyncOutcome> | null = null;

  const edit = async (
    entity: string,
    newDocumentState: Document,
    assumedMasterState: Document | null,
  ): Promise<void> => {
    const hlc = tick(state.clock, state.node ?? 'unregistered');
    state.queue.push({ mutation: randomUUID(), hlc, entity, newDocumentState, assumedMasterState });
    await save();
  };
  const row = (entity: string, id: string): Document | undefined => view(state, entity)[id];
  const known = (entity: string, id: string): Document => {
    const found = row(entity, id);
    if (found === undefined) throw new Error(`There is no ${entity} ${id} on this device`);
    return found;
  };
  const sync = async (): Promise<SyncOutcome> => {
    await call.ready();
    await save();
    // What is on its way comes first: its reply says how the rows were then, and a pull after it what they are now.
    const results = state.sending === null ? [] : await pushOnce(state, call.send, save);
    let pulled = await pullEntities(state, call.send, save);
    if (state.queue.length === 0 && results.length === 0) return { pulled, results };
    while (state.queue.length > 0) results.push(...(await pushOnce(state, call.send, save)));
    pulled += await pullEntities(state, call.send, save);
    return { pulled, results };
  };
  return {
    rows: (entity) => Object.values(view(state, entity)),
    row,
    insert: async (entity, values) => {
      const id = typeof values.id === 'string' ? values.id : randomUUID();
      await edit(entity, { ...values, id }, null);
      return id;
    },
    update: async (entity, id, values) => {
      const seen = known(entity, id);
      const wanted = { ...seen, ...values, id };
      if (JSON.stringify(wanted) !== JSON.stringify(seen)) await edit(entity, wanted, seen);
    },
    remove: async (entity, id) => {
      const seen = known(entity, id);
      await edit(entity, { ...seen, _deleted: true }, seen);
    },
    pending: () => state.queue,
    sync: () => {
      running ??= sync().finally(() => {
        running = null;
      });
      return running;
    },
  };
}

/** The copy with the user's edits above it. */
function view({ copies, queue }: State, entity: string): Record<string, Document> {
  const rows = { ...copies[entity]?.rows };
  for (const edit of queue) {
    const { id } = edit.newDocumentState;
    if (edit.entity !== entity) continue;
    const row = withEdit(rows[id], edit);
    if (row === undefined) delete rows[id];
    else rows[id] = row;
  }
  return rows;
}

type Send = <T>(call: Call) => Promise<T>;
type Save = () => Promise<void>;

async function pullEntities(state: State, send: Send, save: Save): Promise<number> {
  let came = 0;
  for (const [entity, copy] of Object.entries(state.copies)) {
    const ask = async (cursor: string | null): Promise<Page> => {
      const query = cursor === null ? '' : `?${new URLSearchParams({ cursor })}`;
      const page = await send<Page>({ method: 'GET', path: `/v1/sync/${entity}/pull${query}` });
      hear(state.clock, page.serverHlc);
      return page;
    };
    came += await pullAll(copy, ask, save);
  }
  return came;
}

async function pushOnce(state: State, send: Send, save: Save): Promise<Result[]> {
  const batch = batchOf(state);
  if (batch === null) return [];
  const { key, edits } = batch;
  await save();
  try {
    const body = bodyOf(edits);
    const reply = await send<PushReply>({ method: 'POST', path: '/v1/sync/push', body, key });
    return takeReply(state, edits, reply);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'BODY_TOO_LARGE') throw error;
    const problem = { code: error.code, message: error.message };
    return sendFewer(state).map(({ entity, newDocumentState: { id } }) => ({
      ...{ entity, id, status: 'rejected', rev: null, problem },
    }));
  } finally {
    await save();
  }
}

/** Registers before the first call, and again when the token is not good any more. */
function caller(options: ClientOptions, state: State): { ready(): Promise<void>; send: Send } {
  const { url, deviceId, appVersion, retrying = PATIENT } = options;
  let own: string | null = null;
  let isRegistered = false;

  const register = async (): Promise<void> => {
    const body = JSON.stringify({ deviceId, appVersion });
    const call: Call = { method: 'POST', path: '/v1/sync/register', body };
    const said = await request<Registered>(url, call, { token: await options.token(), retrying });
    own = said.token ?? null;
    if (!isRegistered) state.pushRows = said.pageSizes.push.default;
    isRegistered = true;
    state.node = said.nodeId;
    hear(state.clock, said.serverHlc);
  };
  return {
    ready: async () => {
      if (!isRegistered) await register();
    },
    send: async <T>(call: Call): Promise<T> => {
      try {
        return await request<T>(url, call, { token: own ?? (await options.token()), retrying });
      } catch (error) {
        const isRefused =
          error instanceof GatewayError && ['UNAUTHENTICATED', 'DEVICE_UNKNOWN'].includes(error.code);
        if (!isRefused) throw error;
        await register();
        return request<T>(url, call, { token: own ?? (await options.token()), retrying });
      }
    },
  };
}
