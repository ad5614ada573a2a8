/** The configuration as a user writes it: one schema, from which the types of `defineSync` and all messages come. */
import { z } from 'zod';
import { gatewaySchema } from './access/gateway-schema.ts';
import {
  checked,
  count,
  duration,
  problem,
  secret,
  section,
  text,
  timeZone,
  whyNoUrl,
  word,
} from './config-fields.ts';
import { whyNoCron } from './cron.ts';
import { entitySchema } from './entity-schema.ts';
import { notificationsSchema } from './notifications-schema.ts';

/** Names go into workflow ids, lock names and the command line. */
const name = checked(z.string(), (value) =>
  /^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(value)
    ? null
    : problem('is not a name', 'Begin with a letter; use letters, digits, _ and -, at most 63.'),
);

const tls = section({
  /** 'verify-full' checks certificate and host name. */
  mode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']),
  /** Certificate of the authority, as PEM text. */
  ca: text.optional(),
  /** Client certificate, as PEM text. */
  cert: text.optional(),
  /** Private key of the client certificate, as PEM text. */
  key: secret.optional(),
});

const store = section({
  /** PostgreSQL 16 or newer: `env('DATABASE_URL')`. */
  url: checked(text, (url) =>
    /^postgres(ql)?:\/\//.test(url)
      ? null
      : problem('is no PostgreSQL URL', 'Write postgres://user@host:5432/database.'),
  ),
  /** Connections of one worker to the store. Default 10. */
  poolMax: count({ min: 2, max: 500 }).optional(),
  tls: tls.optional(),
});

function whyNoPage(value: string): ReturnType<typeof problem> | null {
  const why = whyNoUrl(value, 'Leave them out; people sign in by themselves.');
  return why === null && /[?#]/.test(value)
    ? problem('has more than a path', 'Write the address without anything from ? or # on.')
    : why;
}

const temporal = section({
  /** Default: the variable TEMPORAL_ADDRESS, else 'localhost:7233'. */
  address: text.optional(),
  /** Default 'default'. */
  namespace: text.optional(),
  /** Task queue of pipelines that name none. Default 'syncline'. */
  taskQueue: text.optional(),
  /** Where people open the Temporal UI: 'https://temporal.example.com'. Without it pages are named by their path. */
  uiUrl: checked(text, whyNoPage).optional(),
  /** Of Temporal Cloud. */
  apiKey: secret.optional(),
  tls: z.boolean().optional(),
});

const retry = checked(
  section({
    /** First delay. Default 1000. */
    baseMs: count({ min: 1, max: 3_600_000 }).optional(),
    /** Each delay is so many times the one before. Default 2. */
    multiplier: z
      .number()
      .min(1, { error: 'must be at least 1' })
      .max(10, { error: 'must be at most 10' })
      .optional(),
    /** Longest delay. Default 32000. */
    maxMs: count({ min: 1, max: 86_400_000 }).optional(),
    /** Failures in a row after which the work fails. Default null: never. */
    maxFailures: count({ min: 1, max: 1_000_000 }).nullable().optional(),
    /** Share of the delay left to chance, 0.2 is ± 20 %. Default 0.2. */
    jitter: z
      .number()
      .min(0, { error: 'must be at least 0' })
      .max(1, { error: 'must be at most 1' })
      .optional(),
  }),
  ({ baseMs = 1_000, maxMs = 32_000 }) =>
    baseMs <= maxMs ? null : problem('has a baseMs above maxMs', 'Make maxMs at least as long as baseMs.'),
);

/** What every source takes. The other settings are the kind's own, and checked by its own schema. */
export const sourceSchema = z.looseObject({
  /** Kind of system: 'postgres'. */
  kind: word,
  /** IANA zone of the source's timestamps without zone. Default 'UTC'. */
  timeZone: timeZone.optional(),
  limits: section({
    /** Connections in use at a time, over all workers. Default 4. */
    concurrency: count({ min: 1, max: 1_000 }).optional(),
  }).optional(),
  /** Delays between attempts while the source cannot be reached. */
  retry: retry.optional(),
  /** Of sources that are reached by a URL: `env('SOURCE_URL')`. */
  url: text.optional(),
  user: text.optional(),
  password: secret.optional(),
});

const schedule = checked(
  section({
    /** `'1 minute'`. Instead of `cron`. */
    every: checked(duration, (ms) =>
      ms >= 1_000 ? null : problem('is too often', "Write at least '1 second'."),
    ).optional(),
    /** Five fields: minute, hour, day, month, weekday. Instead of `every`. */
    cron: checked(word, (value) => {
      const why = whyNoCron(value);
      return why === null
        ? null
        : problem(`is no cron expression: ${why}`, "Write it like '0 3 * * *' (every day at 03:00).");
    }).optional(),
    /** IANA zone of `cron`. Default 'UTC'. */
    timeZone: timeZone.optional(),
  }),
  ({ every, cron }) => {
    if ((every === undefined) !== (cron === undefined)) return null;
    return problem(
      every === undefined ? 'has neither every nor cron' : 'has both every and cron',
      "Write { every: '1 minute' } or { cron: '0 3 * * *' }.",
    );
  },
);

const pipeline = section({
  /** Name of a source of `sources`. */
  source: word,
  schedule: section({
    /** Runs that read what changed. */
    incremental: schedule.optional(),
    /** Runs that read everything, and find deleted rows. */
    full: schedule.optional(),
  }).optional(),
  entities: checked(z.record(name, entitySchema), (entities) =>
    Object.keys(entities).length > 0 ? null : problem('is empty', 'Add an entity, or remove the pipeline.'),
  ),
  /** Task queue of this pipeline's work, to give it workers of its own. Default: temporal.taskQueue. */
  taskQueue: text.optional(),
  /** Entities that run side by side. Default 2. */
  parallelEntities: count({ min: 1, max: 64 }).optional(),
  /** Change it with the meaning of your functions: workers with another one leave each other's runs alone. */
  revision: z.string().optional(),
});

export const configSchema = section({
  /** PostgreSQL that holds the mirrors and the state of the runs. */
  store,
  /** Temporal server. Default: localhost:7233, namespace 'default'. */
  temporal: temporal.optional(),
  /** How people are told of conflicts, besides the task in the store. */
  notifications: notificationsSchema.optional(),
  /** HTTP for devices, approvers and operators. */
  gateway: gatewaySchema.optional(),
  /** Systems that rows are read from, by name. */
  sources: z.record(name, sourceSchema),
  /** Groups of entities of one source that run together, by name. */
  pipelines: z.record(name, pipeline),
});

export type SyncConfigInput = z.input<typeof configSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
export type ParsedPipeline = ParsedConfig['pipelines'][string];
export type ParsedSource = ParsedConfig['sources'][string];
