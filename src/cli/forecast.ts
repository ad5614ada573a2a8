/** What a run would do with an entity, found out without doing it. */

import { KEYS_UNPROVED, ROWS_HIDDEN } from '../connectors/check/check-source.ts';
import { withPatience } from '../connectors/check/patience.ts';
import type { Source } from '../connectors/contract.ts';
import { unsendablePartitions } from '../domain/access/feed-spec.ts';
import { bindPlan } from '../domain/bind-plan.ts';
import { isBroken, seesChanges } from '../domain/capture.ts';
import type { PipelineSpec } from '../domain/config.ts';
import type { EntityPlan, EntitySpec } from '../domain/entity.ts';
import { isSyncError } from '../domain/errors.ts';
import { fillGaps, fillOf } from '../domain/fill.ts';
import type { FailureNote } from '../domain/run.ts';
import { compileShape } from '../domain/shape.ts';
import type { SourceShape } from '../domain/source-shape.ts';
import { bringMirror } from '../store/bring-mirror.ts';
import { type Checkpoint, readCheckpoint } from '../store/checkpoints.ts';
import { storeError } from '../store/migrate.ts';
import type { MirrorChange } from '../store/mirror-compare.ts';
import { planMirror } from '../store/mirror-ddl.ts';
import type { Store } from '../store/open.ts';
import { whyFull } from '../store/why-full.ts';
import { counted } from './text.ts';

const SAMPLE_ROWS = 1_000;
const SOURCE_MS = 120_000;
const MAX_REASONS = 5;

export type ForecastColumn = {
  readonly name: string;
  readonly type: string;
  readonly from: string | null;
  readonly sourceType: string | null;
  readonly role: 'from' | 'compute' | 'local';
  readonly isKey: boolean;
};

export type EntityForecast = {
  readonly entity: string;
  readonly pipeline: string;
  readonly mirror: string;
  readonly estimatedRows: number;
  readonly nextRun: string;
  readonly columns: readonly ForecastColumn[];
  readonly mirrorChanges: readonly MirrorChange[];
  /** true: `mirrorChanges` are done. */
  readonly applied: boolean;
  readonly sample: { readonly rows: number; readonly rejected: number; readonly reasons: readonly string[] };
  /** Losses and weaker promises that a person should know of. */
  readonly warnings: readonly string[];
  readonly advice: SourceShape['advice'];
  readonly error?: Required<FailureNote>;
};

export type ForecastWork = {
  readonly store: Store;
  readonly source: Source;
  readonly pipeline: PipelineSpec;
  readonly spec: EntitySpec;
  readonly mirror: 'look' | 'apply';
};

/** An entity that cannot be synced as it is has its error in the forecast. @throws STORE_UNAVAILABLE */
export async function forecastEntity(work: ForecastWork): Promise<EntityForecast> {
  const { spec } = work;
  try {
    return await withPatience({ ms: SOURCE_MS, what: `The source of ${spec.entity}` }, (signal) =>
      forecast(work, signal),
    );
  } catch (error) {
    const known = storeError(error);
    if (!isSyncError(known) || known.code === 'STORE_UNAVAILABLE') throw known;
    const { code, message, remedy } = known;
    return { ...blank(spec), error: { code, message, remedy } };
  }
}

function blank(spec: EntitySpec): EntityForecast {
  return {
    entity: spec.entity,
    pipeline: spec.pipeline,
    mirror: `${spec.mirror.schema}.${spec.mirror.table}`,
    estimatedRows: 0,
    nextRun: 'unknown',
    columns: [],
    mirrorChanges: [],
    applied: false,
    sample: { rows: 0, rejected: 0, reasons: [] },
    warnings: [],
    advice: [],
  };
}

async function forecast(work: ForecastWork, signal: AbortSignal): Promise<EntityForecast> {
  const { store, source, pipeline, spec, mirror } = work;
  const shape = await source.describe(spec, signal);
  const plan = bindPlan(spec, shape);
  // Before anything is changed: a sample that cannot be read stops the entity.
  const sample = await trySample(source, plan, signal);
  const changes =
    mirror === 'apply'
      ? (await bringMirror(store.pool, plan, { onDrift: 'apply' })).changes
      : await planMirror(store.pool, plan);
  const checkpoint = await readCheckpoint(store.pool, spec.entity);
  const filledBy = fillOf(plan, pipeline.revision);
  const identity = checkpoint === null ? null : (await source.identity(signal)).id;
  return {
    ...blank(spec),
    estimatedRows: shape.estimatedRows,
    nextRun: nextRun({ plan, shape, checkpoint, identity, undone: mirror === 'apply' ? [] : changes }),
    columns: columnsOf(plan, shape),
    mirrorChanges: changes,
    applied: mirror === 'apply',
    sample,
    warnings: [
      ...typeWarnings(plan, shape),
      ...shapeWarnings(shape),
      ...deleteWarnings(plan, pipeline),
      ...writableWarnings(plan),
      ...insertWarnings(plan),
      ...(checkpoint === null ? [] : toldWarnings(fillGaps(filledBy, checkpoint.filledBy).told)),
    ],
    advice: [...captureAdvice(shape), ...shape.advice],
  };
}

async function trySample(
  source: Source,
  plan: EntityPlan,
  signal: AbortSignal,
): Promise<EntityForecast['sample']> {
  const piece = await source.sample(plan, SAMPLE_ROWS, signal);
  const { rejects } = await compileShape(plan, 'staging')(piece);
  const reasons = [...new Set(rejects.map(({ reason, detail }) => `${reason}: ${detail}`))];
  return { rows: piece.rows, rejected: rejects.length, reasons: reasons.slice(0, MAX_REASONS) };
}

type Next = {
  readonly plan: EntityPlan;
  readonly shape: Pick<SourceShape, 'capture'>;
  readonly checkpoint: Checkpoint | null;
  /** Of the source as it is now; null where there is nothing to compare it with. */
  readonly identity: string | null;
  readonly undone: readonly MirrorChange[];
};

function nextRun({ plan, shape, checkpoint, identity, undone }: Next): string {
  const { spec } = plan;
  if (isBroken(shape)) return 'stops with CAPTURE_BROKEN';
  if (undone.some(({ kind }) => kind === 'conflict')) return 'stops with SCHEMA_CHANGED';
  const drift = undone.filter(({ kind }) => kind === 'add-column' || kind === 'widen-column');
  const isLocal = (column: string | null) => spec.localColumns.some(({ name }) => name === column);
  if (spec.schemaChanges === 'stop' && drift.some(({ column }) => !isLocal(column)))
    return 'stops with SCHEMA_CHANGED, until `syncline plan --apply`';
  if (checkpoint !== null && checkpoint.sourceIdentity !== identity)
    return `an increment stops with SOURCE_IDENTITY_CHANGED: \`syncline run ${spec.pipeline} --full\``;
  const why = whyFull(plan, checkpoint);
  if (why !== null) return `full, because ${why}`;
  if (drift.some(({ kind, column }) => kind === 'add-column' && !isLocal(column)))
    return 'full, because the mirror gets a new column';
  if (!seesChanges(spec)) return 'only full runs read it, as it has no changedAt';
  return `changes ${spec.capture ? 'logged ' : ''}since ${checkpoint?.watermark}`;
}

function columnsOf(plan: EntityPlan, shape: SourceShape): ForecastColumn[] {
  const sourceTypes = new Map(shape.columns.map(({ name, sourceType }) => [name, sourceType]));
  return plan.mirrorColumns.map(({ name, type, from, role, keyPosition }) => ({
    name,
    type,
    from,
    sourceType: from === null ? null : (sourceTypes.get(from) ?? null),
    role,
    isKey: keyPosition !== null,
  }));
}

/** Every other loss is refused. */
function typeWarnings({ spec, mirrorColumns }: EntityPlan, shape: SourceShape): string[] {
  const rounded = new Set(
    (spec.columns ?? []).flatMap((column) =>
      column.role === 'from' && column.rounding ? [column.name] : [],
    ),
  );
  return mirrorColumns.flatMap(({ name, type, from }) => {
    const source = shape.columns.find((column) => column.name === from);
    if (!rounded.has(name) || source === undefined || source.mirrorType === type) return [];
    return [`${name} loses digits: ${source.sourceType} is rounded to ${type}, as the configuration says`];
  });
}

/** C5: what a source does not show of itself makes full runs weaker, or slower. */
function shapeWarnings(shape: SourceShape): string[] {
  return [
    ...(shape.seesAllRows ? [] : [ROWS_HIDDEN]),
    ...(shape.keyOrder === 'unproved' ? [KEYS_UNPROVED] : []),
  ];
}

function captureAdvice({ capture }: SourceShape): SourceShape['advice'] {
  return (capture?.problems ?? []).map((problem) => ({
    problem: `Changes are not all logged: ${problem}`,
    sql: capture?.remedy ?? '',
  }));
}

/** C5: what increments see of deletes. The log of `capture` has them all. */
function deleteWarnings({ spec }: EntityPlan, { schedule }: PipelineSpec): string[] {
  if (spec.changedAt === null || spec.capture) return [];
  const seen = 'deletes, changed keys and rows that leave the query are seen by full runs only';
  return [schedule.full === undefined ? `${seen}, and none is scheduled` : seen];
}

/** Where the source names the columns, the configuration could not be checked before. */
function writableWarnings({ spec, mirrorColumns }: EntityPlan): string[] {
  const { upload } = spec;
  if (upload === null) return [];
  const missing = upload.writable.filter((name) => !mirrorColumns.some((column) => column.name === name));
  return missing.map((name) => `upload.writable names ${name}, which the mirror does not have`);
}

function insertWarnings({ spec, keyColumns }: EntityPlan): string[] {
  const columns = unsendablePartitions(spec, keyColumns);
  if (columns.length === 0) return [];
  return [
    `devices cannot make rows until upload.writable names ${columns.join(', ')}, which partitions need`,
  ];
}

function toldWarnings(told: readonly string[]): string[] {
  if (told.length === 0) return [];
  return [`${told.join(' and ')} changed: rows loaded before keep to the old one until the next full run`];
}

export function sampleText({ rows, rejected, reasons }: EntityForecast['sample']): string {
  return `${counted(rejected, 'row')} of ${counted(rows, 'sampled row')} would be quarantined: ${reasons.join('; ')}`;
}
