/**
 * Changes of workflow code that executions meet which began before them. A conflict waits for weeks, so code that is
 * changed has both ways, and asks here which one an execution goes: what it did before the change it does again when it
 * is replayed; what comes afterwards goes the new way.
 */
import { patched } from '@temporalio/workflow';

/**
 * By the name that histories keep: never renamed, never used again. One leaves the list, and the old way the code, when
 * nothing can be open any more that began before it; until then docs/temporal.md says what it is.
 */
const CHANGES = {
  'local-steps': 'steps in the store are done with the workflow’s own task',
  'local-opening': 'that a conflict is open is recorded with the workflow’s own task',
  'parts-in-turn': 'parts of an upload take turns while they wait',
} as const satisfies Record<string, string>;

/** Asked right where the ways part, at every time: the answer may turn from false to true within an execution. */
export function changed(name: keyof typeof CHANGES): boolean {
  return patched(name);
}
