/** The kinds of sources there are. A new kind is one line in each list. */
import type { z } from 'zod';
import type { SourceSettings } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import type { Source } from './contract.ts';
import { oracleOptions } from './oracle/config.ts';
import { openOracle } from './oracle/open.ts';
import { type OracleTools, openOracleTools } from './oracle/tools.ts';
import { openOracleTarget } from './oracle/write-back.ts';
import { postgresOptions } from './postgres/config.ts';
import { openPostgres } from './postgres/open.ts';
import { openPostgresTarget } from './postgres/write-back.ts';
import type { WriteTarget } from './write-contract.ts';

/** What the configuration of a source may say beside what all sources share, by kind. */
export const sourceKinds: Readonly<Record<string, z.ZodType>> = {
  oracle: oracleOptions,
  postgres: postgresOptions,
};

const OPENERS: Readonly<Record<string, (settings: SourceSettings, options: OpenOptions) => Source>> = {
  oracle: openOracle,
  postgres: openPostgres,
};

const TARGET_OPENERS: Readonly<
  Record<string, (settings: SourceSettings, options: OpenOptions) => WriteTarget>
> = {
  oracle: openOracleTarget,
  postgres: openPostgresTarget,
};

export type OpenOptions = {
  /** Name of sessions that no run has named: `syncline/…`. */
  readonly applicationName: string;
};

/** Opens no connection yet. @throws SyncError CONFIG_INVALID for an unknown kind. */
export function openSource(settings: SourceSettings, options: OpenOptions): Source {
  return openerOf(OPENERS, settings)(settings, options);
}

/**
 * The same source as a target of `writeBack: 'source'`, on sessions of its own. Opens no connection yet.
 * @throws SyncError CONFIG_INVALID for a kind that is not written to.
 */
export function openWriteTarget(settings: SourceSettings, options: OpenOptions): WriteTarget {
  return openerOf(TARGET_OPENERS, settings)(settings, options);
}

function openerOf<T>(openers: Readonly<Record<string, T>>, { name, kind }: SourceSettings): T {
  const open = Object.hasOwn(openers, kind) ? openers[kind] : undefined;
  if (open !== undefined) return open;
  throw new SyncError('CONFIG_INVALID', {
    message: `sources.${name}.kind is ${kind}; known: ${Object.keys(openers).join(', ')}`,
  });
}

/** Opens no connection yet. @throws SyncError CONFIG_INVALID for a source of another kind. */
export function openToolsOfOracle(settings: SourceSettings, options: OpenOptions): OracleTools {
  if (settings.kind === 'oracle') return openOracleTools(settings, options);
  throw new SyncError('CONFIG_INVALID', {
    message: `sources.${settings.name} is of kind ${settings.kind}; this works with kind oracle only`,
  });
}
