/** A client's socket as a sequence of packets. */

import type { Socket } from 'node:net';
import { DATA_FLAG, dataFlags, markerKind, PACKET, type Packet, PacketSplitter } from './packets.ts';
import { ProtocolError } from './reader.ts';

/** The client is not there any more, or was sent away. Nothing is to be answered. */
export class ConnectionGone extends Error {
  constructor() {
    super('The connection is closed');
    this.name = 'ConnectionGone';
  }
}

export type LinkEvents = {
  /** A marker, in its place among the packets: what came before it was handed out or is dropped. */
  marker(kind: number): void;
  gone(): void;
  /** What only a defect of the simulator can throw. */
  defect(error: unknown): void;
};

const MAX_FIRST_PACKET_BYTES = 65_535;

export class Link {
  readonly #socket: Socket;
  readonly #events: LinkEvents;
  readonly #splitter = new PacketSplitter({ maxBytes: MAX_FIRST_PACKET_BYTES });
  readonly #maxQueuedBytes: number;
  #packets: Packet[] = [];
  #queuedBytes = 0;
  /** Bytes that came while nothing is to happen. */
  #heldBytes = 0;
  #held = false;
  #gone = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, options: { readonly events: LinkEvents; readonly maxQueuedBytes: number }) {
    this.#socket = socket;
    this.#events = options.events;
    this.#maxQueuedBytes = options.maxQueuedBytes;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('end', () => this.destroy());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.#leave());
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** While held, nothing that the client sends has an effect, breaks included. */
  get held(): boolean {
    return this.#held;
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#heldBytes = 0;
    this.#dispatch();
  }

  /** The connect was accepted. */
  accepted(options: { readonly maxBytes: number }): void {
    this.#splitter.accepted(options);
    this.#dispatch();
  }

  /** Packets that are there and were not taken. */
  get waiting(): number {
    return this.#packets.length;
  }

  /** The next packet that is there. */
  take(): Packet | null {
    const packet = this.#packets.shift() ?? null;
    if (packet !== null) this.#queuedBytes -= packet.bytes.length;
    return packet;
  }

  /** The next packet. @throws ConnectionGone */
  async packet(): Promise<Packet> {
    for (;;) {
      const packet = this.take();
      if (packet !== null) return packet;
      await this.activity();
    }
  }

  /** Settles with the next packet or marker. @throws ConnectionGone */
  async activity(): Promise<void> {
    if (!this.#gone) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#gone) throw new ConnectionGone();
  }

  /** Forgets the packets that nobody took. */
  dropPackets(): void {
    this.#packets = [];
    this.#queuedBytes = 0;
  }

  send(bytes: Buffer): void {
    if (!this.#gone) this.#socket.write(bytes);
  }

  /** Closes when what was sent has gone out. */
  end(): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#leave();
  }

  #receive(bytes: Buffer): void {
    this.#splitter.append(bytes);
    if (this.#held) this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#maxQueuedBytes) this.destroy();
    else this.#dispatch();
  }

  #dispatch(): void {
    try {
      while (!this.#held && !this.#gone) {
        const packet = this.#splitter.next();
        if (packet === null) return;
        this.#handle(packet);
      }
    } catch (error) {
      this.destroy();
      if (!(error instanceof ProtocolError)) this.#events.defect(error);
    }
  }

  #handle(packet: Packet): void {
    if (packet.type === PACKET.marker) {
      this.#events.marker(markerKind(packet));
      this.#wake();
      return;
    }
    if (packet.type !== PACKET.data && packet.type !== PACKET.connect) {
      throw new ProtocolError(`A packet of type ${packet.type}`);
    }
    if (packet.type === PACKET.data && (dataFlags(packet) & DATA_FLAG.endOfFile) !== 0) {
      this.end();
      return;
    }
    this.#packets.push(packet);
    this.#queuedBytes += packet.bytes.length;
    if (this.#queuedBytes > this.#maxQueuedBytes) throw new ProtocolError('More than a request may have');
    this.#wake();
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#wake();
    this.#events.gone();
  }
}
