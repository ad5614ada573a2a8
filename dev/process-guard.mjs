// Runs beside a process of ours, in a session of its own, and outlives it by a moment. It reads which servers and
// directories exist; when its input ends without their having been taken back, whoever made them is gone (killed, crashed),
// and it ends the servers and removes the directories. Plain JavaScript, so that it starts with nothing but node.
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const endMs = 10_000;
/** @type {Map<number, NodeJS.Signals>} */
const servers = new Map();
/** @type {Set<string>} */
const directories = new Set();

process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.server !== undefined) {
    if (message.signal === null) servers.delete(message.server);
    else servers.set(message.server, message.signal);
  } else if (message.keep === true) directories.delete(message.directory);
  else directories.add(message.directory);
}

await Promise.all([...servers].map(([pid, signal]) => end(pid, signal)));
await Promise.all(
  [...directories].map((path) => rm(path, { recursive: true, force: true, maxRetries: 5 }).catch(() => {})),
);

/** @param {number} pid @param {NodeJS.Signals} signal */
async function end(pid, signal) {
  const deadline = Date.now() + endMs;
  if (!send(pid, signal)) return;
  while (Date.now() < deadline) {
    if (!send(pid, 0)) return;
    await sleep(50);
  }
  send(pid, 'SIGKILL');
}

/** @param {number} pid @param {NodeJS.Signals | 0} signal */
function send(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
