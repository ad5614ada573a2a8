/** `syncline plan`: what a run would do, without doing it; with --apply: makes the mirrors fit. */
import { Command } from 'commander';
import type { Source } from '../../connectors/contract.ts';
import { bindPlan } from '../../domain/bind-plan.ts';
import type { EntitySpec } from '../../domain/entity.ts';
import { EXIT, isSyncError } from '../../domain/errors.ts';
import { compileShape } from '../../domain/shape.ts';
import { bringMirror } from '../../store/bring-mirror.ts';
import { readCheckpoint } from '../../store/checkpoints.ts';
import { type MirrorChange, planMirror } from '../../store/mirror-ddl.ts';
import type { Store } from '../../store/open.ts';
import type { Register } from '../command.ts';
import { pipelineOf, withContext } from '../context.ts';
import { count, table } from '../output.ts';

const SAMPLE_ROWS = 1_000;

export type EntityForecast = {
  readonly entity: string;
  readonly pipeline: string;
  readonly mirror: string;
  readonly estimatedRows: number;
  readonly nextRun: string;
  readonly columns: readonly {
    name: string;
    type: string;
    from: string | null;
    sourceType: string | null;
    role: string;
  }[];
  readonly mirrorChanges: readonly MirrorChange[];
  readonly sample: { rows: number; rejected: number; reasons: readonly string[] };
  readonly warnings: readonly string[];
  readonly error?: { code: string; message: string; remedy: string };
};

export function planCommand(register: Register): Command {
  const command = new Command('plan')
    .description('what a run would do: tables, types, rows, and changes of the mirrors')
    .argument('[pipeline]')
    .option('--apply', 'create mirrors, and take over compatible changes of the source', false);
  return register<{ apply: boolean }>(command, (options, output, [pipeline]) =>
    withContext(options, async (context) => {
      const pipelines =
        pipeline === undefined
          ? Object.values(context.config.pipelines)
          : [pipelineOf(context.config, pipeline)];
      const store = await context.store();
      const forecasts: EntityForecast[] = [];
      for (const { source, entities, schedule } of pipelines) {
        const opened = context.source(source);
        for (const spec of Object.values(entities)) {
          const forecast = await forecastEntity({ store, source: opened, spec, apply: options.apply });
          forecasts.push(
            schedule.full === undefined && spec.changedAt ? withoutFullRuns(forecast) : forecast,
          );
        }
      }
      output.result(forecasts, () => forecasts.map(forecastText).join('\n\n'));
      if (forecasts.some((forecast) => forecast.error !== undefined)) return EXIT.config;
      return !options.apply && forecasts.some((forecast) => forecast.mirrorChanges.length > 0)
        ? EXIT.differences
        : EXIT.ok;
    }),
  );
}

function withoutFullRuns(forecast: EntityForecast): EntityForecast {
  const warning = 'no full run is scheduled, so deleted rows stay in the mirror until someone starts one';
  return { ...forecast, warnings: [...forecast.warnings, warning] };
}

async function forecastEntity(work: {
  store: Store;
  source: Source;
  spec: EntitySpec;
  apply: boolean;
}): Promise<EntityForecast> {
  const { store, source, spec } = work;
  const base = {
    entity: spec.entity,
    pipeline: spec.pipeline,
    mirror: `${spec.mirror.schema}.${spec.mirror.table}`,
    estimatedRows: 0,
    nextRun: 'unknown',
    columns: [],
    mirrorChanges: [],
    sample: { rows: 0, rejected: 0, reasons: [] },
    warnings: [],
  };
  try {
    const signal = AbortSignal.timeout(120_000);
    const shape = await source.describe(spec, signal);
    const plan = bindPlan(spec, shape);
    const changes = work.apply
      ? (await bringMirror(store.pool, plan, { onDrift: 'apply' })).changes
      : await planMirror(store.pool, plan);
    const checkpoint = await readCheckpoint(store.pool, spec.entity);
    const piece = await source.sample(plan, SAMPLE_ROWS, signal);
    const shaped = await compileShape(plan, 'staging')(piece);
    const sourceTypes = new Map(shape.columns.map((column) => [column.name, column.sourceType]));
    return {
      ...base,
      estimatedRows: shape.estimatedRows,
      nextRun: nextRun(spec, checkpoint),
      columns: plan.mirrorColumns.map(({ name, type, from, role }) => ({
        name,
        type,
        from,
        sourceType: from === null ? null : (sourceTypes.get(from) ?? null),
        role,
      })),
      mirrorChanges: changes,
      sample: {
        rows: piece.rows,
        rejected: shaped.rejects.length,
        reasons: [...new Set(shaped.rejects.map((reject) => reject.detail))].slice(0, 5),
      },
      warnings: warningsOf(spec, shape.keyOrder),
    };
  } catch (error) {
    if (!isSyncError(error)) throw error;
    return { ...base, error: { code: error.code, message: error.message, remedy: error.remedy } };
  }
}

function nextRun(
  spec: EntitySpec,
  checkpoint: { watermark: string | null; needsFull: boolean } | null,
): string {
  if (checkpoint === null) return 'full, because there is no checkpoint yet';
  if (checkpoint.needsFull) return 'full, because the mirror changed';
  if (spec.changedAt === null) return 'only full runs read it: it has no changedAt';
  return `changes since ${checkpoint.watermark}`;
}

/** What a person should know of an entity before relying on it (C5, C20). */
function warningsOf(spec: EntitySpec, keyOrder: 'bytes' | 'unproved'): string[] {
  const warnings = [];
  if (spec.changedAt !== null) {
    warnings.push('deletes, changed keys and rows that leave the query are seen by full runs only');
  }
  if (spec.read.kind === 'sql') {
    const joins = spec.read.sql.match(/\bjoin\b/gi)?.length ?? 0;
    const changedAt = spec.changedAt?.columns.length ?? 0;
    if (joins > 0 && changedAt <= joins) {
      warnings.push(
        `the query joins ${joins + 1} tables, but changedAt lists ${changedAt}: changes of the others are seen by full runs only`,
      );
    }
    const inner = spec.read.sql.match(/(?<!\b(?:left|right|full)(?:\s+outer)?\s+)\bjoin\b/gi)?.length ?? 0;
    if (inner > 0)
      warnings.push('an inner join drops rows without a match: a missing match tombstones the row');
  }
  if (keyOrder === 'unproved') {
    warnings.push('the source orders keys in its own way: full runs keep a list of all keys to find deletes');
  }
  return warnings;
}

function forecastText(forecast: EntityForecast): string {
  const title = `${forecast.pipeline} / ${forecast.entity} → ${forecast.mirror}`;
  if (forecast.error !== undefined) {
    return `${title}\n  ✗ ${forecast.error.code}: ${forecast.error.message}\n    → ${forecast.error.remedy}`;
  }
  const { sample } = forecast;
  return [
    title,
    `  about ${count(forecast.estimatedRows)} rows; next run: ${forecast.nextRun}`,
    table(
      ['column', 'type', 'from', 'source type', ''],
      forecast.columns.map(({ name, type, from, sourceType, role }) => [
        name,
        type,
        from,
        sourceType,
        role === 'from' ? '' : role,
      ]),
    ),
    ...forecast.mirrorChanges.map((change) => `  mirror: ${change.description}`),
    ...(sample.rejected > 0
      ? [
          `  ! ${sample.rejected} of ${sample.rows} sampled rows would be quarantined: ${sample.reasons.join('; ')}`,
        ]
      : []),
    ...forecast.warnings.map((warning) => `  ! ${warning}`),
  ].join('\n');
}
