/** Can a receiver of HTTP be reached? Name, port and certificate are tried; nothing is sent, so nobody is told anything. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** @throws what the connection met; the signal's reason when it is aborted. */
export async function connectTo(address: string, signal: AbortSignal): Promise<void> {
  const { protocol, hostname, port } = new URL(address);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const secure = protocol === 'https:';
  const at = { host, port: port === '' ? (secure ? 443 : 80) : Number(port) };
  signal.throwIfAborted();
  const socket: Socket = secure
    ? connectTls({ ...at, ...(isIP(host) === 0 && { servername: host }), ALPNProtocols: ['http/1.1'] })
    : connectTcp(at);
  await new Promise<void>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    socket.once(secure ? 'secureConnect' : 'connect', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  }).finally(() => {
    // Whatever a half-made session still has to say is nobody's any more.
    socket.on('error', () => undefined);
    socket.destroy();
  });
}
