/** What people do with rows that were set aside. */
import { SyncError } from '../domain/errors.ts';
import type { Store } from '../store/open.ts';
import { dropQuarantine, type QuarantinedRow, retryQuarantine, showQuarantine } from '../store/quarantine.ts';

const ACTS = { retry: retryQuarantine, drop: dropQuarantine } as const;

export type QuarantineChoice = {
  readonly act: keyof typeof ACTS;
  readonly entity: string;
  /** null: every row of the entity. */
  readonly keys: readonly string[] | null;
};

/** `retry`: the next run reads the rows again. `drop`: forgets them. @returns how many. @throws SyncError CONFIG_UNKNOWN */
export async function chooseQuarantined(
  { pool: db }: Pick<Store, 'pool'>,
  { act, entity, keys }: QuarantineChoice,
): Promise<number> {
  const rows = await ACTS[act](db, { entity, keys });
  if (rows === 0) throw notThere(`There is no such row of ${entity} in quarantine to ${act}`);
  return rows;
}

/** With the values of its source's row. @throws SyncError CONFIG_UNKNOWN */
export async function readQuarantined(
  { pool: db }: Pick<Store, 'pool'>,
  { entity, key }: { readonly entity: string; readonly key: string },
): Promise<QuarantinedRow> {
  const row = await showQuarantine(db, { entity, key });
  if (row === null) throw notThere(`Row ${key} of ${entity} is not in quarantine`);
  return row;
}

function notThere(message: string): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message,
    remedy: '`syncline quarantine list` shows what is. A row whose key cannot be read has no retry.',
  });
}
