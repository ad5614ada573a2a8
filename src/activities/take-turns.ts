/** Long computations give way to whatever else waits for this process: other lanes, sockets, heartbeats. */
import type { Rest } from '../domain/shape-rest.ts';

/** What the sockets' buffers bridge without a server having to wait, several times over. */
const TURN_MS = 2;

export function takeTurns(): Rest {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN_MS) return null;
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now();
        resolve();
      });
    });
  };
}
