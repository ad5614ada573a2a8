/** `syncline check`: everything a run needs, tried one by one; each problem with what to do about it. */
import { Command } from 'commander';
import { connectClient } from '../../client.ts';
import type { ConnectionReport } from '../../connectors/contract.ts';
import { openSource } from '../../connectors/registry.ts';
import type { SourceSettings, SyncConfig } from '../../domain/config.ts';
import { EXIT, type ExitCode, isSyncError } from '../../domain/errors.ts';
import { assertStoreReady } from '../../store/migrate.ts';
import { openStore, type Store } from '../../store/open.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';

type Finding = {
  readonly subject: string;
  readonly level: 'ok' | 'advice' | 'degraded' | 'error';
  readonly message: string;
  readonly remedy?: string;
};

const MARK = { ok: '✓', advice: '·', degraded: '!', error: '✗' } as const;

export function checkCommand(register: Register): Command {
  const command = new Command('check').description(
    'test configuration, connections, grants, clocks and indexes',
  );
  return register(command, async (options, output) => {
    const config = await readConfig(options);
    const findings: Finding[] = [
      { subject: 'configuration', level: 'ok', message: config.path },
      ...(await checkStore(config)),
      ...(await checkTemporal(config)),
    ];
    for (const settings of Object.values(config.sources))
      findings.push(...(await checkSource(config, settings)));
    output.result(findings, () => findings.map(line).join('\n'));
    return exitOf(findings);
  });
}

function line(finding: Finding): string {
  const remedy = finding.remedy === undefined ? '' : `\n    → ${finding.remedy}`;
  return `${MARK[finding.level]} ${finding.subject}: ${finding.message}${remedy}`;
}

function exitOf(findings: readonly Finding[]): ExitCode {
  return findings.some((finding) => finding.level === 'error') ? EXIT.connectivity : EXIT.ok;
}

async function tried(subject: string, work: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ subject, level: 'error', message, ...(isSyncError(error) && { remedy: error.remedy }) }];
  }
}

function checkStore(config: SyncConfig): Promise<Finding[]> {
  return tried('store', async () => {
    const store = await openStore({ ...config.store, applicationName: 'syncline/check' });
    try {
      await assertStoreReady(store);
      return [{ subject: 'store', level: 'ok', message: `PostgreSQL ${await serverVersion(store)}` }];
    } finally {
      await store.close();
    }
  });
}

async function serverVersion(store: Store): Promise<string> {
  const { rows } = await store.pool.query<{ server_version: string }>('SHOW server_version');
  return rows[0]?.server_version ?? 'unknown';
}

function checkTemporal(config: SyncConfig): Promise<Finding[]> {
  return tried('temporal', async () => {
    const client = await connectClient(config);
    await client.connection.close();
    return [
      {
        subject: 'temporal',
        level: 'ok',
        message: `${config.temporal.address}, namespace ${config.temporal.namespace}`,
      },
    ];
  });
}

const CLOCK_WARN_MS = 5_000;

function checkSource(config: SyncConfig, settings: SourceSettings): Promise<Finding[]> {
  const subject = `source ${settings.name}`;
  return tried(subject, async () => {
    const source = openSource(settings, { applicationName: 'syncline/check' });
    const signal = AbortSignal.timeout(60_000);
    try {
      const report = await source.testConnection(signal);
      const findings = [...reportFindings(subject, report), ...(await sharedServer(config, subject, report))];
      for (const pipeline of Object.values(config.pipelines)) {
        if (pipeline.source !== settings.name) continue;
        for (const spec of Object.values(pipeline.entities)) {
          findings.push(
            ...(await tried(`entity ${spec.entity}`, async () => {
              const shape = await source.describe(spec, signal);
              return [
                {
                  subject: `entity ${spec.entity}`,
                  level: 'ok',
                  message: `about ${shape.estimatedRows} rows`,
                },
                ...shape.advice.map(
                  ({ problem, sql }): Finding => ({
                    subject: `entity ${spec.entity}`,
                    level: 'advice',
                    message: problem,
                    remedy: sql,
                  }),
                ),
              ];
            })),
          );
        }
      }
      return findings;
    } finally {
      await source.close();
    }
  });
}

function reportFindings(subject: string, report: ConnectionReport): Finding[] {
  const settings = Object.entries(report.settings).map(([name, value]) => `${name} ${value}`);
  const findings: Finding[] = [
    { subject, level: 'ok', message: `${report.identity.version}; ${settings.join(', ')}` },
    ...report.degraded.map(
      ({ code, message }): Finding => ({ subject, level: 'degraded', message: `${message} (${code})` }),
    ),
  ];
  if (Math.abs(report.clockOffsetMs) > CLOCK_WARN_MS) {
    findings.push({
      subject,
      level: 'advice',
      message: `its clock differs from this machine’s by ${report.clockOffsetMs} ms`,
      remedy:
        'Watermarks use the source’s clock only; devices compare with this machine’s. Synchronise both by NTP.',
    });
  }
  return findings;
}

/** C6: any open writing transaction of a server pins the feed of everything in it. */
async function sharedServer(
  config: SyncConfig,
  subject: string,
  report: ConnectionReport,
): Promise<Finding[]> {
  const store = await openStore({ ...config.store, applicationName: 'syncline/check' });
  try {
    const { rows } = await store.pool.query<{ id: string }>(
      'SELECT system_identifier::text AS id FROM pg_control_system()',
    );
    const same = rows[0] !== undefined && report.identity.id.startsWith(rows[0].id);
    if (!same) return [];
    return [
      {
        subject,
        level: 'advice',
        message:
          'source and store share one PostgreSQL server: an open transaction at the source delays every device',
        remedy: 'Put the store on a server of its own.',
      },
    ];
  } catch {
    // Reported by the store's own check.
    return [];
  } finally {
    await store.close();
  }
}
