/** From what the schema accepted to `SyncConfig`: defaults, names that refer to others, rules between entities. */
import type { z } from 'zod';
import type {
  PipelineSpec,
  ScheduleSpec,
  SourceSettings,
  SyncConfig,
  TemporalSettings,
} from '../domain/config.ts';
import { pipelineHash } from '../domain/config-hash.ts';
import type { ParsedConfig, ParsedPipeline, ParsedSource } from '../domain/config-schema.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { captureProblems } from './capture-problems.ts';
import { mirrorProblems } from './mirror-owners.ts';
import { meant, type Problem, problemsOf } from './problems.ts';
import { resolveEntity } from './resolve-entity.ts';
import type { Environment } from './resolve-env.ts';
import { gatewayProblems, readerOf, resolveGateway } from './resolve-gateway.ts';
import { resolveNotifications } from './resolve-notifications.ts';

export type Resolving = {
  readonly path: string;
  readonly parsed: ParsedConfig;
  /** With its env references. */
  readonly written: unknown;
  readonly sourceKinds: Readonly<Record<string, z.ZodType>>;
  readonly environment: Environment;
};

export function resolveConfig(work: Resolving): { config: SyncConfig; problems: Problem[] } {
  const { parsed, environment } = work;
  const problems: Problem[] = [];
  const temporal = resolveTemporal(parsed.temporal, environment);
  const sources = mapValues(parsed.sources, (source, name) =>
    resolveSource(work, { name, source }, problems),
  );
  const { url, poolMax = 10, tls } = parsed.store;
  const store = { url, poolMax, ...(tls && { tls: defined(tls) }) };
  const gateway = resolveGateway(parsed.gateway, store);
  const reader = readerOf(gateway, store);
  const pipelines = mapValues(parsed.pipelines, (pipeline, name) =>
    resolvePipeline({ name, pipeline, sources, taskQueue: temporal.taskQueue, reader }, problems),
  );
  const entities = Object.values(pipelines).flatMap((pipeline) => Object.values(pipeline.entities));
  problems.push(...nameProblems(entities), ...mirrorProblems(entities));
  problems.push(...captureProblems({ entities, sources, sourceKinds: work.sourceKinds }));
  problems.push(...gatewayProblems(gateway, entities));
  const notifications = resolveNotifications(parsed.notifications);
  return {
    config: { path: work.path, store, temporal, notifications, gateway, sources, pipelines },
    problems,
  };
}

function resolveTemporal(parsed: ParsedConfig['temporal'], environment: Environment): TemporalSettings {
  const { address, namespace = 'default', taskQueue = 'syncline', uiUrl, apiKey, tls } = parsed ?? {};
  return {
    address: address ?? (environment.TEMPORAL_ADDRESS || 'localhost:7233'),
    namespace,
    taskQueue,
    ...(uiUrl !== undefined && { uiUrl: uiUrl.replace(/\/+$/, '') }),
    ...(apiKey !== undefined && { apiKey }),
    ...(tls !== undefined && { tls }),
  };
}

const COMMON_OPTIONS = ['kind', 'timeZone', 'limits', 'retry'] as const;

function resolveSource(
  { sourceKinds, written }: Resolving,
  { name, source }: { name: string; source: ParsedSource },
  problems: Problem[],
): SourceSettings {
  const { kind, timeZone = 'UTC', limits, retry, ...own } = source;
  const at = ['sources', name];
  const schema = Object.hasOwn(sourceKinds, kind) ? sourceKinds[kind] : undefined;
  let options: Record<string, unknown> = {};
  if (schema === undefined) {
    problems.push({
      path: [...at, 'kind'],
      problem: `is "${kind}", which is no kind of source`,
      fix: meant(kind, Object.keys(sourceKinds)),
    });
  } else {
    const checked = schema.safeParse(own);
    if (checked.success) options = checked.data as Record<string, unknown>;
    else problems.push(...problemsOf(checked.error, { schema, written, at, alsoKnown: COMMON_OPTIONS }));
  }
  const { baseMs = 1_000, multiplier = 2, maxMs = 32_000, maxFailures = null, jitter = 0.2 } = retry ?? {};
  const retrySettings = { baseMs, multiplier, maxMs, maxFailures, jitter };
  return { name, kind, timeZone, concurrency: limits?.concurrency ?? 4, retry: retrySettings, options };
}

function resolvePipeline(
  given: {
    name: string;
    pipeline: ParsedPipeline;
    sources: Readonly<Record<string, SourceSettings>>;
    taskQueue: string;
    reader: string | null;
  },
  problems: Problem[],
): PipelineSpec {
  const { name, pipeline, sources, reader } = given;
  const source = Object.hasOwn(sources, pipeline.source) ? sources[pipeline.source] : undefined;
  if (source === undefined) {
    const path = ['pipelines', name, 'source'];
    problems.push({
      path,
      problem: `is "${pipeline.source}", which is not in sources`,
      fix: meant(pipeline.source, Object.keys(sources)),
    });
  }
  const { kind: sourceKind = '', timeZone = 'UTC' } = source ?? {};
  const entities = mapValues(pipeline.entities, (parsed, entity) => ({
    ...resolveEntity(parsed, { entity, pipeline: name, source: pipeline.source, timeZone }, problems),
    ...(reader !== null && { reader }),
  }));
  const revision = pipeline.revision ?? null;
  const { incremental, full } = pipeline.schedule ?? {};
  return {
    pipeline: name,
    source: pipeline.source,
    taskQueue: pipeline.taskQueue ?? given.taskQueue,
    parallelEntities: pipeline.parallelEntities ?? 2,
    schedule: {
      ...(incremental && { incremental: resolveSchedule(incremental) }),
      ...(full && { full: resolveSchedule(full) }),
    },
    entities,
    revision,
    hash: pipelineHash({ pipeline: name, source: pipeline.source, sourceKind, timeZone, entities, revision }),
  };
}

type ParsedSchedule = NonNullable<NonNullable<ParsedPipeline['schedule']>['full']>;

function resolveSchedule({ every, cron, timeZone = 'UTC' }: ParsedSchedule): ScheduleSpec {
  return {
    ...(every !== undefined && { every }),
    ...(cron !== undefined && { cron: cron.trim() }),
    timeZone,
  };
}

/** Checkpoints, quarantine and the feed know entities by their name alone. */
function nameProblems(entities: readonly EntitySpec[]): Problem[] {
  const owners = new Map<string, string>();
  return entities.flatMap(({ entity, pipeline }): Problem[] => {
    const owner = owners.get(entity);
    owners.set(entity, owner ?? pipeline);
    if (owner === undefined) return [];
    const fix = `Give one of them another name, such as ${pipeline}_${entity}.`;
    return [
      {
        path: ['pipelines', pipeline, 'entities', entity],
        problem: `has the name of an entity of pipeline ${owner}`,
        fix,
      },
    ];
  });
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  map: (value: T, key: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

/** Without keys whose value is undefined, which exactOptionalPropertyTypes tells from missing ones. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as never;
}
