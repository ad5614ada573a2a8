/** Edits go to the server in batches; what became of each decides what this device has. */
import { randomUUID } from 'node:crypto';
import { hear, setBack, tick } from './clock.ts';
import { put } from './pull.ts';
import type { Document, Edit, State } from './state.ts';

export type Result = {
  readonly entity: string;
  readonly id: string | null;
  readonly status: 'applied' | 'merged' | 'conflict' | 'pending_approval' | 'rejected';
  readonly rev: string | null;
  readonly conflictId?: string;
  readonly problem?: { readonly code: string; readonly message: string };
};

export type PushReply = {
  readonly conflicts: Readonly<Record<string, readonly Document[]>>;
  readonly results: readonly Result[];
  readonly serverHlc: string;
};

/** The batch that is on its way, else the next one. Saved before it is sent, it is the same after a restart. */
export function batchOf(state: State): { readonly key: string; readonly edits: readonly Edit[] } | null {
  if (state.queue.length === 0) return null;
  state.sending ??= { key: randomUUID(), count: Math.min(state.pushRows, state.queue.length) };
  return { key: state.sending.key, edits: state.queue.slice(0, state.sending.count) };
}

export function bodyOf(edits: readonly Edit[]): string {
  const rows = edits.map(({ assumedMasterState, ...edit }) => ({
    ...edit,
    ...(assumedMasterState !== null && { assumedMasterState }),
  }));
  return JSON.stringify({ rows });
}

/** @returns what the user should hear of: an edit that is stamped anew is not among it. */
export function takeReply(state: State, edits: readonly Edit[], reply: PushReply): Result[] {
  const isAhead = (result: Result | undefined): boolean => result?.problem?.code === 'CLOCK_AHEAD';
  edits.forEach((edit, i) => {
    const result = reply.results[i];
    if (result !== undefined && !isAhead(result)) keep(state, edit, result);
  });
  // As they are now: they stand above what this device believed.
  for (const [entity, documents] of Object.entries(reply.conflicts)) {
    const copy = state.copies[entity];
    for (const document of documents) if (copy !== undefined) put(copy, document);
  }
  const ahead = edits.filter((_, i) => isAhead(reply.results[i]));
  state.queue = [...ahead, ...state.queue.slice(edits.length)];
  state.sending = null;
  if (ahead.length > 0) stampAnew(state, reply.serverHlc);
  else hear(state.clock, reply.serverHlc);
  return reply.results.filter((result) => !isAhead(result));
}

/**
 * What is taken, or waits for a decision, is in the row from here on; what becomes of it comes by a pull. The rest of the
 * row stays: others may have changed it since the user saw it.
 */
function keep({ copies }: State, edit: Edit, { status }: Result): void {
  const copy = copies[edit.entity];
  if (copy === undefined || status === 'conflict' || status === 'rejected') return;
  const after = withEdit(copy.rows[edit.newDocumentState.id], edit);
  put(copy, after ?? { ...edit.newDocumentState, _deleted: true });
}

/** @returns the row with the edit above it; undefined: there is none then. */
export function withEdit(row: Document | undefined, edit: Edit): Document | undefined {
  const { newDocumentState: now, assumedMasterState: before } = edit;
  if (now._deleted === true) return undefined;
  if (before === null) return now;
  // A row that others deleted: what becomes of the edit, the push says.
  if (row === undefined) return undefined;
  return { ...row, ...changed(now, before) };
}

function changed(now: Document, before: Document): Record<string, unknown> {
  const fields = Object.entries(now).filter(
    ([name, value]) => name !== 'rev' && JSON.stringify(value) !== JSON.stringify(before[name]),
  );
  return Object.fromEntries(fields);
}

/** In order, and each as a change of its own: the old ones were refused. */
function stampAnew(state: State, serverHlc: string): void {
  setBack(state.clock, serverHlc);
  const node = state.node ?? '';
  state.queue = state.queue.map((edit) => ({
    ...edit,
    mutation: randomUUID(),
    hlc: tick(state.clock, node),
  }));
}

/** 413: nothing of it was taken. @returns edits that are too large by themselves, and are given up. */
export function sendFewer(state: State): readonly Edit[] {
  const count = state.sending?.count ?? state.pushRows;
  state.sending = null;
  if (count === 1) return state.queue.splice(0, 1);
  state.pushRows = Math.ceil(count / 2);
  return [];
}
