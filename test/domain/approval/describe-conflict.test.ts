/** The page that people read in Temporal. */
import { expect, test } from 'vitest';
import { describeConflict, titleOfConflict } from '../../../src/domain/approval/describe-conflict.ts';
import { parseApprovalMessage } from '../../../src/domain/approval/messages.ts';
import { afterEvents, anna, ben, DAY, decide, HOUR, opened, reopen, START } from './kit.ts';

const texts = {
  workflowId: 'conflict/42',
  resolveCommand: 'syncline conflicts resolve 42',
  showCommand: 'syncline conflicts show 42',
};

test('a conflict that anyone may decide', () => {
  const page = describeConflict(opened(), texts);
  expect(page).toBe(`## employees \`4711\`: waits for a decision

- **Conflict:** \`42\`
- **What happened:** The device and the server changed the same fields
- **Clashing fields:** \`salary\`, \`job_id\`
- **Fields of the change:** \`salary\`, \`job_id\`, \`phone_number\`
- **Why a human is asked:** Both sides changed the salary
- **Since:** 2026-01-05 08:00:00 UTC
- **Round:** 1
- **Change made by:** \`emil\`, \`tablet-7\`

**Deadlines**

- next reminder 2026-01-07 08:00:00 UTC, then every 2 days
- escalates to role \`DIRECTOR\` 2026-01-12 08:00:00 UTC
- expires 2026-02-04 08:00:00 UTC: then the server’s side is taken

Both sides’ values: \`syncline conflicts show 42\`

### To decide

May decide: anyone.

In Temporal, to workflow \`conflict/42\`: signal or update \`decide\` with one of

\`\`\`json
{"decision":"client","round":1,"comment":"why"}
{"decision":"server","round":1,"comment":"why"}
{"decision":"merged","round":1,"fields":{"salary":"…","job_id":"…"}}
\`\`\`

On the command line (\`client\`, \`server\` or \`merged\`):

\`\`\`sh
syncline conflicts resolve 42 --decision client --round 1
\`\`\`
`);
});

test('what the page says to send is understood, in every round', () => {
  const second = afterEvents(opened(), [decide(), START], [reopen(), START + HOUR]);
  for (const state of [opened(), second, opened({ conflict: { clash: null } })]) {
    const inputs = describeConflict(state, texts).match(/^\{.*\}$/gm) ?? [];
    expect(inputs).toHaveLength(3);
    for (const input of inputs) {
      const sent = { input: JSON.parse(input), who: anna };
      expect(parseApprovalMessage('decide', sent, state)).toMatchObject({ kind: 'decide' });
    }
  }
  expect(describeConflict(second, texts)).toContain(
    '- **Round:** 2, since 2026-01-05 09:00:00 UTC: the row changed',
  );
});

test('where a role decides, the page does not send people to the signal', () => {
  const page = describeConflict(opened({ role: 'CFO' }), texts);
  expect(page).toContain('May decide: role CFO. Temporal does not prove who sends something');
  expect(page).not.toContain('```json');
  expect(page).toContain('syncline conflicts resolve 42 --decision client --round 1 --role CFO');
});

test('who it is assigned to, what was said, and that it waits without end', () => {
  const patient = opened({ spec: { remindAfterMs: null, escalateAfterMs: null, expireAfterMs: null } });
  const page = describeConflict(
    afterEvents(
      patient,
      [{ kind: 'assign', to: 'carla', who: ben }, START],
      [{ kind: 'comment', text: 'salary 5100?', who: ben }, START],
    ),
    texts,
  );
  expect(page).toContain('- **Assigned to:** `carla`');
  expect(page).toContain('- **Comments:** 1');
  expect(page).toContain('It waits without end');
  expect(page).not.toContain('5100');
});

test('the ends', () => {
  const merged = {
    kind: 'decide',
    decision: { decision: 'merged', round: 1, fields: { salary: '5100', job_id: 'IT' } },
    who: anna,
  } as const;
  const decided = afterEvents(opened(), [merged, START]);
  expect(describeConflict(decided, texts)).toContain(
    'Being applied: **merged**, decided by `anna` on 2026-01-05 08:00:00 UTC.',
  );
  expect(describeConflict(decided, texts)).not.toContain('5100');
  const applied = afterEvents(decided, [{ kind: 'applied', round: 1 }, START]);
  expect(describeConflict(applied, texts)).toContain('Applied: **merged**');
  const expired = afterEvents(opened(), [{ kind: 'deadline' }, START + 30 * DAY]);
  expect(describeConflict(expired, texts)).toContain('decided by the policy, since nobody decided in time');
  const withdrawn = afterEvents(opened(), [{ kind: 'withdraw', who: anna }, START]);
  expect(describeConflict(withdrawn, texts)).toContain('The change was withdrawn; the server’s row stays.');
});

test('keys and names are text, not markup', () => {
  const page = describeConflict(
    opened({ conflict: { key: 'a`b\n## c', reason: '<img src=x> [x](y)', entity: 'stock|levels' } }),
    texts,
  );
  expect(page.split('\n')[0]).toBe('## stock\\|levels `` a`b ## c ``: waits for a decision');
  expect(page).toContain('\\<img src=x\\> \\[x\\](y)');
});

test('the title is one line, whatever the key is', () => {
  expect(titleOfConflict(opened())).toBe('employees 4711: salary, job_id (waits for a decision, round 1)');
  expect(titleOfConflict(opened({ conflict: { clash: null, proposed: [] } }))).toBe(
    'employees 4711 (waits for a decision, round 1)',
  );
  const long = titleOfConflict(opened({ conflict: { key: `x${'😀'.repeat(300)}\n` } }));
  expect(Array.from(long)).toHaveLength(200);
  expect(long).not.toMatch(/\p{Surrogate}|\n/u);
});
