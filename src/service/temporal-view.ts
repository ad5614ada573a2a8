/** What Temporal knows and the store does not: runs that wait for their turn, and whether anybody is there to work. */
import type { WorkflowExecutionInfo } from '@temporalio/client';
import type { Client } from '../client.ts';
import { isSyncError } from '../domain/errors.ts';
import { searchAttributes } from '../domain/search-attributes.ts';
import { workflowId } from '../domain/workflow-id.ts';
import { reach } from '../temporal-calls.ts';

export type OpenWorkflow = {
  readonly workflowId: string;
  readonly pipeline: string;
  readonly mode: string;
  readonly startedAt: string;
};

const MAX_LISTED = 200;
const WORKFLOW_QUEUE = 1;
/** A worker asks again at least once a minute; Temporal remembers those that are gone for five. */
const POLLED_WITHIN_MS = 75_000;

/** Runs that are open, the oldest first; Temporal's list is a second or so behind. */
export async function openWorkflows(
  client: Client,
  pipelines: readonly string[],
): Promise<readonly OpenWorkflow[]> {
  const query = `WorkflowType = 'syncPipeline' AND ExecutionStatus = 'Running'`;
  return reach(async () => {
    const found: OpenWorkflow[] = [];
    for await (const one of client.workflow.list({ query })) {
      const open = openWorkflow(one);
      if (!pipelines.includes(open.pipeline)) continue;
      found.push(open);
      if (found.length === MAX_LISTED) break;
    }
    return found.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  });
}

const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type FoundWorkflow = OpenWorkflow & {
  readonly temporalStatus: string;
  readonly closedAt: string | null;
  readonly trigger: string;
};

/** A run that Temporal was asked for, by its id; null: it knows none. */
export async function findWorkflow(
  client: Client,
  { runId, pipelines }: { readonly runId: string; readonly pipelines: readonly string[] },
): Promise<FoundWorkflow | null> {
  // It stands in the text of a query.
  if (!RUN_ID.test(runId)) return null;
  const query = `WorkflowType = 'syncPipeline' AND RunId = '${runId}'`;
  const listed = await reach(async () => {
    for await (const one of client.workflow.list({ query })) return foundWorkflow(one);
    return null;
  });
  if (listed !== null) return listed;
  // The list is a second behind. Of those that were started by hand the workflow's id is known.
  const names = pipelines.flatMap((name) => MODES.map((mode) => workflowId('sync', name, mode)));
  const described = await Promise.all(names.map((name) => describeWorkflow(client, name, runId)));
  return described.find((one) => one !== null) ?? null;
}

const MODES = ['full', 'incremental'] as const;

async function describeWorkflow(client: Client, name: string, runId: string): Promise<FoundWorkflow | null> {
  try {
    return foundWorkflow(await reach(() => client.workflow.getHandle(name, runId).describe()));
  } catch (error) {
    if (isSyncError(error, 'RUN_NOT_FOUND')) return null;
    throw error;
  }
}

/** As a list or a description has it. */
type Known = Omit<WorkflowExecutionInfo, 'raw'>;

function foundWorkflow(one: Known): FoundWorkflow {
  return {
    ...openWorkflow(one),
    closedAt: one.closeTime?.toISOString() ?? null,
    temporalStatus: one.status.name,
    trigger: String(one.memo?.trigger ?? ''),
  };
}

function openWorkflow(one: Known): OpenWorkflow {
  return {
    workflowId: one.workflowId,
    pipeline: attribute(one.searchAttributes, searchAttributes.pipeline),
    mode: attribute(one.searchAttributes, searchAttributes.mode),
    startedAt: one.startTime.toISOString(),
  };
}

function attribute(attributes: Readonly<Record<string, unknown>>, name: string): string {
  const value = attributes[name];
  return String(Array.isArray(value) ? value[0] : (value ?? ''));
}

/** Task queues that no worker asks for work: runs on them wait. */
export async function idleQueues(client: Client, taskQueues: readonly string[]): Promise<string[]> {
  const idle = await Promise.all(
    [...new Set(taskQueues)].map(async (name) => ((await countPollers(client, name)) === 0 ? [name] : [])),
  );
  return idle.flat();
}

/** Of these, task queues that Temporal remembers no worker of: none asked for five minutes. */
export async function forgottenQueues(client: Client, taskQueues: readonly string[]): Promise<string[]> {
  const forgotten = await Promise.all(
    [...new Set(taskQueues)].map(async (name) => ((await polls(client, name)).length === 0 ? [name] : [])),
  );
  return forgotten.flat();
}

async function countPollers(client: Client, name: string): Promise<number> {
  const since = Date.now() - POLLED_WITHIN_MS;
  return (await polls(client, name)).filter((atMs) => atMs > since).length;
}

/** When each worker that Temporal remembers asked last. */
async function polls(client: Client, name: string): Promise<number[]> {
  const { pollers } = await reach(() =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name },
      taskQueueType: WORKFLOW_QUEUE,
    }),
  );
  return (pollers ?? []).map((one) => Number(one.lastAccessTime?.seconds ?? 0) * 1_000);
}

/** For a person who has just started something that nobody would do. */
export function idleText(taskQueues: readonly string[]): string {
  const queues = taskQueues.length === 1 ? 'task queue' : 'task queues';
  return `No worker polls ${queues} ${taskQueues.join(', ')}: start one with \`syncline worker\`.`;
}
