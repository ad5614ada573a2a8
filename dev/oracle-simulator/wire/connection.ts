/**
 * One client: its requests in order, each parsed whole before it has any effect, and breaks. A break discards the
 * reply of the call at work, whatever became of it; the client resets and hears ORA-01013.
 */

import type { Socket } from 'node:net';
import type { Faults } from '../faults.ts';
import { OraError } from '../ora-error.ts';
import type { EngineSession } from '../types.ts';
import { type RunningCall, startCall } from './call.ts';
import { Dialogue, type DialogueHost, type DialogueOptions, type SessionInfo } from './dialogue.ts';
import { greet } from './greet.ts';
import { ConnectionGone, Link } from './link.ts';
import { suffer } from './moments.ts';
import type { Work } from './opening.ts';
import { dataFlags, dataOf, dataPackets, MARKER, markerPacket, PACKET } from './packets.ts';
import { NeedMore, ProtocolError, TtcReader } from './reader.ts';
import { TtcWriter } from './writer.ts';

export type ConnectionOptions = DialogueOptions & {
  readonly faults: Faults;
  readonly services: readonly string[];
  readonly sduBytes: number;
  readonly fastAuth: 'offered' | 'never';
  /** A client that sends more without an end of its request is sent away. */
  readonly maxRequestBytes: number;
  /** Who is not logged on by then is sent away. */
  readonly logonTimeoutMs: number;
  /** Defects of the simulator: answered as ORA-00604, or the connection was closed. */
  onDefect(error: unknown): void;
  /** Takes over a session whose commit is to take effect after its client is gone. */
  commitLater(session: EngineSession, lateMs: number): void;
};

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #link: Link;
  readonly #reader = new TtcReader();
  readonly #writer = new TtcWriter();
  #sduBytes = 0;
  #dialogue: Dialogue | null = null;
  #call: RunningCall | null = null;
  /** 'told': the client knows that its call was broken off, and resets. */
  #break: 'none' | 'asked' | 'told' | 'reset' = 'none';
  #killed: OraError | null = null;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#link = new Link(socket, {
      events: {
        marker: (kind) => this.#onMarker(kind),
        gone: () => this.#call?.interrupt(new ConnectionGone()),
        defect: options.onDefect,
      },
      maxQueuedBytes: options.maxRequestBytes,
    });
  }

  /** null before the logon, and once the session was killed. */
  get info(): SessionInfo | null {
    return this.#killed === null ? (this.#dialogue?.info ?? null) : null;
  }

  /** Settles when the client is gone and its session ended. Never rejects. */
  async run(): Promise<void> {
    const timer = setTimeout(() => {
      if (!this.#dialogue?.session && !this.#link.held) this.#link.destroy();
    }, this.#options.logonTimeoutMs);
    try {
      const dialogue = await this.#greet();
      while (dialogue !== null && !this.#link.gone) await this.#turn(dialogue);
    } catch (error) {
      if (!(error instanceof ConnectionGone || error instanceof ProtocolError)) this.#options.onDefect(error);
      this.#link.destroy();
    } finally {
      clearTimeout(timer);
      const session = this.#dialogue?.giveUpSession();
      await session?.close().catch((error: unknown) => this.#options.onDefect(error));
    }
  }

  /** ORA-00028 for the call at work, or else for the next one. What the session did is rolled back. */
  async kill(): Promise<void> {
    this.#killed = new OraError(28, 'your session has been killed');
    if (this.#call === null) await this.#dialogue?.session?.close();
    else this.#call.interrupt(this.#killed);
  }

  disconnect(): void {
    this.#link.destroy();
  }

  /** null: refused. */
  async #greet(): Promise<Dialogue | null> {
    const call = startCall(() => null);
    this.#call = call;
    const { faults } = this.#options;
    const moment = { at: 'connect', user: '', session: 0, sql: '', rowsSent: 0 } as const;
    const strike = (): Promise<void> =>
      suffer(faults.strike(moment), { faults, link: this.#link, signal: call.signal });
    const greeted = await greet(this.#link, { ...this.#options, strike }).finally(() => call.settle());
    this.#call = null;
    if (greeted === null) return null;
    this.#sduBytes = greeted.sduBytes;
    this.#dialogue = new Dialogue(this.#host(), { ...this.#options, service: greeted.service });
    return this.#dialogue;
  }

  #host(): DialogueHost {
    const { faults } = this.#options;
    return {
      reader: this.#reader,
      writer: this.#writer,
      nextFault: (moment) => faults.strike(moment),
      suffer: (fault) =>
        suffer(fault, { faults, link: this.#link, signal: (this.#call as RunningCall).signal }),
      leaveCommitting: (session, lateMs) => {
        this.#options.commitLater(session, lateMs);
        this.#link.destroy();
        return Promise.reject(new ConnectionGone());
      },
      onDefect: (error) => this.#options.onDefect(error),
    };
  }

  async #turn(dialogue: Dialogue): Promise<void> {
    if (this.#break === 'reset') {
      this.#answerBreak(dialogue);
      return;
    }
    const work = this.#break === 'none' ? this.#parse(dialogue) : null;
    if (work === null) await this.#receive();
    else await this.#perform(dialogue, work);
  }

  async #receive(): Promise<void> {
    if (this.#link.waiting === 0) await this.#link.activity();
    for (let packet = this.#link.take(); packet !== null; packet = this.#link.take()) {
      if (packet.type !== PACKET.data) throw new ProtocolError('Connected twice');
      dataFlags(packet);
      this.#reader.append(dataOf(packet));
    }
    this.#reader.restart();
    if (this.#reader.left > this.#options.maxRequestBytes) throw new ProtocolError('An endless request');
  }

  /** null: the request is not complete. */
  #parse(dialogue: Dialogue): Work | null {
    if (this.#reader.left === 0) return null;
    this.#writer.truncate();
    try {
      const work = dialogue.parse();
      this.#reader.finish();
      return work;
    } catch (error) {
      if (error instanceof NeedMore) return null;
      if (!(error instanceof OraError)) throw error;
      this.#reader.drop();
      return () => Promise.reject(error);
    }
  }

  async #perform(dialogue: Dialogue, work: Work): Promise<void> {
    const call = startCall(() => dialogue.cancelable);
    this.#call = call;
    try {
      if (this.#killed !== null) throw this.#killed;
      await work();
    } catch (error) {
      if (error instanceof ConnectionGone) throw error;
      dialogue.fail(error);
    } finally {
      await call.settle();
      this.#call = null;
    }
    if (this.#killed !== null) await dialogue.session?.close();
    if (this.#break !== 'none') {
      this.#tellBreak();
      return; // the reset is awaited, and answered
    }
    if (this.#killed !== null) dialogue.fail(this.#killed);
    this.#reply(dialogue);
  }

  #reply(dialogue: Dialogue): void {
    const { replyEnd: end } = dialogue;
    if (end !== 'none' && this.#writer.length > 0) {
      this.#link.send(dataPackets(this.#writer.written, { sduBytes: this.#sduBytes, end }));
      this.#writer.truncate();
    }
    if (dialogue.last) this.#link.end();
  }

  #answerBreak(dialogue: Dialogue): void {
    this.#break = 'none';
    this.#writer.truncate();
    if (this.#killed === null) dialogue.cancelled();
    else dialogue.fail(this.#killed);
    this.#link.send(markerPacket(MARKER.reset));
    this.#reply(dialogue);
  }

  #onMarker(kind: number): void {
    if (this.#dialogue === null) throw new ProtocolError('A break before there is anything to break');
    if (kind === MARKER.reset) {
      this.#link.dropPackets();
      this.#reader.drop();
      this.#break = 'reset';
    } else if (this.#break === 'none') {
      this.#break = 'asked';
      if (this.#call === null) this.#tellBreak();
    }
    this.#call?.interrupt(new OraError(1013, 'user requested cancel of current operation'));
  }

  /**
   * Not before the call has ended: JDBC's thread that executes never resets, and waits for ever, when it hears of the
   * break while the thread that cancels is still sending it (1 of 6 times when it was answered at once).
   */
  #tellBreak(): void {
    if (this.#break !== 'asked') return;
    this.#break = 'told';
    this.#link.send(markerPacket(MARKER.break));
  }
}
