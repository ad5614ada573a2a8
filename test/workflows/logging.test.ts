import { expect, test } from 'vitest';
import { registerSecret } from '../../src/domain/redact.ts';
import { createLogger, temporalLogger } from '../../src/logging.ts';

registerSecret('canary-5e3c');

function capture(level: 'debug' | 'info' = 'info') {
  const lines: string[] = [];
  const logger = createLogger({ level, destination: { write: (line) => lines.push(line) } });
  return { lines, logger, last: () => JSON.parse(lines.at(-1) as string) };
}

test('a line is JSON with time, level, message and fields', () => {
  const { logger, last } = capture();
  logger.info({ correlationId: 'run-1', rows: 3 }, 'copied');
  expect(last()).toMatchObject({ level: 'info', msg: 'copied', correlationId: 'run-1', rows: 3 });
  expect(last().time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test('secrets appear nowhere, however they come in', () => {
  const { logger, lines, last } = capture();
  const error = new Error('no route to postgres://ann:canary-5e3c@db', { cause: new Error('canary-5e3c') });
  logger.error(error);
  logger.error({ err: error });
  logger.warn({ err: error, deep: [{ url: 'x://u:canary-5e3c@h' }] }, 'with canary-5e3c %s', 'canary-5e3c');
  logger.info('plain canary-5e3c');
  logger.info({ password: 'short', nested: { apiKey: 'k' } }, 'by name');
  expect(last()).toMatchObject({ password: '[redacted]', nested: { apiKey: '[redacted]' } });
  temporalLogger(logger).log('ERROR', 'sdk canary-5e3c', { error, taskQueue: 'q' });
  expect(last()).toMatchObject({ level: 'error', taskQueue: 'q', error: { name: 'Error' } });
  expect(lines).toHaveLength(6);
  expect(lines.join('')).not.toContain('canary-5e3c');
});

test('of a driver’s error only what holds no row is logged', () => {
  const { logger, lines, last } = capture();
  logger.error(
    { err: Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (name)=(Mary)' }) },
    'failed',
  );
  expect(last().err).toMatchObject({ code: '23505', message: 'duplicate key' });
  expect(lines.join('')).not.toContain('Mary');
});

test('errors that refer to each other do not stop the log', () => {
  const { logger, last } = capture();
  const error: Error = new Error('a');
  error.cause = error;
  logger.error({ err: error, big: 2n ** 64n }, 'loop');
  expect(last()).toMatchObject({ msg: 'loop', big: '18446744073709551616' });
});

test('debug is silent unless asked for', () => {
  const { logger, lines } = capture();
  logger.debug({ key: 'k' }, 'row');
  expect(lines).toEqual([]);
  const verbose = capture('debug');
  verbose.logger.debug({ key: 'k' }, 'row');
  expect(verbose.lines).toHaveLength(1);
});
