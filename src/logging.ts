/**
 * Logs: one JSON object a line. Every text is redacted before it is written, and keys and values of rows are logged at
 * debug only. `correlationId` (a run's id) joins the lines of workflows, activities and database sessions.
 */
import type { LogLevel as TemporalLevel, Logger as TemporalLogger } from '@temporalio/common';
import pino, { type DestinationStream, type Logger } from 'pino';
import { redact } from './domain/redact.ts';

export type { Logger };

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that hold secrets whatever their value looks like. */
const SECRET_NAME = /password|passwd|secret|token|api[_-]?key|authorization|credential/i;
/** Errors may refer to each other. */
const MAX_DEPTH = 6;

/** Writes to stdout unless told otherwise. */
export function createLogger(options: { level?: LogLevel; destination?: DestinationStream } = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => clean(fields, 0) as Record<string, unknown>,
      },
      // `clean` has made plain objects of errors.
      serializers: { err: (value: unknown) => value, error: (value: unknown) => value },
      hooks: {
        logMethod(args, method) {
          method.apply(this, cleanMessage(args));
        },
      },
    },
    options.destination ?? pino.destination(1),
  );
}

/** Pino takes the message of an error that comes without one, before any formatter sees it. */
function cleanMessage(args: Parameters<pino.LogFn>): Parameters<pino.LogFn> {
  const [first, second, ...rest] = args as unknown[];
  const error = first instanceof Error ? first : (first as { err?: unknown } | null)?.err;
  const isBare = second === undefined && error instanceof Error;
  const message = isBare ? error.message : second;
  const fields = first instanceof Error ? { err: first } : first;
  const cleaned = [fields, message, ...rest].map((part) => (typeof part === 'string' ? redact(part) : part));
  return cleaned as unknown as Parameters<pino.LogFn>;
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return cleanError(value, depth);
  if (Array.isArray(value)) return value.map((part) => clean(part, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      SECRET_NAME.test(name) && part != null ? '[redacted]' : clean(part, depth + 1),
    ]),
  );
}

/** Only what is known to hold no row values: a driver's error has them in `detail`, `where` and the like. */
function cleanError(error: Error, depth: number): Record<string, unknown> {
  const { code, type } = error as { code?: unknown; type?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(typeof type === 'string' && { type }),
    message: redact(error.message),
    ...(error.stack !== undefined && { stack: redact(error.stack) }),
    ...(error.cause !== undefined && { cause: clean(error.cause, depth + 1) }),
  };
}

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** What Temporal's SDK, workflows and activities log, in the same stream. */
export function temporalLogger(logger: Logger): TemporalLogger {
  const log = (level: TemporalLevel, message: string, meta?: Record<string | symbol, unknown>): void =>
    logger[LEVELS[level]]({ ...meta }, message);
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}
