/** A device as an app has it: it registers at the gateway, keeps a copy of the rows that it pulls, and pushes its edits. */
import { randomUUID } from 'node:crypto';
import type { WireMutation } from '../../src/domain/upload/wire.ts';
import { signToken } from '../../src/gateway/access/sign-token.ts';
import type { Stack } from '../stack.ts';
import type { Device } from './offline-edits.ts';

/** A row of the copy, by the names of the mirror's columns. */
export type CopiedRow = Readonly<Record<string, unknown>> & { readonly id: string };

export type PushResult = {
  readonly id: string;
  readonly status: 'applied' | 'merged' | 'conflict' | 'pending_approval' | 'rejected';
  readonly conflictId?: string;
  readonly problem?: { readonly code: string; readonly message: string };
};

export type HttpDevice = {
  /** Whatever is new. @returns how many rows came. */
  pull(): Promise<number>;
  row(id: string): CopiedRow | undefined;
  push(mutations: readonly WireMutation[]): Promise<readonly PushResult[]>;
};

const ENTITY = 'employees';
const TOKEN_S = 900;
/** A push that is still being worked on is answered by 503, and asked for again with its key. */
const RETRY_MS = 500;

type Page = {
  readonly documents: readonly CopiedRow[];
  readonly checkpoint: { readonly cursor: string };
  readonly hasMore: boolean;
};

/** Registered. */
export async function openHttpDevice({ config }: Stack, url: string, who: Device): Promise<HttpDevice> {
  if (config.gateway === null) throw new Error('The demo’s configuration has no gateway');
  const token = await signToken(config.gateway.auth, {
    user: who.user,
    device: who.device,
    roles: ['device'],
    permissions: [],
    claims: {},
    lifetimeSeconds: TOKEN_S,
  });
  const ask = asker(url, token);
  await ask('/v1/sync/register', { body: '{}' });
  const copy = new Map<string, CopiedRow>();
  let cursor: string | null = null;
  return {
    pull: async () => {
      let came = 0;
      for (let hasMore = true; hasMore; ) {
        const from: string = cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`;
        const page = (await ask(`/v1/sync/${ENTITY}/pull${from}`)) as Page;
        for (const row of page.documents) copy.set(row.id, row);
        came += page.documents.length;
        ({ hasMore } = page);
        ({ cursor } = page.checkpoint);
      }
      return came;
    },
    row: (id) => copy.get(id),
    push: async (mutations) => {
      const rows = mutations.map(({ row, values, base, hlc, mutation }) => ({
        newDocumentState: { id: row, ...base?.values, ...values },
        assumedMasterState: { id: row, ...base?.values },
        mutation,
        hlc,
      }));
      const { results } = (await ask(`/v1/sync/${ENTITY}/push`, {
        body: JSON.stringify({ rows }),
        key: randomUUID(),
      })) as { results: readonly PushResult[] };
      return results;
    },
  };
}

type Asked = { readonly body?: string; readonly key?: string };

/** @returns the reply; anything else than 200 is an error with what the gateway said. */
function asker(url: string, token: string): (path: string, asked?: Asked) => Promise<unknown> {
  return async (path, { body, key } = {}) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    };
    for (;;) {
      const reply = await fetch(`${url}${path}`, {
        headers,
        ...(body !== undefined && { method: 'POST', body }),
      });
      const said = await reply.text();
      if (reply.status === 200) return JSON.parse(said);
      if (reply.status !== 503 || key === undefined) throw new Error(`${path}: ${reply.status} ${said}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };
}
