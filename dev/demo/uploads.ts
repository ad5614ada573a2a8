/** The chapter of the two devices: their uploads, what was decided about each change, and the one that people decide. */
import { table } from '../../src/cli/table.ts';
import { count } from '../../src/cli/text.ts';
import { encodeHlc } from '../../src/domain/upload/hlc.ts';
import type { StoredVerdict } from '../../src/domain/upload/stored-verdict.ts';
import type { WireMutation } from '../../src/domain/upload/wire.ts';
import { uploadWorkflowId } from '../../src/domain/upload/workflow-ids.ts';
import { readVerdicts, stageUpload } from '../../src/store/uploads.ts';
import { queueOf, runUpload } from '../../src/upload-client.ts';
import type { Stack } from '../stack.ts';
import { employeeAtBoth, same } from './employee.ts';
import { type HttpDevice, openHttpDevice } from './http-device.ts';
import {
  ANNA,
  ANNAS,
  annasEdits,
  BEN,
  BENS,
  bensEdits,
  type Device,
  OTHER_EMPLOYEE,
  readSeen,
  type Seen,
  SHARED_EMPLOYEE,
} from './offline-edits.ts';
import type { Telling } from './telling.ts';

/** One change, with what became of it. */
type Decided = Device & {
  readonly employee: string;
  readonly field: string;
  readonly verdict: StoredVerdict;
};

/**
 * Ben's device comes in over HTTP, as apps do; Anna's upload is staged in the store, as `syncline upload` does.
 * @param url of the gateway.
 * @returns the id of the conflict that waits; null when there is none, which a check said.
 */
export async function tellOfUploads(telling: Telling, url: string): Promise<string | null> {
  const { stack, say, expect } = telling;
  const phone = await openHttpDevice(stack, url, BEN);
  const copied = await phone.pull();
  say(`\nBen’s phone registers at the gateway, and pulls ${count(copied)} employees over HTTP`);
  await expectCopy(telling, phone);
  const [shared, other] = await Promise.all([
    readSeen(stack.store.pool, SHARED_EMPLOYEE),
    readSeen(stack.store.pool, OTHER_EMPLOYEE),
  ]);
  say(
    `\nTwo devices were offline and changed employee ${SHARED_EMPLOYEE}: Anna’s first, then Ben’s, which sends first`,
  );
  const bens = await push(phone, bensEdits(shared));
  const annas = await send(stack, ANNA, annasEdits(shared, other));
  const all = [...bens, ...annas];
  say(verdictTable(all));
  const verdicts = (of: readonly Decided[]): string => of.map(({ verdict }) => verdict.status).join(', ');
  expect(verdicts(bens) === 'applied, applied, rejected, applied', `Ben’s changes: ${verdicts(bens)}`);
  expect(
    verdicts(annas) === 'merged, conflict, merged, pending_approval, applied',
    `Anna’s changes: ${verdicts(annas)}`,
  );
  await checkRows(telling, { shared, salaryVerdict: bens[2]?.verdict });
  const came = await phone.pull();
  say(`  Ben’s phone pulls what is new: ${count(came)} ${came === 1 ? 'row' : 'rows'}`);
  await expectCopy(telling, phone);
  const waiting = all.find(({ verdict }) => verdict.status === 'pending_approval');
  return waiting?.verdict.conflictId ?? null;
}

/** The copy of the phone against the mirror, in the two rows that everything is about. */
async function expectCopy({ stack, expect }: Telling, phone: HttpDevice): Promise<void> {
  const { rows } = await stack.store.pool.query<{ id: string; notes: string; phone: string }>(
    'SELECT employee_id::text AS id, notes, phone FROM hr.employees WHERE employee_id = ANY ($1::numeric[])',
    [[SHARED_EMPLOYEE, OTHER_EMPLOYEE]],
  );
  const isSame = rows.every(({ id, ...fields }) => {
    const copy = phone.row(id);
    return copy?.notes === fields.notes && copy?.phone === fields.phone;
  });
  expect(rows.length === 2 && isSame, 'its copy of the two employees is what the mirror has');
}

async function push(phone: HttpDevice, mutations: readonly WireMutation[]): Promise<Decided[]> {
  const results = await phone.push(mutations);
  return results.map(({ id, status, conflictId, problem }, at) => ({
    ...BEN,
    employee: id,
    field: Object.keys(mutations[at]?.values ?? {}).join(', '),
    verdict: { status, ...(conflictId !== undefined && { conflictId }), ...problem },
  }));
}

async function send(
  { client, config, store }: Stack,
  { device, user }: Device,
  mutations: readonly WireMutation[],
): Promise<Decided[]> {
  // Of its own in every demo: a Temporal server that outlives this one knows the uploads of earlier ones.
  const key = `demo-${Date.now().toString(36)}`;
  await stageUpload(store, {
    device,
    key,
    user,
    permissions: [],
    mutations,
    receivedHlc: encodeHlc({ ms: Date.now(), counter: 0, node: 'demo' }),
    workflowId: uploadWorkflowId(device, key),
  });
  await runUpload(client, { device, key, taskQueue: queueOf(config, ['employees']) });
  const verdicts = await readVerdicts(store.pool, { device, key });
  return verdicts.map(({ row, verdict }, at) => ({
    device,
    user,
    employee: row,
    field: Object.keys(mutations[at]?.values ?? {}).join(', '),
    verdict: verdict ?? { status: 'rejected', code: 'UNDECIDED', message: 'it has no verdict' },
  }));
}

function verdictTable(changes: readonly Decided[]): string {
  return table(changes, [
    { head: 'device', of: ({ device }) => device },
    { head: 'employee', of: ({ employee }) => employee },
    { head: 'changed', of: ({ field }) => field },
    { head: 'verdict', of: ({ verdict }) => verdict.status },
    { head: 'which means', of: ({ verdict }) => inWords(verdict) },
  ])
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}

const WORDS = {
  applied: 'written to Oracle and to the mirror',
  merged: 'written, beside what the other one wrote',
  conflict: 'not written: the other one’s is later, and stays',
  pending_approval: 'waits: the other one wrote it too, and a person decides',
} as const;

function inWords({ status, message, code }: StoredVerdict): string {
  return status === 'rejected' ? `refused: ${message ?? code}` : WORDS[status];
}

/** One line for each way of deciding; each looks at Oracle and at the mirror. */
async function checkRows(
  { stack, owner, expect }: Telling,
  seen: { readonly shared: Seen; readonly salaryVerdict: StoredVerdict | undefined },
): Promise<void> {
  const { shared, salaryVerdict } = seen;
  const at = { owner, mirrors: stack.store.pool };
  const row = await employeeAtBoth(at, SHARED_EMPLOYEE);
  const both = ANNAS.note + shared.notes + BENS.note;
  expect(same(row, { notes: both }), `merge: the notes have what both wrote: “${both}”`);
  expect(
    same(row, { phone: BENS.phone }),
    'last writer wins: the phone number is Ben’s, who wrote later, though Anna’s came later',
  );
  expect(
    salaryVerdict?.message === 'Insufficient permissions' && same(row, { salary: shared.salary_by_5 }),
    'business rule: Ben’s raise of 15 % is refused (Insufficient permissions), Anna’s of 5 % is not',
  );
  expect(
    same(row, { job_title: BENS.job_title }),
    'manual: the job title stays Ben’s until a person decides',
  );
  expect(
    same(await employeeAtBoth(at, OTHER_EMPLOYEE), { phone: ANNAS.othersPhone }),
    'nothing else waits for that: Anna’s change of another employee is written',
  );
}
