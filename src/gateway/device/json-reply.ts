/** Replies whose text PostgreSQL and we built, and what clients know of them already. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** No schema has to write it again. */
export function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}

/** Weak: the clock and the packing differ from one reply to the next, what it says does not. */
export function weakTag(texts: readonly string[]): string {
  const hash = createHash('sha1');
  for (const text of texts) hash.update(text);
  return `W/"${hash.digest('base64url')}"`;
}

/** Does the client have what the reply's ETag stands for? */
export function isKnown({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  const asked = headers['if-none-match'];
  if (asked === undefined) return false;
  const etag = String(reply.getHeader('etag')).replace(/^W\//, '');
  return asked.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
