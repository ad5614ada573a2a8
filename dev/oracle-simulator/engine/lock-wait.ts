/** FOR UPDATE WAIT n, LOCK TABLE … WAIT n. */

import type { Wait } from '../sql/ast.ts';
import type { Command } from './pipeline.ts';

/** In front of what may have to wait. 0 would mean for ever. */
export function lockTimeout(wait: Wait): readonly Command[] {
  return wait.kind === 'seconds'
    ? [{ text: `SET LOCAL lock_timeout = ${Math.max(1, wait.seconds * 1000)}` }]
    : [];
}

export function lockTimeoutEnd(wait: Wait): readonly Command[] {
  return wait.kind === 'seconds' ? [{ text: 'SET LOCAL lock_timeout = 0' }] : [];
}

/** What an error says when the lock was not to be had. */
export function waitKind(wait: Wait): 'seconds' | 'nowait' {
  return wait.kind === 'seconds' ? 'seconds' : 'nowait';
}
