/** Replies whose text PostgreSQL and we built, and what clients know of them already. */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** No schema has to write it again; and a socket takes bytes as they are, where it would copy a long text twice. */
export function sendJson(reply: FastifyReply, json: string | Buffer): FastifyReply {
  const bytes = typeof json === 'string' ? Buffer.from(json) : json;
  return reply.header('content-type', 'application/json; charset=utf-8').send(bytes);
}

/** 304, without a body: null would be one, of four bytes, and caches would believe the length that the header has. */
export function sendUnchanged(reply: FastifyReply): FastifyReply {
  return reply.removeHeader('content-type').code(304).send();
}

/** Weak: the clock and the packing differ from one reply to the next, what it says does not. */
export function weakTag(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return `W/"${hash.digest('base64url')}"`;
}

/** Does the client have what the reply's ETag stands for? */
export function isKnown({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  const asked = headers['if-none-match'];
  if (asked === undefined) return false;
  const etag = String(reply.getHeader('etag')).replace(/^W\//, '');
  return asked.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));
}
