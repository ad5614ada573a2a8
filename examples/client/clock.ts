/** A hybrid logical clock as the gateway reads it: twelve hex digits of milliseconds, four of a counter, `-`, the node. */

export type Clock = {
  /** The last tick; null: none yet. */
  last: string | null;
  /** What has to be added to this machine's clock to have the server's. */
  offsetMs: number;
};

const MAX_COUNTER = 0xffff;

/** Stamps one edit: later than all that this device has stamped or heard of. */
export function tick(clock: Clock, node: string): string {
  const nowMs = Date.now() + clock.offsetMs;
  const last = clock.last === null ? { ms: 0, counter: 0 } : partsOf(clock.last);
  const isLater = nowMs > last.ms;
  const isFull = !isLater && last.counter === MAX_COUNTER;
  const ms = isLater ? nowMs : last.ms + (isFull ? 1 : 0);
  const counter = isLater || isFull ? 0 : last.counter + 1;
  clock.last = `${hex(ms, 12)}${hex(counter, 4)}-${node}`;
  return clock.last;
}

/** What the server stamped its reply with. */
export function hear(clock: Clock, serverHlc: string): void {
  if (clock.last === null || serverHlc > clock.last) clock.last = serverHlc;
}

/** After CLOCK_AHEAD: from now on this device counts from the server's time. */
export function setBack(clock: Clock, serverHlc: string): void {
  clock.offsetMs = partsOf(serverHlc).ms - Date.now();
  clock.last = serverHlc;
}

function partsOf(hlc: string): { readonly ms: number; readonly counter: number } {
  return { ms: Number.parseInt(hlc.slice(0, 12), 16), counter: Number.parseInt(hlc.slice(12, 16), 16) };
}

function hex(value: number, digits: number): string {
  return Math.floor(value).toString(16).padStart(digits, '0');
}
