/** Texts of requests that PostgreSQL cannot keep, and addresses that are longer than any of ours. */
import type { FastifyRequest } from 'fastify';
import { SyncError } from '../domain/errors.ts';

/** The whole address. Keys and cursors are far below. */
const MAX_URL_LENGTH = 8_192;
const MAX_QUERY_PARAMETERS = 64;

type Looks = {
  readonly object?: (value: object) => boolean;
  readonly text?: (value: string) => boolean;
};

/** @returns where one of the looks found something: names of properties, outermost first; null: nowhere. */
export function findInJson(value: unknown, looks: Looks): readonly string[] | null {
  if (typeof value === 'string') return looks.text?.(value) ? [] : null;
  if (typeof value !== 'object' || value === null) return null;
  if (looks.object?.(value)) return [];
  for (const [name, item] of Object.entries(value)) {
    if (looks.text?.(name)) return [];
    const below = findInJson(item, looks);
    if (below !== null) return [name, ...below];
  }
  return null;
}

/** NUL is refused by PostgreSQL, and half a surrogate pair silently becomes another character. */
function isUnstorable(text: string): boolean {
  return text.includes('\u0000') || /\p{Surrogate}/u.test(text);
}

/** @param part of the request, for the message. @throws REQUEST_INVALID */
export function assertStorable(value: unknown, part: string): void {
  const at = findInJson(value, { text: isUnstorable });
  if (at === null) return;
  throw new SyncError('REQUEST_INVALID', {
    message: `${[part, ...at.map((name) => name.slice(0, 64))].join('/')} has the character U+0000, or half a surrogate pair`,
    remedy: 'Remove it: PostgreSQL cannot keep it.',
  });
}

/** Code that copies such an object carelessly would change what all objects inherit. @throws REQUEST_INVALID */
export function assertHarmless(value: unknown, part: string): void {
  if (findInJson(value, { object: pollutes }) === null) return;
  throw new SyncError('REQUEST_INVALID', {
    message: `The ${part} has a name that every object of JavaScript has, such as __proto__`,
  });
}

function pollutes(value: object): boolean {
  if (Object.hasOwn(value, '__proto__')) return true;
  if (!Object.hasOwn(value, 'constructor')) return false;
  const own: unknown = value.constructor;
  return typeof own === 'object' && own !== null && Object.hasOwn(own, 'prototype');
}

/** Before anything is done for a request. @throws REQUEST_INVALID */
export async function checkAddress({ raw, params, query }: FastifyRequest): Promise<void> {
  const { url = '' } = raw;
  if (url.length > MAX_URL_LENGTH) {
    throw new SyncError('REQUEST_INVALID', {
      message: `The address has ${url.length} characters; ${MAX_URL_LENGTH} are accepted`,
    });
  }
  // A path without a route has no parameters.
  assertStorable(params ?? {}, 'path');
  assertStorable(query ?? {}, 'query');
  assertHarmless(query ?? {}, 'query');
  const count = Object.values((query ?? {}) as object).flat().length;
  if (count > MAX_QUERY_PARAMETERS) {
    throw new SyncError('REQUEST_INVALID', {
      message: `The address has ${count} parameters; ${MAX_QUERY_PARAMETERS} are accepted`,
    });
  }
}
