/** `check`'s part about Temporal. */
import { connectClient, missingSearchAttributes } from '../client.ts';
import type { SyncConfig } from '../domain/config.ts';
import type { Finding } from '../domain/finding.ts';
import { idleQueues, idleText } from '../service/temporal-view.ts';
import { reach } from '../temporal-calls.ts';
import { tried } from './findings.ts';

export function checkTemporal(config: SyncConfig): Promise<Finding[]> {
  const { address, namespace } = config.temporal;
  return tried('temporal', async () => {
    const client = await connectClient(config);
    try {
      const { serverVersion } = await reach(() => client.workflowService.getSystemInfo({}));
      const missing = await missingSearchAttributes(client);
      const idle = await idleQueues(
        client,
        Object.values(config.pipelines).map(({ taskQueue }) => taskQueue),
      );
      return [
        {
          subject: 'temporal',
          level: 'ok',
          message: `server ${serverVersion || 'of unknown version'} at ${address}, namespace ${namespace}`,
        },
        ...(missing.length === 0 ? [] : [withoutAttributes(namespace, missing)]),
        ...(idle.length === 0 ? [] : [withoutWorkers(idle)]),
      ];
    } finally {
      await client.connection.close();
    }
  });
}

function withoutAttributes(namespace: string, missing: readonly string[]): Finding {
  return {
    subject: 'temporal',
    level: 'error',
    code: 'STORE_NOT_READY',
    message: `namespace ${namespace} lacks the search attributes ${missing.join(', ')}`,
    remedy: 'Run `syncline init`: it registers them.',
  };
}

function withoutWorkers(idle: readonly string[]): Finding {
  const [message, remedy] = idleText(idle).split(': ') as [string, string];
  return {
    subject: 'temporal',
    level: 'advice',
    message,
    remedy: `${remedy[0]?.toUpperCase()}${remedy.slice(1)}`,
  };
}
