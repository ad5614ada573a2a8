/** One POST of JSON: a connection of its own, no redirects, no endless answers. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

const MAX_ANSWER_BYTES = 64 * 1_024;
/** No receiver decides that nobody is told before tomorrow. */
const MAX_RETRY_AFTER_MS = 3_600_000;

export type Post = {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ends it, whatever it waits for. */
  readonly signal: AbortSignal;
};

export type Answer = {
  readonly status: number;
  readonly retryAfterMs: number | null;
  /** Its beginning, as far as it came. */
  readonly text: string;
};

/** Once there is a status the promise resolves, even if the rest of the answer does not come. */
export function postJson({ url, body, headers, signal }: Post): Promise<Answer> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const options = {
    method: 'POST',
    agent: false,
    signal,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      'User-Agent': 'Syncline',
      ...headers,
    },
  } as const;
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const sent = request(new URL(url), options, (answer) => {
      isAnswered = true;
      const parts: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (part: Buffer) => {
        parts.push(part);
        bytes += part.length;
        if (bytes > MAX_ANSWER_BYTES) answer.destroy();
      });
      // The status is all that counts.
      answer.on('error', () => undefined);
      answer.once('close', () => {
        const text = Buffer.concat(parts).subarray(0, MAX_ANSWER_BYTES).toString('utf8');
        const retryAfterMs = retryAfter(answer.headers['retry-after'], Date.now());
        resolve({ status: answer.statusCode ?? 0, retryAfterMs, text });
      });
    });
    sent.on('error', (error) => {
      if (!isAnswered) reject(error);
    });
    sent.end(body);
  });
}

/** Seconds, or a date of HTTP. */
export function retryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
