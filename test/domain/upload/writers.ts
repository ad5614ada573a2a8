/** Offline devices of the model: each with a replica, a clock of its own, and edits that it has not pushed yet. */
import type { Change, FieldTexts } from '../../../src/domain/upload/decision.ts';
import { type Hlc, laterHlc, sendHlc } from '../../../src/domain/upload/hlc.ts';
import type { RowVersion } from '../../../src/domain/upload/versions.ts';
import type { Mutation, Server } from './model.ts';

export type BaseKind = 'image' | 'version' | 'both';

type Replica = { readonly values: FieldTexts | null; readonly version: RowVersion | null };

export type Edit = {
  readonly key: string;
  readonly kind: 'set' | 'delete' | 'create';
  readonly values: FieldTexts;
  readonly base: BaseKind;
  /** Unchanged fields too, where there is an image that tells them. */
  readonly whole: 'document' | 'fields';
};

export class Device {
  readonly replica = new Map<string, Replica>();
  readonly pending: Mutation[] = [];
  readonly sent: Mutation[] = [];
  private readonly edited = new Map<string, Replica>();
  private cursor = 0;
  private hlc: Hlc | null = null;
  private made = 0;
  private readonly name: string;
  private readonly skewMs: number;

  constructor(name: string, skewMs: number) {
    this.name = name;
    this.skewMs = skewMs;
  }

  /** The row with this device's edits on top. */
  private view(key: string): Replica {
    return this.edited.get(key) ?? this.replica.get(key) ?? { values: null, version: null };
  }

  edit(edit: Edit, nowMs: number): void {
    const seen = this.view(edit.key);
    if ((edit.kind === 'create') !== (seen.values === null)) return;
    this.hlc = sendHlc({ last: this.hlc, nowMs: nowMs + this.skewMs, node: this.name });
    const meant = Object.keys(edit.values).filter((field) => seen.values?.[field] !== edit.values[field]);
    if (edit.kind === 'set' && meant.length === 0) return;
    const change = changeOf(edit, seen, this.hlc);
    this.pending.push({ id: `${this.name}/${++this.made}`, key: edit.key, change, meant });
    const values = edit.kind === 'delete' ? null : { ...seen.values, ...edit.values };
    // The server has no version yet of a row that was made here.
    this.edited.set(edit.key, { values, version: edit.kind === 'create' ? null : seen.version });
  }

  /**
   * Pushes one of the pending edits, in any order but that of one row's (C11), and sometimes hears nothing of it: then
   * it sends it again.
   */
  push(server: Server, { at, answer }: { at: number; answer: 'heard' | 'lost' }): void {
    const any = this.pending[at % Math.max(1, this.pending.length)];
    const mutation = this.pending.find(({ key }) => key === any?.key);
    if (mutation === undefined) return;
    server.apply(mutation);
    this.sent.push(mutation);
    if (answer === 'heard') this.pending.splice(this.pending.indexOf(mutation), 1);
  }

  replay(server: Server, at: number): void {
    const mutation = this.sent[at % Math.max(1, this.sent.length)];
    if (mutation !== undefined) server.apply(mutation);
  }

  pull(server: Server): void {
    for (const { key, xid, now } of server.feed(this.cursor)) {
      this.cursor = xid;
      if (now.state === 'row') {
        this.replica.set(key, { values: now.row.values, version: now.row.version });
        this.hlc = laterHlc(this.hlc, now.row.hlc);
      }
      if (now.state === 'tombstone') {
        this.replica.set(key, { values: null, version: now.version });
        this.hlc = laterHlc(this.hlc, now.hlc);
      }
      if (!this.pending.some((mutation) => mutation.key === key)) this.edited.delete(key);
    }
  }
}

function changeOf({ kind, values, base, whole }: Edit, seen: Replica, hlc: Hlc): Change {
  const changed = Object.entries(values).filter(([field, value]) => seen.values?.[field] !== value);
  const sent =
    kind === 'delete'
      ? {}
      : whole === 'document' && base !== 'version'
        ? { ...seen.values, ...values }
        : Object.fromEntries(changed);
  const image = base === 'version' ? null : seen.values;
  // Without an image only what changed is sent, but groups whole.
  const group = 'amount' in sent || 'currency' in sent ? ['amount', 'currency'] : [];
  const mates = Object.fromEntries(
    group.map((field) => [field, { ...seen.values, ...values }[field] ?? null]),
  );
  return {
    operation: kind === 'delete' ? 'delete' : kind === 'create' ? 'insert' : 'update',
    values: { ...mates, ...sent },
    operations: {},
    baseImage: kind === 'create' ? null : image,
    baseVersion: base === 'image' ? null : seen.version,
    hlc,
    fieldHlcs: {},
    policy: null,
  };
}
