/** Oracle as a source. */
import type { SourceSettings } from '../../domain/config.ts';
import type { Source } from '../contract.ts';
import { changeCapture } from './captured.ts';
import { countOddRows, readChanges } from './changes.ts';
import { canonicalChecksum } from './checksum.ts';
import { describe } from './describe.ts';
import { safeHighMark } from './high-mark.ts';
import { identity, testConnection } from './identity.ts';
import { planChunks } from './plan-chunks.ts';
import { lookUpKeys, readChunk, readOne, sample } from './read.ts';
import { correlationIdOf, type OracleSource, openSessions } from './session.ts';

export function openOracle(settings: SourceSettings, options: { applicationName: string }): Source {
  return sourceOf(openSessions(settings, options.applicationName));
}

function sourceOf(source: OracleSource): Source {
  return {
    name: source.settings.name,
    kind: source.settings.kind,
    named: ({ correlationId, onAlive }) =>
      sourceOf({ ...source, correlationId: correlationIdOf(correlationId), ...(onAlive && { onAlive }) }),
    proveLogin: async (signal) => {
      signal.throwIfAborted();
      await source.pool.proveLogin();
    },
    testConnection: (signal) => testConnection(source, signal),
    identity: (signal) => identity(source, signal),
    describe: (spec, signal) => describe(source, spec, signal),
    planChunks: (plan, options) => planChunks(source, plan, options),
    safeHighMark: (options) => safeHighMark(source, options),
    readChunk: (plan, range, options) => readChunk(source, plan, { range, options }),
    readChanges: (plan, range, options) => readChanges(source, plan, { range, options }),
    lookUpKeys: (plan, keys, options) => lookUpKeys(source, plan, { keys, options }),
    readOne: (plan, key, signal) => readOne(source, plan, { key, signal }),
    capture: changeCapture(source),
    countOddRows: (plan, now, signal) => countOddRows(source, plan, { now, signal }),
    canonicalChecksum: (plan, range, signal) => canonicalChecksum(source, plan, { range, signal }),
    sample: (plan, rows, signal) => sample(source, plan, { rows, signal }),
    close: () => source.pool.close(),
  };
}
