/** What the tests of connectors share: specs, plans, and streams read to their end. */
import type { PieceStream, Source } from '../../src/connectors/contract.ts';
import { openSource } from '../../src/connectors/registry.ts';
import { bindPlan } from '../../src/domain/bind-plan.ts';
import type { SourceSettings } from '../../src/domain/config.ts';
import type { EntityPlan, EntitySpec, Piece } from '../../src/domain/entity.ts';

export const never = new AbortController().signal;

export function specOf(changes: Partial<EntitySpec> & Pick<EntitySpec, 'read'>): EntitySpec {
  return {
    entity: 'items',
    pipeline: 'shop',
    source: 'shop',
    key: ['id'],
    changedAt: null,
    mirror: { schema: 'shop', table: 'items', shared: false },
    columns: null,
    localColumns: [],
    validate: null,
    deduplicate: null,
    softDelete: null,
    massDeleteGuardPercent: 20,
    maxQuarantined: null,
    chunkRows: 50_000,
    lanes: 2,
    maxValueBytes: 64 * 1024 * 1024,
    capture: false,
    schemaChanges: 'stop',
    upload: null,
    feed: null,
    ...changes,
  };
}

export function changedAt(...columns: string[]): EntitySpec['changedAt'] {
  return { columns, setBy: 'database', overlapMs: 0 };
}

export async function planOf(source: Source, changes: Parameters<typeof specOf>[0]): Promise<EntityPlan> {
  const spec = specOf(changes);
  return bindPlan(spec, await source.describe(spec, never));
}

export function openPostgres(
  url: string,
  options: Record<string, unknown> = {},
  settings: Partial<SourceSettings> = {},
): Source {
  return openSource(
    {
      name: 'shop',
      kind: 'postgres',
      timeZone: 'UTC',
      concurrency: 4,
      retry: { baseMs: 1_000, multiplier: 2, maxMs: 32_000, maxFailures: null, jitter: 0.2 },
      options: { url, ...options },
      ...settings,
    },
    { applicationName: 'syncline/test' },
  );
}

export async function piecesOf(stream: PieceStream): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

export function rowsOf(pieces: readonly Piece[]): (string | null)[][] {
  return pieces.flatMap((piece) => {
    if (piece.format !== 'rows') throw new Error('not rows');
    return piece.values.map((values) => [...values]);
  });
}
