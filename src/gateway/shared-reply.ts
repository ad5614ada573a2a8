/** A reply that anybody may ask for: made and packed once, and one for all whom it is sent to, however slowly they read. */
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isKnown, sendUnchanged, weakTag } from './device/json-reply.ts';

type Made = { readonly plain: Buffer; readonly packed: Buffer; readonly etag: string };

/** JSON. Its route has `compress: false`. @param make its text, when somebody asks for the first time. */
export function sharedJson(
  make: () => string,
): (request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  let made: Made | null = null;
  return (request, reply) => {
    made ??= madeOf(make());
    reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-cache');
    reply.header('vary', 'Accept-Encoding').header('etag', made.etag);
    if (isKnown(request, reply)) return sendUnchanged(reply);
    if (!takesGzip(request.headers['accept-encoding'] ?? '')) return reply.send(made.plain);
    return reply.header('content-encoding', 'gzip').send(made.packed);
  };
}

function madeOf(text: string): Made {
  return { plain: Buffer.from(text), packed: gzipSync(text), etag: weakTag([text]) };
}

/** `gzip`, unless it says `;q=0`. */
function takesGzip(encodings: string): boolean {
  return encodings.split(',').some((one) => /^\s*gzip\s*(;\s*q\s*=\s*(1|0?\.\d*[1-9])\d*.*)?$/i.test(one));
}
