/** A row as somebody has it who wants to change it: its document, and whether it still is what they saw. */
import type { FastifyReply } from 'fastify';
import { SyncError } from '../../domain/errors.ts';
import { readDocuments } from '../../store/feed-document.ts';
import { readIncarnation } from '../../store/upload-replies.ts';
import type { GatewayDeps } from '../deps.ts';
import { problemOf } from '../problem.ts';
import { type Reading, readWithin } from './feed-reading.ts';
import { nothingOf } from './push-reply.ts';

export type CurrentRecord = {
  readonly rev: string;
  readonly isThere: boolean;
  /** Its document. */
  readonly text: string;
};

/** A row that is not there, or out of sight, is one that was deleted. */
export async function currentRecord(
  deps: GatewayDeps,
  { entity, scope }: Reading,
  id: string,
): Promise<CurrentRecord> {
  const found = await readWithin(deps, [{ entity, scope }], (client) =>
    readDocuments(client, entity, { ids: [id], scope }),
  );
  const text = found.get(id) ?? nothingOf(id, await readIncarnation(deps.store.pool));
  const { rev, _deleted } = JSON.parse(text) as { rev: string; _deleted: boolean };
  return { rev, isThere: !_deleted, text };
}

export function etagOf({ rev }: Pick<CurrentRecord, 'rev'>): string {
  return `"${rev}"`;
}

/**
 * @param ifMatch of the request.
 * @returns whether the record is the one that was seen.
 * @throws PRECONDITION_REQUIRED without If-Match
 */
export function isAsSeen(ifMatch: string | undefined, record: Pick<CurrentRecord, 'rev'>): boolean {
  if (ifMatch === undefined) {
    throw new SyncError('PRECONDITION_REQUIRED', { message: 'The request has no If-Match' });
  }
  const tags = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etagOf(record));
}

/** 412, with the record as it is now. It does not go through an error, since errors hold no values of rows. */
export function sendMoved(
  reply: FastifyReply,
  record: CurrentRecord,
  more: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const error = new SyncError('PRECONDITION_FAILED', {
    message: 'The record is not the one that If-Match names',
    details: more,
  });
  const problem = JSON.stringify(problemOf(error, reply.request.id));
  return reply
    .code(412)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('etag', etagOf(record))
    .send(`${problem.slice(0, -1)},"record":${record.text}}`);
}
