/** The conflict that waits for a person: how anybody decides it, and what has to come of that. */
import { Client } from '@temporalio/client';
import { conflictWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import type { ConflictEnd, resolveConflict } from '../../src/workflows/resolve-conflict.ts';
import type { Stack } from '../stack.ts';
import { writeCliScript } from './cli-script.ts';
import { employeeAtBoth, same } from './employee.ts';
import { ANNAS, SHARED_EMPLOYEE } from './offline-edits.ts';
import type { OpenConflict, Telling } from './telling.ts';

const DECISION = { decision: 'client', round: 1, comment: 'agreed with both' } as const;

/** @returns what stays open, told again at the end. */
export async function leaveOpen(telling: Telling, id: string): Promise<OpenConflict> {
  const handle = handleOf(telling, id);
  const howTo = await waysToDecide(telling, id);
  telling.say('  It stays open for you: at the end stands how to decide it');
  const decided = handle.result().then((end) => outcome(telling, end));
  // Nobody listens yet, should the demo be broken off.
  decided.catch(() => undefined);
  return { howTo, decided };
}

/** Decides for Anna, as any program could that knows nothing of this product. */
export async function decideBySignal(telling: Telling, id: string): Promise<void> {
  const { stack, owner, say, expect } = telling;
  const handle = handleOf(telling, id);
  for (const line of await waysToDecide(telling, id)) say(`  ${line}`);
  say('  --exit waits for nobody: a bare Temporal client sends the signal');
  await handle.signal('decide', DECISION);
  const { outcome: how } = await handle.result();
  const row = await employeeAtBoth({ owner, mirrors: stack.store.pool }, SHARED_EMPLOYEE);
  expect(
    how === 'applied' && same(row, { job_title: ANNAS.job_title }),
    `the decision is carried out: the job title is Anna’s, “${ANNAS.job_title}”, in Oracle and in the mirror`,
  );
}

/** The conflict's workflow as a bare Temporal client has it, ended with the demo. */
function handleOf({ stack, atEnd }: Telling, id: string) {
  const { connection, options } = stack.client;
  const bare = new Client({ connection, namespace: options.namespace });
  const handle = bare.workflow.getHandle<typeof resolveConflict>(conflictWorkflowId(id));
  // A Temporal server that outlives the demo would keep it for ever, with nobody to work on it. It may be closed by then.
  atEnd(async () => {
    await handle.terminate('the demo ended').catch(() => undefined);
  });
  return handle;
}

async function waysToDecide({ stack, atEnd }: Telling, id: string): Promise<string[]> {
  const workflowId = conflictWorkflowId(id);
  const script = await writeCliScript(stack);
  atEnd(script.remove);
  return [
    `Conflict ${id}, the job title of employee ${SHARED_EMPLOYEE}, waits for a person, for weeks if need be`,
    `  its page        ${await pageOf(stack, workflowId)}`,
    `  signal there    decide  ${JSON.stringify(DECISION)}`,
    `  both sides      ${script.path} conflicts show ${id}`,
    `  or type         ${script.path} conflicts resolve ${id} --decision client --round 1`,
    '  client takes Anna’s, server keeps Ben’s',
  ];
}

async function pageOf({ client, uiUrl }: Stack, workflowId: string): Promise<string> {
  if (uiUrl === null) return `workflow ${workflowId} in the Web UI of your own server`;
  const { runId } = await client.workflow.getHandle(workflowId).describe();
  const namespace = encodeURIComponent(client.options.namespace);
  return `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/history`;
}

async function outcome({ stack, source: erp }: Telling, { outcome: how }: ConflictEnd): Promise<string> {
  if (how !== 'applied') return 'The conflict was withdrawn: the job title stays as it is';
  const owner = await erp.connect();
  const { source, mirror } = await employeeAtBoth({ owner, mirrors: stack.store.pool }, SHARED_EMPLOYEE);
  return `Decided: the job title is “${source?.job_title}” in Oracle and “${mirror?.job_title}” in the mirror`;
}
