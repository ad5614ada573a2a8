/** What benchmarks of the gateway have in common: devices with tokens, requests over connections that stay open, times. */
import { type Agent, type IncomingMessage, request } from 'node:http';
import { SignJWT } from 'jose';

export type BenchDevice = { readonly name: string; readonly authorization: string };

export async function benchDevices(secret: string, count: number): Promise<BenchDevice[]> {
  const key = new TextEncoder().encode(secret);
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const name = `bench-${n}`;
      const token = await new SignJWT({ roles: ['device'], device_id: name })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(`user-${n}`)
        .setIssuer('https://bench.invalid')
        .setAudience('syncline')
        .setIssuedAt()
        .setExpirationTime('2 hours')
        .sign(key);
      return { name, authorization: `Bearer ${token}` };
    }),
  );
}

export type Asked = {
  readonly agent: Agent;
  readonly url: string;
  readonly device: BenchDevice;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON; a POST then. */
  readonly body?: string;
};

export type Answered = { readonly status: number; readonly text: string; readonly ms: number };

export function ask({ agent, url, device, headers, body }: Asked): Promise<Answered> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: device.authorization,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    sent.on('response', (reply: IncomingMessage) => {
      const parts: Buffer[] = [];
      reply.on('data', (part: Buffer) => parts.push(part));
      reply.on('error', reject);
      reply.on('end', () =>
        resolve({
          status: reply.statusCode ?? 0,
          text: Buffer.concat(parts).toString('utf8'),
          ms: performance.now() - startedAt,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** So many at a time. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await work(next);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
