/** How a row came to be as it is: reads, changes, verdicts, conflicts; without values. */
import { type EntityScope, isInScope } from '../domain/access/scope.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { type MirrorRow, readMirrorRow } from '../store/mirror-row.ts';
import type { Store } from '../store/open.ts';
import { namesOfRow, type RowReads, readReads, readStory, type StoryLine } from '../store/row-story.ts';
import { withScope } from '../store/scope-session.ts';
import { withoutNames } from './visible.ts';

export type Explained = {
  readonly entity: string;
  readonly key: string;
  /** All names of the row, on devices too. */
  readonly ids: readonly string[];
  readonly row: Omit<MirrorRow, 'values' | 'keyColumns'> | null;
  readonly reads: RowReads;
  readonly history: readonly StoryLine[];
};

export type Asked = {
  /** The row's key, or the id that its device gave it. */
  readonly name: string;
  /** The latest so many lines of its history. */
  readonly limit: number;
  /** What the asker may see: a row that is not in it looks as if nobody had heard of it. */
  readonly scope: EntityScope;
};

/** @throws SyncError CONFIG_UNKNOWN */
export async function explain(
  store: Pick<Store, 'pool'>,
  spec: EntitySpec,
  { name, limit, scope }: Asked,
): Promise<Explained> {
  const { pool: db } = store;
  const { entity } = spec;
  const { key, ids } = await namesOfRow(db, { entity, name });
  const found = await withScope(store, { readable: [{ entity, scope }] }, (client) =>
    readMirrorRow(client, spec, key),
  );
  if (!isInScope(scope, found?.values ?? {})) throw unheardOf(name, entity);
  const reads = await readReads(db, { entity, key });
  const history = await readStory(db, { entity, key, ids }, limit);
  if (found === null && history.length === 0 && reads.refresh === null) throw unheardOf(name, entity);
  const { values: _, keyColumns: __, ...row } = found ?? { values: null, keyColumns: null };
  return {
    ...{ entity, key, ids },
    row: found === null ? null : shownRow(row as NonNullable<Explained['row']>, scope),
    reads: { ...reads, quarantined: reads.quarantined && withoutNames(reads.quarantined, scope) },
    history: history.map((line) => ({ ...line, what: withoutNames(line.what, scope) })),
  };
}

function shownRow(row: NonNullable<Explained['row']>, { hidden }: EntityScope): Explained['row'] {
  const stamps = Object.entries(row.stamps).filter(([name]) => !hidden.includes(name));
  return { ...row, stamps: Object.fromEntries(stamps) };
}

function unheardOf(name: string, entity: string): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message: `Nobody has heard of row ${name} of ${entity}`,
    remedy: 'Write the key as the mirror has it; parts of a key are joined by |.',
  });
}
