/** What a device keeps in a file: rows, cursors, its clock, and edits that no server has taken yet. */
import { open, readFile, rename } from 'node:fs/promises';
import type { Clock } from './clock.ts';

/** A row as it travels. A row that was made here has no rev until the server has it. */
export type Document = {
  readonly id: string;
  readonly rev?: string;
  readonly _deleted?: boolean;
} & Readonly<Record<string, unknown>>;

export type Edit = {
  /** A new one where it is stamped anew: a refused change is decided once. */
  readonly mutation: string;
  readonly hlc: string;
  readonly entity: string;
  readonly newDocumentState: Document;
  /** What the user saw; null: the row was made here. */
  readonly assumedMasterState: Document | null;
};

export type Copy = {
  cursor: string | null;
  /** As the server has them, as far as this device knows. */
  rows: Record<string, Document>;
  /** While all rows are fetched again (410): the ids that came so far. */
  came: string[] | null;
};

export type State = {
  /** The node of its clock; null: it has not registered yet. */
  node: string | null;
  /** Rows of a push. */
  pushRows: number;
  clock: Clock;
  copies: Record<string, Copy>;
  /** In the order in which they were made. */
  queue: Edit[];
  /** The first edits of the queue are on their way under this key; whether they arrived is not known. */
  sending: { readonly key: string; readonly count: number } | null;
};

export type StateFile = {
  readonly state: State;
  /** Resolves when the state as it is now is on the disk. */
  save(): Promise<void>;
};

export async function openState(path: string, entities: readonly string[]): Promise<StateFile> {
  const state = (await readState(path)) ?? {
    node: null,
    pushRows: 100,
    clock: { last: null, offsetMs: 0 },
    copies: {},
    queue: [],
    sending: null,
  };
  for (const entity of entities) state.copies[entity] ??= { cursor: null, rows: {}, came: null };
  let saved: Promise<void> = Promise.resolve();
  return {
    state,
    save: () => {
      const text = JSON.stringify(state);
      saved = saved.catch(() => undefined).then(() => replace(path, text));
      return saved;
    },
  };
}

/** null: there is none yet. */
async function readState(path: string): Promise<State | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as State;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The old file or the new one, whenever the power goes. */
async function replace(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
