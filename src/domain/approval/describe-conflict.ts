/**
 * A waiting conflict as a page of Markdown, for the current details and the memo of its workflow: what clashes, since
 * when, what to send. History holds no row data, so the page has no field values; they come by query and command line.
 */
import { formatDuration } from '../duration.ts';
import { shellWord } from '../shell-word.ts';
import { type ApprovalState, phaseOf } from './approval.ts';
import { nextDeadline } from './deadlines.ts';
import { decidable } from './handle-event.ts';
import { wantedOf } from './may-decide.ts';

export type PageTexts = {
  readonly workflowId: string;
  /** Command that decides it, as people type it, without options: `syncline conflicts resolve 42`. */
  readonly resolveCommand: string;
  /** Command that shows both sides' values. */
  readonly showCommand: string;
};

/** One line for lists and the titles of notifications. */
export function titleOfConflict(state: ApprovalState): string {
  const { entity, key, clash, proposed } = state.conflict;
  const fields = clash?.fields.length ? clash.fields : proposed;
  const what = fields.length === 0 ? '' : `: ${fields.join(', ')}`;
  return shortened(`${entity} ${key}${what} (${STATUS[state.status]}, round ${state.round})`);
}

export function describeConflict(state: ApprovalState, texts: PageTexts): string {
  const sections = [heading(state), facts(state), PARTS[phaseOf(state)](state, texts)];
  return `${sections.join('\n\n')}\n`;
}

const STATUS = {
  proposed: 'waits for a decision',
  assigned: 'waits for a decision',
  escalated: 'waits for a decision, escalated',
  decided: 'decided, being applied',
  expired: 'expired, being applied',
  applied: 'closed',
  withdrawn: 'withdrawn',
} as const satisfies Record<ApprovalState['status'], string>;

function heading({ conflict, status }: ApprovalState): string {
  return `## ${plain(conflict.entity)} ${code(conflict.key)}: ${STATUS[status]}`;
}

function facts(state: ApprovalState): string {
  const { conflict, round } = state;
  const since = round === 1 ? '' : `, since ${instantText(state.roundSinceMs)}: the row changed before`;
  const lines: readonly (readonly [string, string | null])[] = [
    ['Conflict', code(conflict.id)],
    ['What happened', conflict.clash === null ? 'A change needs approval' : KINDS[conflict.clash.kind]],
    ['Clashing fields', conflict.clash === null ? null : codes(conflict.clash.fields)],
    ['Fields of the change', codes(conflict.proposed)],
    ['Why a human is asked', plain(conflict.reason)],
    ['Since', instantText(state.openedAtMs)],
    ['Round', `${round}${since}`],
    ['Change made by', codes([conflict.author, conflict.device].flatMap((name) => name ?? []))],
    ['Assigned to', state.assignedTo === null ? null : code(state.assignedTo)],
    ['Comments', state.comments === 0 ? null : String(state.comments)],
  ];
  return lines.flatMap(([name, text]) => (text === null ? [] : [`- **${name}:** ${text}`])).join('\n');
}

const KINDS = {
  fields: 'The device and the server changed the same fields',
  updateDelete: 'The device changed a row that the server deleted',
  deleteUpdate: 'The device deleted a row that the server changed',
  createCreate: 'The device and the server made the same row',
} as const;

const PARTS = {
  waiting: (state: ApprovalState, texts: PageTexts) =>
    [deadlines(state), `Both sides’ values: ${code(texts.showCommand)}`, whatToSend(state, texts)].join(
      '\n\n',
    ),
  applying: ({ decided }: ApprovalState) => `Being applied: ${wayOf(decided)}.`,
  closed: ({ status, decided }: ApprovalState) =>
    status === 'withdrawn'
      ? 'The change was withdrawn; the server’s row stays.'
      : `Applied: ${wayOf(decided)}.`,
} as const;

function wayOf(decided: ApprovalState['decided']): string {
  if (decided === null) return 'nothing';
  const by = decided.by === null ? 'the policy, since nobody decided in time' : code(decided.by.name);
  return `**${decided.decision}**, decided by ${by} on ${instantText(decided.atMs)}`;
}

function deadlines(state: ApprovalState): string {
  if (nextDeadline(state) === null)
    return 'It waits without end: no reminder, escalation or expiry is configured.';
  const { remindAtMs, escalateAtMs, expireAtMs, spec } = state;
  const to = spec.escalateTo === null ? '' : ` to role ${code(spec.escalateTo)}`;
  const every = spec.remindAfterMs === null ? '' : `, then every ${formatDuration(spec.remindAfterMs)}`;
  const lines = [
    remindAtMs === null ? null : `- next reminder ${instantText(remindAtMs)}${every}`,
    escalateAtMs === null ? null : `- escalates${to} ${instantText(escalateAtMs)}`,
    expireAtMs === null
      ? null
      : `- expires ${instantText(expireAtMs)}: then the ${spec.onExpire}’s side is taken`,
  ];
  return `**Deadlines**\n\n${lines.filter((line) => line !== null).join('\n')}`;
}

function whatToSend(state: ApprovalState, { workflowId, resolveCommand }: PageTexts): string {
  const { round, spec } = state;
  const who = `### To decide\n\nMay decide: ${plain(wantedOf(spec.resolvers, decidable(state)))}.`;
  const role = typeof spec.resolvers === 'object' ? ` --role ${shellWord(spec.resolvers.role)}` : '';
  const command = block('sh', `${resolveCommand} --decision client --round ${round}${role}`);
  const byCommand = `On the command line (\`client\`, \`server\` or \`merged\`):\n\n${command}`;
  if (spec.resolvers !== 'anyone') {
    return `${who} Temporal does not prove who sends something, so it cannot be decided from here.\n\n${byCommand}`;
  }
  const inputs = block('json', inputsFor(state).join('\n'));
  const temporal = `In Temporal, to workflow ${code(workflowId)}: signal or update \`decide\` with one of`;
  return `${who}\n\n${temporal}\n\n${inputs}\n\n${byCommand}`;
}

function inputsFor({ round, conflict }: ApprovalState): string[] {
  const fields = conflict.clash?.fields.length ? conflict.clash.fields : conflict.proposed;
  const merged = Object.fromEntries(fields.map((field) => [field, '…']));
  return [
    JSON.stringify({ decision: 'client', round, comment: 'why' }),
    JSON.stringify({ decision: 'server', round, comment: 'why' }),
    ...(fields.length === 0 ? [] : [JSON.stringify({ decision: 'merged', round, fields: merged })]),
  ];
}

function instantText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function codes(names: readonly string[]): string | null {
  return names.length === 0 ? null : names.map(code).join(', ');
}

/** A key may hold anything: it must not become markup, nor end its own code span. */
function code(text: string): string {
  const line = shortened(text);
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `\`${line}\`` : `${fence} ${line} ${fence}`;
}

function plain(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>#|]/g, '\\$&');
}

function block(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** By code points: half a surrogate pair is no text. */
function shortened(text: string): string {
  return Array.from(oneLine(text)).slice(0, 200).join('');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
