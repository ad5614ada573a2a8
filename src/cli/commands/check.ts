/** `syncline check`: everything a run needs, tried one by one; each problem with what to do about it. */
import { Command } from 'commander';
import type { SyncConfig } from '../../domain/config.ts';
import type { Finding } from '../../domain/finding.ts';
import { entitiesOf } from '../../service/names.ts';
import { checkNotifications } from '../check-notifications.ts';
import { checkReader } from '../check-reader.ts';
import { checkSource } from '../check-source.ts';
import { checkStore } from '../check-store.ts';
import { checkTemporal } from '../check-temporal.ts';
import { checkWriteBack } from '../check-write-back.ts';
import { closeBreakers } from '../close-breakers.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';
import { findingsExit, findingsText } from '../findings.ts';
import { counted } from '../text.ts';

export function checkCommand(register: Register): Command {
  const command = new Command('check').description(
    'test configuration, connections, grants, clocks and indexes; changes nothing, but ends the pause of a source that answers',
  );
  command.option('--notify', 'send a test message on every channel of `notifications`');
  return register<{ notify?: true }>(command, async (options, output) => {
    const config = await readConfig(options);
    const entities = entitiesOf(config);
    const send = options.notify ? 'test message' : 'nothing';
    const [store, temporal, notifications, issuer] = await Promise.all([
      ...([checkStore(config), checkTemporal(config)] as const),
      checkNotifications(config.notifications, { send }),
      checkIssuer(config),
    ]);
    const sources = await Promise.all(
      Object.values(config.sources).map(async (settings) => {
        const own = entities.filter(({ source }) => source === settings.name);
        const read = await checkSource({ settings, entities: own, storeSystemId: store.systemId });
        // One that does not answer is told of once.
        const answers = read[0]?.level !== 'error';
        return answers ? [...read, ...(await checkWriteBack(settings, own))] : read;
      }),
    );
    // What is found first is whether it answers.
    const answered = Object.keys(config.sources).filter((_, at) => sources[at]?.[0]?.level !== 'error');
    const closed = store.systemId === null ? [] : await closeBreakers(config, answered);
    const size = `${counted(Object.keys(config.pipelines).length, 'pipeline')}, ${counted(entities.length, 'entity', 'entities')}`;
    const findings: Finding[] = [
      { subject: 'configuration', level: 'ok', message: `${config.path}, ${size}` },
      ...store.findings,
      ...temporal,
      ...sources.flat(),
      ...closed,
      ...(store.systemId === null ? [] : await checkReader(config)),
      ...issuer,
      ...notifications,
    ];
    output.result(findings, () => findingsText(findings));
    return findingsExit(findings);
  });
}

/** The gateway's own code, which the other commands need not load. */
async function checkIssuer({ gateway }: SyncConfig): Promise<Finding[]> {
  if (gateway === null) return [];
  const issuer = await import('../../gateway/access/check-issuer.ts');
  return issuer.checkIssuer(gateway.auth);
}
