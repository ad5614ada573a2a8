import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';

export type Target = { address: string; namespace: string };

const lookMs = 100;
/** `Keyword` in temporal.api.enums.v1.IndexedValueType. */
const keyword = 2;
const alreadyExists = 6;

/** Waits until the server answers and knows the namespace. Throws an error with the last reason when it does not in time. */
export async function waitUntilServing(
  target: Target,
  options: { deadlineMs: number; signal?: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + options.deadlineMs;
  for (;;) {
    try {
      return await withConnection(target, async (connection) => {
        await connection.workflowService.describeNamespace({ namespace: target.namespace });
      });
    } catch (error) {
      if (Date.now() >= deadline || options.signal?.aborted) {
        throw new Error(`Temporal at ${target.address} does not serve the namespace ${target.namespace}`, {
          cause: error,
        });
      }
    }
    await sleep(lookMs);
  }
}

/** Registers the search attributes that the namespace lacks. A server that does not let us is told by its own error. */
export async function addSearchAttributes(target: Target, names: readonly string[]): Promise<void> {
  await withConnection(target, async (connection) => {
    const { namespace } = target;
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = names.filter((name) => !(name in (customAttributes ?? {})));
    if (missing.length === 0) return;
    try {
      await connection.operatorService.addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
      });
    } catch (error) {
      if ((error as { code?: number }).code !== alreadyExists) throw error;
    }
  });
}

async function withConnection<T>(target: Target, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: target.address, connectTimeout: 2_000 });
  try {
    return await connection.withDeadline(Date.now() + 10_000, () => work(connection));
  } finally {
    await connection.close();
  }
}
