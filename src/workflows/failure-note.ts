/** What a failure that crossed Temporal says: its code is the type of the innermost failure that has one of ours. */

import { ERRORS, type ErrorCode } from '../domain/errors.ts';
import type { FailureNote } from '../domain/run.ts';

type FailureLike = {
  readonly type?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
  readonly cause?: unknown;
};

/** Walks the chain of causes; a failure without a code of ours is INTERNAL. */
export function failureNote(error: unknown): FailureNote & { readonly code: ErrorCode } {
  let last: FailureLike = {};
  for (let at = error as FailureLike | null | undefined; at != null; at = at.cause as FailureLike | null) {
    last = at;
    if (isErrorCode(at.type)) {
      return { code: at.type, message: messageOf(at), remedy: remedyOf(at) ?? ERRORS[at.type].remedy };
    }
  }
  return { code: 'INTERNAL', message: messageOf(last), remedy: ERRORS.INTERNAL.remedy };
}

export function isErrorCode(type: unknown): type is ErrorCode {
  return typeof type === 'string' && Object.hasOwn(ERRORS, type);
}

function messageOf(failure: FailureLike): string {
  return typeof failure.message === 'string' && failure.message !== '' ? failure.message : 'unknown failure';
}

function remedyOf(failure: FailureLike): string | null {
  const [first] = Array.isArray(failure.details) ? failure.details : [];
  const remedy = (first as { remedy?: unknown } | null | undefined)?.remedy;
  return typeof remedy === 'string' ? remedy : null;
}
