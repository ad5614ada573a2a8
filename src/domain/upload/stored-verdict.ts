/** What a device is told about a mutation, and what is kept of it. */
import type { Policy } from './upload-spec.ts';

export type VerdictStatus = 'applied' | 'merged' | 'conflict' | 'pending_approval' | 'rejected';

export type StoredVerdict = {
  readonly status: VerdictStatus;
  /** Of a rejected mutation, or of one whose change the server did not take. */
  readonly code?: string;
  /** For the device's user. */
  readonly message?: string;
  readonly conflictId?: string;
  /** Fields that clashed. */
  readonly clashing?: readonly string[];
  /** What decided them: policies, `rule:<name>`, `approval`. For those who run the server; devices are not told. */
  readonly decidedBy?: readonly string[];
  /** `<incarnation>.<sync_xid>` of the row that came of it. */
  readonly version?: string;
  /** Words of the rules for the device. */
  readonly notices?: readonly string[];
  /** A policy that the device named and may not choose. */
  readonly policyIgnored?: Policy;
};
