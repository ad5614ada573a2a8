/** One call at work: what ends it early, and how the statement in the engine is told. */

import type { EngineSession } from '../types.ts';

/** A cancel can reach the engine between two of the call's statements; so it is said again while the call lasts. */
const CANCEL_AGAIN_MS = 250;

export type RunningCall = {
  /** Aborted with the reason to answer instead of the call's own reply. */
  readonly signal: AbortSignal;
  /** Ends the call early; only the first reason counts. */
  interrupt(reason: Error): void;
  /** The call's work settled: no cancel hits what comes behind it. */
  settle(): Promise<void>;
};

/** `cancelable`: the session whose statement is to be cancelled, null while there is none or it must not be. */
export function startCall(cancelable: () => EngineSession | null): RunningCall {
  const controller = new AbortController();
  const cancels = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    const session = cancelable();
    if (session === null) return;
    // A cancel that fails is said again; a connection that is gone ends the call by itself.
    const told = session.cancel().catch(() => undefined);
    cancels.add(told);
    told.finally(() => cancels.delete(told)).catch(() => undefined);
  };
  return {
    signal: controller.signal,
    interrupt(reason) {
      if (controller.signal.aborted) return;
      controller.abort(reason);
      cancel();
      timer = setInterval(cancel, CANCEL_AGAIN_MS);
    },
    async settle() {
      clearInterval(timer);
      await Promise.all(cancels);
    },
  };
}
