/** What Fastify's plugins do for replies: packing, and streams of events. */
import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import { fastifySSE } from '@fastify/sse';
import type { GatewayApp } from './app.ts';

/** A packet's worth: less is not worth the work. */
const PACKED_FROM_BYTES = 1_024;
/** Brotli's own default takes a second for a megabyte. */
const BROTLI_QUALITY = 4;
const GZIP_LEVEL = 4;
/** Proxies give up on connections that are silent for a minute. */
const HEARTBEAT_MS = 15_000;

/** Before any route: both look at routes as they are made. */
export async function registerReplyPlugins(app: GatewayApp): Promise<void> {
  await app.register(compress, {
    // Bodies of requests are unpacked elsewhere, where their size is watched.
    globalDecompression: false,
    threshold: PACKED_FROM_BYTES,
    encodings: ['br', 'gzip'],
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } },
    zlibOptions: { level: GZIP_LEVEL },
  });
  await app.register(fastifySSE, { heartbeatInterval: HEARTBEAT_MS });
}
