/**
 * What happened to a conflict is recorded with where it stands by then, and people are told of it. Telling is apart from
 * recording: no mail server holds a conflict up, and what could not be told now the sweep tries again.
 */
import type { ApprovalEffect, ApprovalState } from '../domain/approval/approval.ts';
import { describeConflict, titleOfConflict } from '../domain/approval/describe-conflict.ts';
import { type Notification, type NotificationLink, settledOf } from '../domain/approval/notification.ts';
import { isSyncError } from '../domain/errors.ts';
import { workflowPage } from '../domain/temporal-page.ts';
import { conflictWorkflowId } from '../domain/upload/workflow-ids.ts';
import type { Notifier } from '../notify/notifier.ts';
import { recordStep } from '../store/approvals.ts';
import {
  type DueNotification,
  endTry,
  type NotificationEnd,
  noteSettled,
  takeDueNotification,
} from '../store/notifications.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import type { UploadActivities } from './upload-contract.ts';
import { whileBeating } from './while-beating.ts';

type Input<K extends keyof UploadActivities> = Parameters<UploadActivities[K]>[0];

/** Longer than any channel takes. */
const LEASE_MS = 120_000;
const AT_ONCE = 10;
const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 3_600_000;
/** By then it is no news any more: the task list has it. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000;

export async function recordConflict(
  deps: ActivityDeps,
  input: Input<'recordConflict'>,
): Promise<{ tell: boolean }> {
  const { conflictId, step, state, effects } = input;
  const links = linksTo(deps, conflictId);
  const notifications = deps.notifier === null ? [] : notificationsOf({ state, step, effects, links });
  await recordStep(deps.store.pool, { conflictId, step, state, effects, notifications });
  return { tell: notifications.length > 0 };
}

/** A path alone is no link: it needs `temporal.uiUrl`. */
function linksTo({ config }: ActivityDeps, conflictId: string): NotificationLink[] {
  if (config.temporal.uiUrl === undefined) return [];
  return [{ label: 'Open in Temporal', url: workflowPage(config.temporal, conflictWorkflowId(conflictId)) }];
}

function notificationsOf(at: {
  readonly state: ApprovalState;
  readonly step: number;
  readonly effects: readonly ApprovalEffect[];
  readonly links: readonly NotificationLink[];
}): Notification[] {
  const { state, step, effects, links } = at;
  const { id, entity, key, device, deviceUser, author } = state.conflict;
  return effects.flatMap((effect) => {
    if (effect.kind !== 'notify') return [];
    const { about, round, to } = effect;
    return [
      {
        id: `conflict/${id}/${round}/${about}/${step}`,
        about,
        title: titleOfConflict(state),
        conflictId: id,
        entity,
        row: key,
        round,
        to,
        requester: { device, deviceUser, author },
        text: describeConflict(state, {
          workflowId: conflictWorkflowId(id),
          resolveCommand: `syncline conflicts resolve ${id}`,
          showCommand: `syncline conflicts show ${id}`,
        }),
        links,
      },
    ];
  });
}

export async function tellConflict(
  deps: ActivityDeps,
  { conflictId }: Input<'tellConflict'>,
  context: ActivityContext,
): Promise<void> {
  await whileBeating(context, () => tellDue(deps, { conflictId, limit: AT_ONCE }, context));
}

/** @param which.conflictId null: of any conflict. @returns how many were tried. */
export async function tellDue(
  deps: ActivityDeps,
  { conflictId, limit }: { readonly conflictId: string | null; readonly limit: number },
  context: ActivityContext,
): Promise<number> {
  const { notifier, store } = deps;
  if (notifier === null) return 0;
  for (let tried = 0; tried < limit; tried++) {
    context.signal.throwIfAborted();
    const due = await takeDueNotification(store.pool, { conflictId, leaseMs: LEASE_MS });
    if (due === null) return tried;
    await tell(deps, notifier, { due, signal: context.signal });
  }
  return limit;
}

async function tell(
  { store, logger }: ActivityDeps,
  notifier: Notifier,
  { due, signal }: { readonly due: DueNotification; readonly signal: AbortSignal },
): Promise<void> {
  const { content } = due;
  const { id } = content;
  let writing: Promise<unknown> = Promise.resolve();
  try {
    const settled = await notifier.send(content, signal, {
      settled: due.settled,
      onSettled: (now) => {
        // What is lost here is told twice, under one id.
        writing = writing.then(() => noteSettled(store.pool, id, now)).catch(() => undefined);
      },
    });
    await writing;
    await endTry(store.pool, { id, settled, end: { state: 'done' } });
  } catch (error) {
    await writing;
    if (!isSyncError(error) || error.code !== 'NOTIFY_FAILED') throw error;
    const end = endOf(due, error.message, error.details.retryAfterMs);
    if (end.state === 'given up') logger.warn({ notification: id, problem: end.problem }, 'not told in time');
    await endTry(store.pool, { id, settled: settledOf(error.details), end });
  }
}

function endOf({ attempts, ageMs }: DueNotification, problem: string, asked: unknown): NotificationEnd {
  if (ageMs > GIVE_UP_AFTER_MS) return { state: 'given up', problem };
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 10), MAX_PAUSE_MS);
  return { state: 'open', problem, pauseMs: Math.max(pauseMs, typeof asked === 'number' ? asked : 0) };
}
