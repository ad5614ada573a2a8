/** Whether a source answers, and what is wrong with it: on connections of its own, past breaker and slots. */
import { checkSource } from '../connectors/check/check-source.ts';
import { checkWriteBack } from '../connectors/check/check-write-back.ts';
import { writeEntities } from '../connectors/check/write-entities.ts';
import { openSource, openWriteTarget } from '../connectors/registry.ts';
import type { SourceSettings } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import type { Finding } from '../domain/finding.ts';
import { redact } from '../domain/redact.ts';
import { countSuccess } from '../store/breaker.ts';
import { readStoreFacts } from '../store/store-facts.ts';
import type { SourceTest } from './contract.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { whileBeating } from './while-beating.ts';

const OPENED_AS = { applicationName: 'syncline/check' } as const;
/** Later than every failure that is stored. */
const NOW_OR_LATER = 'infinity';

/** A source that answers need not be left alone any longer: its breaker is closed. @throws SyncError CONFIG_UNKNOWN */
export async function testSource(
  deps: ActivityDeps,
  input: { readonly source: string },
  context: ActivityContext,
): Promise<SourceTest> {
  const settings = settingsOf(deps, input.source);
  const specs = Object.values(deps.config.pipelines)
    .filter(({ source }) => source === settings.name)
    .flatMap(({ entities }) => Object.values(entities));
  return whileBeating(context, async () => {
    const read = await readable(deps, settings, specs);
    const answers = read[0]?.level !== 'error';
    if (!answers) return { answers, findings: read.map(harmless) };
    await countSuccess(deps.store.pool, { source: settings.name, enteredAt: NOW_OR_LATER });
    return { answers, findings: [...read, ...(await writable(settings, specs))].map(harmless) };
  });
}

function settingsOf({ config }: ActivityDeps, name: string): SourceSettings {
  if (Object.hasOwn(config.sources, name)) return config.sources[name] as SourceSettings;
  throw new SyncError('CONFIG_UNKNOWN', { message: `This worker's configuration has no source "${name}"` });
}

async function readable(
  { store }: ActivityDeps,
  settings: SourceSettings,
  entities: readonly EntitySpec[],
): Promise<Finding[]> {
  const { systemId } = await readStoreFacts(store.pool);
  const source = openSource(settings, OPENED_AS);
  try {
    return await checkSource(source, { name: settings.name, entities, storeSystemId: systemId });
  } finally {
    await source.close();
  }
}

async function writable(settings: SourceSettings, specs: readonly EntitySpec[]): Promise<Finding[]> {
  if (writeEntities(specs).length === 0) return [];
  const target = openWriteTarget(settings, OPENED_AS);
  try {
    return await checkWriteBack(target, { name: settings.name, specs });
  } finally {
    await target.close();
  }
}

/** Findings travel through Temporal's history: no secret may be in them. */
function harmless(finding: Finding): Finding {
  const { message, remedy } = finding;
  return { ...finding, message: redact(message), ...(remedy !== undefined && { remedy: redact(remedy) }) };
}
