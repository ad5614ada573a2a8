/** The kinds of sources there are. A new kind is one line in each list. */
import type { SourceSettings } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import type { Source } from './contract.ts';
import { writeBackScript as oracleScript } from './oracle/grants-script.ts';
import { openOracle } from './oracle/open.ts';
import { type OracleTools, openOracleTools } from './oracle/tools.ts';
import { openOracleTarget } from './oracle/write-back.ts';
import { writeBackScript as postgresScript } from './postgres/grants-script.ts';
import { openPostgres } from './postgres/open.ts';
import { openPostgresTarget } from './postgres/write-back.ts';
import type { WriteEntity, WriteTarget } from './write-contract.ts';

const OPENERS: Readonly<Record<string, (settings: SourceSettings, options: OpenOptions) => Source>> = {
  oracle: openOracle,
  postgres: openPostgres,
};

type TargetKind = {
  readonly open: (settings: SourceSettings, options: OpenOptions) => WriteTarget;
  readonly script: (settings: SourceSettings, entities: readonly WriteEntity[]) => string[];
};

const TARGETS: Readonly<Record<string, TargetKind>> = {
  oracle: { open: openOracleTarget, script: oracleScript },
  postgres: { open: openPostgresTarget, script: postgresScript },
};

export type OpenOptions = {
  /** Name of sessions that no run has named: `syncline/…`. */
  readonly applicationName: string;
};

/** Opens no connection yet. @throws SyncError CONFIG_INVALID for an unknown kind. */
export function openSource(settings: SourceSettings, options: OpenOptions): Source {
  return ofKind(OPENERS, settings)(settings, options);
}

/**
 * The same source as a target of `writeBack: 'source'`, on sessions of its own. Opens no connection yet.
 * @throws SyncError CONFIG_INVALID for a kind that is not written to.
 */
export function openWriteTarget(settings: SourceSettings, options: OpenOptions): WriteTarget {
  return ofKind(TARGETS, settings).open(settings, options);
}

/**
 * What an owner of the source's database runs before anything is written back to it: the ledger, and the grants of the
 * source's user. Statements without semicolons; nothing is connected for them. @throws SyncError CONFIG_INVALID
 */
export function writeBackScript(settings: SourceSettings, entities: readonly WriteEntity[]): string[] {
  return ofKind(TARGETS, settings).script(settings, entities);
}

function ofKind<T>(kinds: Readonly<Record<string, T>>, { name, kind }: SourceSettings): T {
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found !== undefined) return found;
  throw new SyncError('CONFIG_INVALID', {
    message: `sources.${name}.kind is ${kind}; known: ${Object.keys(kinds).join(', ')}`,
  });
}

/** Opens no connection yet. @throws SyncError CONFIG_INVALID for a source of another kind. */
export function openToolsOfOracle(settings: SourceSettings, options: OpenOptions): OracleTools {
  if (settings.kind === 'oracle') return openOracleTools(settings, options);
  throw new SyncError('CONFIG_INVALID', {
    message: `sources.${settings.name} is of kind ${settings.kind}; this works with kind oracle only`,
  });
}
