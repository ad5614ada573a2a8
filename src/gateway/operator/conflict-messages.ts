/** What people say to a conflict: signed in the store with the token's name and roles, carried out by its workflow. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mayWriteField } from '../../domain/access/scope.ts';
import { MAX_COMMENT } from '../../domain/approval/decision-message.ts';
import type { ApprovalMessage } from '../../domain/approval/messages.ts';
import { SyncError } from '../../domain/errors.ts';
import { visibleConflict } from '../../service/conflicts.ts';
import { sayToConflict } from '../../service/say-to-conflict.ts';
import { withoutNames } from '../../service/visible.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { checkMatch } from './conflict-tag.ts';
import { conflictParams } from './conflicts.ts';
import { scopesOf, whoOf } from './visible.ts';

const text = z.string().trim().min(1).max(MAX_COMMENT);

const decideBody = z.strictObject({
  decision: z
    .enum(['client', 'server', 'merged'])
    .describe('The device’s side, the server’s, or values of your own'),
  fields: z
    .unknown()
    .optional()
    .describe('With `merged`: {"column": value}, for every field that clashes. Long numbers in quotes'),
  round: z
    .int()
    .positive()
    .optional()
    .describe('That you looked at; without it and If-Match, the current one'),
  comment: z.string().max(MAX_COMMENT).optional(),
});

const BODIES = {
  decide: decideBody,
  assign: z.strictObject({ to: text.max(200), comment: text.optional() }),
  comment: z.strictObject({ text }),
  withdraw: z.strictObject({ reason: text.optional() }).prefault({}),
} as const satisfies Record<ApprovalMessage, z.ZodType>;

const SUMMARIES: Readonly<Record<ApprovalMessage, string>> = {
  decide: 'Decide a conflict, and wait until it is written',
  assign: 'Ask one person',
  comment: 'Say something about it',
  withdraw: 'Take the change back; the server’s row stays',
};

const answerSchema = z.object({
  conflict: z.string(),
  status: z
    .string()
    .describe(
      'applied, withdrawn; or that it waits: proposed, assigned, escalated. A decision may open again',
    ),
  round: z.number(),
  why: z.string().nullable().describe('What kept a decision from being written; null: nothing did'),
});

export function conflictMessageRoutes(app: GatewayApp, deps: GatewayDeps): void {
  for (const message of Object.keys(BODIES) as ApprovalMessage[]) {
    app.post(
      `/v1/conflicts/:id/${message}`,
      {
        config: { access: ['approver', 'operator'] },
        schema: {
          summary: SUMMARIES[message],
          description:
            'DECISION_REFUSED says who may, in which round, and about what. Who asked for a change does not approve it.',
          tags: ['approver'],
          params: conflictParams,
          headers: z.object({ 'if-match': z.string().max(1_000).optional() }),
          body: BODIES[message],
          response: { 200: answerSchema },
        },
      },
      async (request) => say(deps, request, { id: request.params.id, message }),
    );
  }
}

async function say(
  deps: GatewayDeps,
  { body, headers, principal }: Pick<FastifyRequest, 'body' | 'headers' | 'principal'>,
  { id, message }: { readonly id: string; readonly message: ApprovalMessage },
): Promise<z.input<typeof answerSchema>> {
  const scopeOf = scopesOf(deps, principal);
  const conflict = await visibleConflict(deps, id, scopeOf);
  checkMatch(headers['if-match'], conflict);
  const said = body as Record<string, unknown>;
  const scope = await scopeOf(conflict.entity);
  if (message === 'decide') refuseFields(said.fields, scope);
  // What was seen is what is decided about, also when the row moves while this is on its way.
  const seen = headers['if-match'] === undefined ? {} : { round: conflict.round };
  const { status, round, why } = await sayToConflict(deps, {
    ...{ id, message, who: whoOf(principal) },
    input: (current) => (message === 'decide' ? { round: current, ...seen, ...said } : said),
  });
  return { conflict: id, status, round, why: why && withoutNames(why, scope) };
}

/** What cannot be seen is refused in the words for a field that is not there. */
function refuseFields(fields: unknown, scope: Parameters<typeof mayWriteField>[0]): void {
  if (typeof fields !== 'object' || fields === null) return;
  const refused = Object.keys(fields).find((name) => !mayWriteField(scope, name));
  if (refused === undefined) return;
  throw new SyncError('DECISION_REFUSED', {
    message: `fields.${refused.slice(0, 64)} is not part of what you may decide of this conflict`,
  });
}
