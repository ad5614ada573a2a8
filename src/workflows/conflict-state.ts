/** What a conflict's workflow remembers, what it takes from people, and how it shows itself. */
import { defaultPayloadConverter, RawValue } from '@temporalio/common';
import {
  ApplicationFailure,
  condition,
  currentUpdateInfo,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { ApprovalEvent, ApprovalState, Refusal, Who } from '../domain/approval/approval.ts';
import { type ConflictView, SIDES_WANTED, viewOf } from '../domain/approval/conflict-view.ts';
import { describeConflict, titleOfConflict } from '../domain/approval/describe-conflict.ts';
import {
  APPROVAL_MESSAGES,
  type ApprovalMessage,
  parseApprovalMessage,
} from '../domain/approval/messages.ts';
import { reduceApproval } from '../domain/approval/reduce-approval.ts';
import { type ConflictAnswer, conflictQuery, conflictSignals, conflictUpdates } from './conflict-messages.ts';
import { takeSignedMessage } from './upload-activities.ts';

export type Waiting = {
  readonly event: ApprovalEvent;
  readonly reply: { done(): void; refused(why: Refusal): void; failed(error: unknown): void };
};

export type ConflictWork = {
  readonly input: { readonly conflictId: string };
  /** null until the store was asked. */
  state: ApprovalState | null;
  /** How many steps are recorded. */
  step: number;
  /** It is closed, and mutations that waited for that may be undecided. */
  behind: boolean;
  /** Under way: nothing waits for them but the end of the execution. */
  readonly telling: Set<Promise<void>>;
  /** Messages are carried out one after the other. */
  inbox: Waiting[];
  /** Refused messages, for those who look at the workflow. */
  notes: string[];
};

const MAX_NOTES = 5;

const DESCRIPTIONS: Readonly<Record<ApprovalMessage, string>> = {
  decide: 'Decides: {"decision":"client"|"server"|"merged","fields":{…},"round":1,"comment":"why"}',
  assign: 'Asks one person: {"to":"name"}',
  comment: 'Says something about it: {"text":"…"}',
  withdraw: 'Takes the change back; the server’s row stays: {"reason":"why"}',
};

export function takeConflictMessages(work: ConflictWork): void {
  setHandler(conflictQuery, () => answerFor(work), {
    description: 'Where it stands, both sides, and who may decide',
  });
  for (const message of APPROVAL_MESSAGES) {
    const description = DESCRIPTIONS[message];
    setHandler(conflictSignals[message], (input) => takeSignal(work, message, input), { description });
    setHandler(conflictUpdates[message], (input) => takeUpdate(work, message, input), {
      description,
      // Synchronous: an async validator would never refuse anything.
      validator: (input) => {
        // Before the store was asked it waits, as a signal does; who signed is read by the handler.
        if (work.state === null || signedId(input) !== null) return;
        const { state } = work;
        const event = eventOf(state, message, { input, who: claimed('update') });
        if ('code' in event) throw refusedFailure(event);
        const { refusal } = reduceApproval(state, event, Date.now());
        if (refusal !== null) throw refusedFailure(refusal);
      },
    });
  }
}

/** Marked outside of its data, so that no text of a row or a person can pass for the mark. */
function answerFor(work: ConflictWork): ConflictView {
  const payload = defaultPayloadConverter.toPayload(viewOf(stateNow(work)));
  const metadata = { ...payload.metadata, [SIDES_WANTED]: new TextEncoder().encode(work.input.conflictId) };
  // The converter takes it out of its wrapping: to who asks it is the view.
  return RawValue.fromPayload({ ...payload, metadata }) as unknown as ConflictView;
}

/** Whoever speaks through a bare Temporal client is believed nothing but that he may. */
function claimed(via: 'signal' | 'update'): Who {
  return { name: 'Temporal', roles: [], via };
}

/** @param sent.valuesIn where the values of a decision are, which a bare client cannot say. */
type Sent = { readonly input: unknown; readonly who: Who; readonly valuesIn?: string };

function eventOf(
  state: ApprovalState,
  message: ApprovalMessage,
  { input, who, valuesIn }: Sent,
): ApprovalEvent | Refusal {
  const event = parseApprovalMessage(message, { input, who }, state);
  if (valuesIn === undefined || !('kind' in event) || event.kind !== 'decide') return event;
  return { ...event, decision: { ...event.decision, valuesIn } };
}

/** A signal that comes before the store was asked waits for that: it may be the one that started the workflow. */
async function takeSignal(work: ConflictWork, message: ApprovalMessage, input: unknown): Promise<void> {
  await known(work);
  const event = eventOf(stateNow(work), message, { input, who: claimed('signal') });
  if ('code' in event) return note(work, message, event);
  const reply = {
    done: () => undefined,
    refused: (why: Refusal) => note(work, message, why),
    failed: () => undefined,
  };
  work.inbox.push({ event, reply });
}

async function takeUpdate(
  work: ConflictWork,
  message: ApprovalMessage,
  input: unknown,
): Promise<ConflictAnswer> {
  await known(work);
  const sent = await sentBy(work, message, input);
  const event = eventOf(stateNow(work), message, sent);
  if ('code' in event) throw refusedFailure(event);
  await new Promise<void>((resolve, reject) => {
    const refused = (why: Refusal): void => reject(refusedFailure(why));
    work.inbox.push({ event, reply: { done: resolve, refused, failed: reject } });
  });
  const { status, round } = stateNow(work);
  return { status, round };
}

/** `{"signed":"<id>"}` stands for a message in the store, with the name of whoever said it. */
async function sentBy(work: ConflictWork, message: ApprovalMessage, input: unknown): Promise<Sent> {
  const id = signedId(input);
  if (id === null) return { input, who: claimed('update') };
  const { conflictId } = work.input;
  const usedBy = currentUpdateInfo()?.id ?? '';
  const { message: signed } = await takeSignedMessage({ conflictId, message, id, usedBy });
  if (signed?.problem !== undefined) throw refusedFailure({ code: 'malformed', message: signed.problem });
  if (signed !== null) return signed;
  throw refusedFailure({
    code: 'malformed',
    message: `There is no signed message ${id} for \`${message}\` of this conflict, or it was used before`,
  });
}

function signedId(input: unknown): string | null {
  if (typeof input !== 'object' || input === null) return null;
  const { signed, ...rest } = input as { signed?: unknown };
  return typeof signed === 'string' && signed.length <= 64 && Object.keys(rest).length === 0 ? signed : null;
}

async function known(work: ConflictWork): Promise<void> {
  if (work.state === null) await condition(() => work.state !== null);
}

export function stateOf(work: ConflictWork): ApprovalState {
  if (work.state === null) throw new Error('The conflict has not been read yet');
  return work.state;
}

function stateNow(work: ConflictWork): ApprovalState {
  if (work.state !== null) return work.state;
  throw refusedFailure({ code: 'malformed', message: 'The conflict is being read: try again in a moment' });
}

function refusedFailure({ code, message }: Refusal): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'DECISION_REFUSED', { code });
}

function note(work: ConflictWork, message: ApprovalMessage, why: Refusal): void {
  const text = `A signal \`${message}\` was refused: ${why.message}`;
  log.warn(text, { conflictId: work.input.conflictId });
  work.notes = [...work.notes, text].slice(-MAX_NOTES);
  showConflict(work);
}

export function showConflict(work: ConflictWork): void {
  if (work.state === null) return;
  const { conflictId } = work.input;
  const page = describeConflict(work.state, {
    workflowId: workflowInfo().workflowId,
    resolveCommand: `syncline conflicts resolve ${conflictId}`,
    showCommand: `syncline conflicts show ${conflictId}`,
  });
  const notes = work.notes.map((text) => `> ${text}`);
  setCurrentDetails([page, ...notes].join('\n'));
  upsertMemo({ conflict: titleOfConflict(work.state) });
}
