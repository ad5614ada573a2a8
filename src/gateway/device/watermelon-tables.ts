/** Changes of several entities as WatermelonDB has them: rows by table, ids of rows that are gone. */
import { isSyncError } from '../../domain/errors.ts';
import { jsonMembers } from '../../domain/json-members.ts';
import { isJsonType } from '../../domain/upload/document-values.ts';
import type { FeedEntity } from '../../store/feed-entity.ts';
import { readFeedPage } from '../../store/feed-page.ts';
import type { FeedPosition } from '../../store/feed-position.ts';
import type { Reading, ScopedClient } from './feed-reading.ts';

export type TablesQuery = {
  readonly readings: readonly Reading[];
  readonly device: string;
  readonly positions: Readonly<Record<string, FeedPosition>>;
  /** Nobody knows any more what the device has. */
  readonly replaceAll: boolean;
  /** Entities of which all rows are sent again. */
  readonly anew: ReadonlySet<string>;
  readonly pageRows: number;
  /** Of one reply, which is one text in the memory of both sides. A table that is replaced has to be whole. */
  readonly mostRows: number;
};

type Table = {
  readonly name: string;
  readonly updated: readonly string[];
  readonly deleted: readonly string[];
};

export type Tables = {
  readonly tables: readonly Table[];
  /** Names of those that are sent whole, to replace what the device has. */
  readonly replaced: readonly string[];
  readonly positions: Readonly<Record<string, FeedPosition>>;
  readonly rows: number;
  readonly hasMore: boolean;
};

type Pages = {
  readonly documents: readonly string[];
  readonly position: FeedPosition;
  readonly hasMore: boolean;
};

export async function readTables(client: ScopedClient, query: TablesQuery): Promise<Tables> {
  const tables: Table[] = [];
  const replaced: string[] = [];
  const positions: Record<string, FeedPosition> = {};
  let rows = 0;
  let hasMore = false;
  for (const reading of query.readings) {
    const name = reading.entity.spec.entity;
    const from = query.anew.has(name) || !Object.hasOwn(query.positions, name) ? null : query.positions[name];
    const read = await readOrReplace(client, {
      query,
      reading,
      from: from ?? null,
      left: query.mostRows - rows,
    });
    if (read === null) {
      hasMore = true;
      continue;
    }
    tables.push(tableOf(reading.entity, read.pages.documents));
    positions[name] = read.pages.position;
    if (read.isWhole) replaced.push(name);
    rows += read.pages.documents.length;
    hasMore ||= read.pages.hasMore;
  }
  return { tables, replaced, positions, rows, hasMore };
}

type TableQuery = {
  readonly query: TablesQuery;
  readonly reading: Reading;
  readonly from: FeedPosition | null;
  /** Rows that may still come. */
  readonly left: number;
};

/** null: the reply is full before it. */
async function readOrReplace(
  client: ScopedClient,
  wanted: TableQuery,
): Promise<{ readonly pages: Pages; readonly isWhole: boolean } | null> {
  const whole = async () => ({
    pages: await readPages(client, { ...wanted, from: null, left: Number.POSITIVE_INFINITY }),
    isWhole: true,
  });
  if (wanted.query.replaceAll) return whole();
  if (wanted.left <= 0) return null;
  try {
    return { pages: await readPages(client, wanted), isWhole: false };
  } catch (error) {
    if (isSyncError(error, 'CURSOR_EXPIRED')) return whole();
    throw error;
  }
}

async function readPages(client: ScopedClient, { query, reading, from, left }: TableQuery): Promise<Pages> {
  const documents: string[] = [];
  for (let position = from; ; ) {
    const page = await readFeedPage(client, reading.entity, {
      position,
      scope: reading.scope,
      limit: Math.min(query.pageRows, left - documents.length),
      fields: 'all',
      device: query.device,
    });
    for (const document of page.documents) documents.push(document);
    if (!page.hasMore || documents.length >= left) return { ...page, documents };
    position = page.position;
  }
}

function tableOf(entity: FeedEntity, documents: readonly string[]): Table {
  const json = new Set(entity.columns.filter(({ type }) => isJsonType(type)).map(({ name }) => name));
  // A row may come twice, as it catches up and by the feed: WatermelonDB takes each id once.
  const byId = new Map<string, string | null>();
  for (const document of documents) {
    const { id, isDeleted } = headOf(document);
    byId.delete(id);
    byId.set(id, isDeleted ? null : json.size === 0 ? document : withTexts(document, json));
  }
  return {
    name: entity.spec.entity,
    updated: [...byId.values()].filter((document) => document !== null),
    deleted: [...byId].flatMap(([id, document]) => (document === null ? [id] : [])),
  };
}

/** Both stand in front of the columns. */
function headOf(document: string): { readonly id: string; readonly isDeleted: boolean } {
  let id = 'null';
  for (const [name, value] of jsonMembers(document)) {
    if (name === 'id') id = value;
    if (name === '_deleted') return { id, isDeleted: value === 'true' };
  }
  return { id, isDeleted: false };
}

/** WatermelonDB keeps JSON as text. */
function withTexts(document: string, json: ReadonlySet<string>): string {
  const members = [...jsonMembers(document)].map(([name, value]) => {
    const said = json.has(name) && value !== 'null' ? JSON.stringify(value) : value;
    return `${JSON.stringify(name)}:${said}`;
  });
  return `{${members.join(',')}}`;
}

/** The members of the reply, without braces. */
export function tablesText({ tables, replaced }: Tables): string {
  const changes = tables.map(
    ({ name, updated, deleted }) =>
      `${JSON.stringify(name)}:{"created":[],"updated":[${updated.join(',')}],"deleted":[${deleted.join(',')}]}`,
  );
  const text = `"changes":{${changes.join(',')}}`;
  if (replaced.length === 0) return text;
  const override = Object.fromEntries(replaced.map((name) => [name, 'replacement']));
  return `${text},"experimentalStrategy":${JSON.stringify({ default: 'incremental', override })}`;
}
