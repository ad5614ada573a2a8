/**
 * Bodies of requests: bounded as they come and unpacked, and read as JSON. No more than `maxBodyBytes` of either is in
 * memory, whatever a few packed bytes would become.
 */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SyncError } from '../domain/errors.ts';
import { parseJsonExactly, UnreadableJson } from '../service/exact-json.ts';
import type { GatewayApp } from './app.ts';
import { assertHarmless, assertStorable } from './request-text.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route itself says of each row of its body what cannot be stored; else that refuses the request. */
    judgesRows?: true;
  }
}

/** JSON, and its dialects such as merge-patch+json. Everything else is refused. */
const JSON_TYPE = /^application\/([\w.+-]+\+)?json$/i;

type Unpack = (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const UNPACK: ReadonlyMap<string, Unpack> = new Map([
  ['identity', async (plain) => plain],
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
]);

/** Bodies that say by `prefault` what they are when they are left out may be. */
export function acceptBodies(app: GatewayApp, { maxBodyBytes }: { maxBodyBytes: number }): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    JSON_TYPE,
    // What comes is bounded by Fastify, by `bodyLimit`.
    { parseAs: 'buffer' },
    async (request: FastifyRequest, body: Buffer) => {
      const text = textOf(await unpack(request, body, maxBodyBytes));
      return text === '' ? undefined : readJson(text, request);
    },
  );
  // Fastify hands a schema null where there is no body.
  app.addHook('preValidation', async (request) => {
    const { body } = request.routeOptions.schema ?? {};
    if (request.body === undefined && body instanceof z.ZodPrefault) request.body = body.def.defaultValue;
  });
}

async function unpack(request: FastifyRequest, body: Buffer, maxOutputLength: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() || 'identity';
  const unpacking = UNPACK.get(encoding);
  if (unpacking === undefined) {
    throw new SyncError('REQUEST_INVALID', {
      message: 'The body has an encoding that is not accepted here',
      remedy: 'Send it plain, or packed by gzip, deflate or br.',
    });
  }
  try {
    return await unpacking(body, { maxOutputLength });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new SyncError('BODY_TOO_LARGE', {
        message: `The body has more than ${maxOutputLength} bytes when it is unpacked`,
      });
    }
    throw new SyncError('REQUEST_INVALID', { message: `The body is not packed by ${encoding}, as it says` });
  }
}

function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw new SyncError('REQUEST_INVALID', { message: 'The body is no UTF-8' });
  return body.toString('utf8').replace(/^\uFEFF/, '');
}

/** What makes a closer look necessary: most bodies have nothing of it, and the look takes longer than the parsing. */
const SUSPECT = { property: /__proto__|constructor|\\u00/i, text: /\\u(0000|d[89a-f])/i };

function readJson(text: string, { routeOptions }: FastifyRequest): unknown {
  const value = parse(text);
  if (SUSPECT.property.test(text)) assertHarmless(value, 'body');
  if (SUSPECT.text.test(text) && routeOptions.config.judgesRows !== true) assertStorable(value, 'body');
  return value;
}

function parse(text: string): unknown {
  try {
    return parseJsonExactly(text);
  } catch (error) {
    if (!(error instanceof UnreadableJson)) throw error;
    throw new SyncError('REQUEST_INVALID', { message: `The body cannot be read: ${error.message}` });
  }
}

/** So long a refused request is listened to, so that its sender comes to read why; nothing of it is kept. */
const DISCARD_MS = 1_000;

/** Else the connection would be closed while the other side still writes, and the reply be lost with it. */
export async function discardRest(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return;
  request.resume();
  const late = AbortSignal.timeout(DISCARD_MS);
  await once(request, 'close', { signal: late }).catch(() => undefined);
}
