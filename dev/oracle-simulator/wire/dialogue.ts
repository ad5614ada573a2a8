/** What a connection's requests mean: negotiation, logon, then calls of a session. Bytes come and go elsewhere. */

import type { Cursors } from '../calls/cursors.ts';
import type { Fault, Moment } from '../faults.ts';
import { OraError } from '../ora-error.ts';
import type { Engine, EngineSession } from '../types.ts';
import type { CallContext, CallOutcome, StatementCalls } from './call-context.ts';
import { writeError, writeStatus } from './end-of-call.ts';
import { isLogonFunction, Opening, type Work } from './opening.ts';
import { type PipelineMode, parsePiggyback } from './piggybacks.ts';
import { ProtocolError, type TtcReader } from './reader.ts';
import { isStatementFunction, parseSessionFunction } from './session-functions.ts';
import type { TtcWriter } from './writer.ts';

const MESSAGE = {
  protocol: 1,
  dataTypes: 2,
  function: 3,
  piggyback: 17,
  oneWay: 26,
  token: 33,
  fastAuth: 34,
};
const END_PIPELINE = 200;
/** Errors behind which a server says nothing more. */
const LAST_WORDS = new Set([28, 1012, 1089, 1092, 3113, 3114, 3135]);

export type SessionInfo = {
  readonly id: number;
  readonly serial: number;
  readonly user: string;
  readonly service: string;
  /** program, machine, terminal, process, osUser, driver: as far as the client told. */
  readonly client: Readonly<Record<string, string>>;
};

export type DialogueOptions = {
  readonly engine: Engine;
  readonly calls: StatementCalls;
  readonly fieldVersion: number;
  readonly endOfResponse: 'offered' | 'never';
};

export type DialogueHost = {
  readonly reader: TtcReader;
  readonly writer: TtcWriter;
  /** The fault of this moment, as it counts as struck. */
  nextFault(moment: Moment): Fault | null;
  /** Rejects with what is to be answered, waits, or rejects with ConnectionGone. */
  suffer(fault: Fault | null): Promise<void>;
  /** Closes the connection without a word; the session's commit takes effect so much later. Rejects with ConnectionGone. */
  leaveCommitting(session: EngineSession, lateMs: number): Promise<never>;
  /** A defect of the simulator, answered as ORA-00604. */
  onDefect(error: unknown): void;
};

export class Dialogue {
  readonly #host: DialogueHost;
  readonly #options: DialogueOptions;
  readonly #opening: Opening;
  #session: EngineSession | null = null;
  #cursors: Cursors | null = null;
  #info: SessionInfo | null = null;
  #callNumber = 0;
  #replyStart = 0;
  #replyEnd: 'markable' | 'plain' | 'none' = 'markable';
  #pipeline: PipelineMode | 'aborted' | null = null;
  #committing = false;
  #last = false;

  constructor(host: DialogueHost, options: DialogueOptions & { readonly service: string }) {
    this.#host = host;
    this.#options = options;
    this.#opening = new Opening({
      ...options,
      reader: host.reader,
      writer: host.writer,
      header: (shape) => this.#header(shape).functionCode,
      strike: (moment) => this.#strike(moment),
      keepReply: () => {
        this.#replyStart = host.writer.length;
      },
      endOfCall: () => this.#endOfCall(),
      loggedOn: ({ session, client }) => {
        const { id, serial, user } = session;
        this.#session = session;
        this.#cursors = options.calls.createCursors();
        this.#info = { id, serial, user, service: options.service, client };
      },
    });
  }

  /** null before the logon. */
  get info(): SessionInfo | null {
    return this.#info;
  }

  get session(): EngineSession | null {
    return this.#session;
  }

  /** The session whose statement may be cancelled; a commit may not. */
  get cancelable(): EngineSession | null {
    return this.#committing ? null : this.#session;
  }

  /** How the reply at hand ends; 'none': nobody waits for one. */
  get replyEnd(): 'marked' | 'plain' | 'none' {
    if (this.#replyEnd !== 'markable') return this.#replyEnd;
    return this.#opening.client.wantsEndOfResponse ? 'marked' : 'plain';
  }

  /** The reply at hand is the last one. */
  get last(): boolean {
    return this.#last;
  }

  /** Reads one whole request, without any effect, and returns its work. @throws NeedMore, ProtocolError, OraError */
  parse(): Work {
    this.#replyStart = 0;
    this.#replyEnd = 'markable';
    const { reader } = this.#host;
    const piggybacks: Work[] = [];
    for (;;) {
      const message = reader.uint8();
      switch (message) {
        case MESSAGE.protocol:
          this.#replyEnd = 'plain';
          return this.#opening.protocol();
        case MESSAGE.dataTypes:
          this.#replyEnd = 'plain';
          return this.#opening.dataTypes();
        case MESSAGE.fastAuth:
          return this.#opening.fastAuth();
        case MESSAGE.piggyback:
          piggybacks.push(this.#piggyback());
          break;
        case MESSAGE.oneWay:
          this.#replyEnd = 'none';
          return this.#function(piggybacks);
        case MESSAGE.function:
          return this.#function(piggybacks);
        default:
          throw new ProtocolError(`Message ${message}`);
      }
    }
  }

  /** The error in place of whatever the reply had until now. */
  fail(cause: unknown): void {
    const error = cause instanceof OraError ? cause : this.#defect(cause);
    this.#host.writer.truncate(this.#replyStart);
    this.#endOfCall({ error });
    if (LAST_WORDS.has(error.number)) this.#last = true;
    if (this.#pipeline === 'abort') this.#pipeline = 'aborted';
  }

  /** Once the client has reset the connection. */
  cancelled(): void {
    this.#pipeline = null;
    this.#replyStart = 0;
    this.#replyEnd = 'markable';
    this.fail(new OraError(1013, 'user requested cancel of current operation'));
  }

  /** The session, which is not the dialogue's any more. */
  giveUpSession(): EngineSession | null {
    const session = this.#session;
    this.#session = null;
    this.#info = null;
    return session;
  }

  #defect(cause: unknown): OraError {
    this.#host.onDefect(cause);
    return new OraError(604, `error occurred at recursive SQL level 1 (simulator: ${String(cause)})`);
  }

  #header(shape: 'token' | 'bare'): { readonly functionCode: number; readonly token: number } {
    const { reader } = this.#host;
    const functionCode = reader.uint8();
    this.#callNumber = reader.uint8();
    return { functionCode, token: shape === 'token' ? reader.ub() : 0 };
  }

  #piggyback(): Work {
    const { functionCode } = this.#header(this.#opening.headers);
    const context = this.#context();
    const work = parsePiggyback(functionCode, context, {
      beginPipeline: (mode) => {
        this.#pipeline = mode;
      },
    });
    return work ?? this.#options.calls.parsePiggyback(functionCode, context);
  }

  #function(piggybacks: readonly Work[]): Work {
    const { functionCode, token } = this.#header(this.#opening.headers);
    const work = this.#call(functionCode);
    return async () => {
      const { writer } = this.#host;
      if (token !== 0) {
        writer.uint8(MESSAGE.token);
        writer.ub(token);
      }
      this.#replyStart = writer.length;
      for (const piggyback of piggybacks) await piggyback();
      if (this.#pipeline === 'aborted' && functionCode !== END_PIPELINE) {
        throw new OraError(43610, 'pipeline aborted due to an error');
      }
      await work();
    };
  }

  #call(functionCode: number): Work {
    if (isLogonFunction(functionCode)) return this.#opening.logon(functionCode);
    const context = this.#context();
    if (isStatementFunction(functionCode)) return this.#options.calls.parseCall(functionCode, context);
    return parseSessionFunction(functionCode, {
      context,
      control: {
        logOff: () => {
          this.#last = true;
        },
        endPipeline: () => {
          this.#pipeline = null;
        },
      },
    });
  }

  #context(): CallContext {
    const session = this.#session;
    const cursors = this.#cursors;
    if (session === null || cursors === null) throw new OraError(1012, 'not logged on');
    const { reader, writer } = this.#host;
    const replyStart = (): number => this.#replyStart;
    return {
      reader,
      writer,
      get replyStart() {
        return replyStart();
      },
      session,
      client: this.#opening.client,
      cursors,
      callNumber: this.#callNumber,
      strike: (moment) => this.#strike(moment),
      commit: () => this.#commit(session),
      rollback: async () => {
        await this.#strike({ at: 'rollback' });
        await session.rollback();
      },
      endOfCall: (outcome) => this.#endOfCall(outcome),
      endWithStatus: () => writeStatus(writer, { inTransaction: session.inTransaction }),
    };
  }

  async #commit(session: EngineSession): Promise<void> {
    const fault = this.#host.nextFault(this.#moment({ at: 'commit' }));
    if (fault?.do === 'disconnect' && fault.lateMs !== undefined) {
      this.giveUpSession();
      await this.#host.leaveCommitting(session, fault.lateMs);
    }
    await this.#host.suffer(fault);
    this.#committing = true;
    try {
      await session.commit();
    } finally {
      this.#committing = false;
    }
    await this.#strike({ at: 'committed' });
  }

  #strike(moment: Pick<Moment, 'at'> & Partial<Moment>): Promise<void> {
    return this.#host.suffer(this.#host.nextFault(this.#moment(moment)));
  }

  #moment(moment: Pick<Moment, 'at'> & Partial<Moment>): Moment {
    const user = this.#session?.user ?? '';
    return { user, session: this.#session?.id ?? 0, sql: '', rowsSent: 0, ...moment };
  }

  #endOfCall(outcome: CallOutcome = {}): void {
    writeError(this.#host.writer, {
      error: outcome.error ?? null,
      callNumber: this.#callNumber,
      cursorId: outcome.cursorId ?? 0,
      rowCount: outcome.rowCount ?? 0,
      batchErrors: outcome.batchErrors ?? [],
      goodIterations: outcome.goodIterations ?? 0,
      rowid: outcome.rowid ?? null,
      inTransaction: this.#session?.inTransaction ?? false,
      fieldVersion: this.#opening.client.fieldVersion,
    });
  }
}
