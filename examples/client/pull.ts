/** What is new at the server comes into the copy; what the user edited lies above it until it was pushed. */
import { GatewayError } from './request.ts';
import type { Copy, Document } from './state.ts';

export type Page = {
  readonly documents: readonly Document[];
  readonly checkpoint: { readonly cursor: string };
  readonly hasMore: boolean;
  readonly serverHlc: string;
};

/** @returns the documents that came. */
export async function pullAll(
  copy: Copy,
  ask: (cursor: string | null) => Promise<Page>,
  save: () => Promise<void>,
): Promise<number> {
  for (let came = 0; ; ) {
    const page = await askOrBeginAnew(copy, ask);
    take(copy, page);
    // Rows and cursor in one: a cursor that is ahead of its rows would lose them.
    await save();
    came += page.documents.length;
    if (!page.hasMore) return came;
  }
}

/** 410: the way from here to now is not known any more. Edits that were not pushed are not in the copy, and stay. */
async function askOrBeginAnew(copy: Copy, ask: (cursor: string | null) => Promise<Page>): Promise<Page> {
  try {
    return await ask(copy.cursor);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'CURSOR_EXPIRED') throw error;
    copy.cursor = null;
    copy.came = [];
    return ask(null);
  }
}

function take(copy: Copy, { documents, checkpoint, hasMore }: Page): void {
  for (const document of documents) {
    put(copy, document);
    copy.came?.push(document.id);
  }
  copy.cursor = checkpoint.cursor;
  if (copy.came === null || hasMore) return;
  const came = new Set(copy.came);
  copy.rows = Object.fromEntries(Object.entries(copy.rows).filter(([id]) => came.has(id)));
  copy.came = null;
}

export function put(copy: Copy, document: Document): void {
  if (document._deleted === true) delete copy.rows[document.id];
  else copy.rows[document.id] = document;
}
