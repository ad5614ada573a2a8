/** Requests to a gateway: sent again while that helps, never sooner than it asks for, never all devices at once. */

/** What the gateway answered, where that was an error. */
export class GatewayError extends Error {
  readonly status: number;
  /** As docs/errors.md has them. */
  readonly code: string;

  constructor({ status, code, detail }: { status: number; code: string; detail: string }) {
    super(`${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
  }
}

export type Retrying = {
  /** Tries before the caller hears of it; it may simply call again later. */
  readonly attempts: number;
  /** Before the second try, at most; twice that before the third one, and so on. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
};

export const PATIENT: Retrying = { attempts: 8, pauseMs: 500, maxPauseMs: 60_000 };

export type Call = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly key?: string;
};

/** @throws GatewayError for what would be refused again, or was refused too often; TypeError when nobody answered. */
export async function request<T>(
  url: string,
  call: Call,
  { token, retrying }: { readonly token: string; readonly retrying: Retrying },
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const { error, retryAfterMs, body } = await once<T>(url, call, token);
    if (error === null) return body as T;
    if (!isWorthRetrying(error) || attempt >= retrying.attempts) throw error;
    const upTo = Math.min(retrying.maxPauseMs, retrying.pauseMs * 2 ** (attempt - 1));
    // Devices that lost a gateway together shall not come back together.
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs + Math.random() * upTo));
  }
}

type Answer<T> = { readonly error: Error | null; readonly retryAfterMs: number; readonly body?: T };

async function once<T>(url: string, { method, path, body, key }: Call, token: string): Promise<Answer<T>> {
  try {
    const reply = await fetch(`${url}${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body }),
    });
    const text = await reply.text();
    if (reply.ok) return { error: null, retryAfterMs: 0, body: JSON.parse(text) as T };
    const retryAfterMs = 1_000 * (Number(reply.headers.get('retry-after')) || 0);
    return { error: errorOf(reply.status, text), retryAfterMs };
  } catch (error) {
    // Nobody answered, or not to the end: it may have been done all the same.
    return { error: error instanceof Error ? error : new Error(String(error)), retryAfterMs: 0 };
  }
}

/** Something between us and the gateway may answer in other words. */
function errorOf(status: number, text: string): GatewayError {
  try {
    const { code = 'UNKNOWN', detail = '' } = JSON.parse(text) as { code?: string; detail?: string };
    return new GatewayError({ status, code, detail });
  } catch {
    return new GatewayError({ status, code: 'UNKNOWN', detail: text.slice(0, 200) });
  }
}

function isWorthRetrying(error: Error): boolean {
  return !(error instanceof GatewayError) || error.status === 429 || error.status >= 500;
}
