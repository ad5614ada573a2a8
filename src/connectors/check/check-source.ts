/** What is found out about a source by asking it: whether it answers, how it is set up, whether entities can be read. */
import { bindPlan } from '../../domain/bind-plan.ts';
import { isBroken } from '../../domain/capture.ts';
import type { EntitySpec } from '../../domain/entity.ts';
import { clockFindings, type Finding } from '../../domain/finding.ts';
import type { SourceShape } from '../../domain/source-shape.ts';
import type { ConnectionReport, Source } from '../contract.ts';
import { found, withPatience } from './patience.ts';

const CONNECT_MS = 30_000;
const DESCRIBE_MS = 60_000;

export type SourceToCheck = {
  readonly name: string;
  readonly entities: readonly EntitySpec[];
  /** Of the store's cluster; null where it is not known. */
  readonly storeSystemId: string | null;
};

/** The first finding says whether it answers; one that does not is asked nothing more. */
export async function checkSource(
  source: Source,
  { name, entities, storeSystemId }: SourceToCheck,
): Promise<Finding[]> {
  const subject = `source ${name}`;
  return found(subject, async () => {
    const report = await withPatience({ ms: CONNECT_MS, what: subject }, (signal) =>
      source.testConnection(signal),
    );
    const findings = [...reportFindings(subject, report), ...sharedServer(subject, report, storeSystemId)];
    for (const spec of entities) findings.push(...(await checkEntity(source, spec)));
    return findings;
  });
}

function reportFindings(subject: string, report: ConnectionReport): Finding[] {
  const { identity, settings, clockOffsetMs, degraded } = report;
  return [
    {
      subject,
      level: 'ok',
      message: `version ${identity.version}`,
      details: { ...settings, version: identity.version, clockOffsetMs },
    },
    ...degraded.map(({ code, message }): Finding => ({ subject, level: 'degraded', message, code })),
    ...clockFindings(subject, clockOffsetMs),
  ];
}

/** C6: any open writing transaction of a server pins the feed of everything in it. */
function sharedServer(
  subject: string,
  { identity }: ConnectionReport,
  storeSystemId: string | null,
): Finding[] {
  if (storeSystemId === null || identity.id.split('/')[0] !== storeSystemId) return [];
  return [
    {
      subject,
      level: 'advice',
      message:
        'source and store share one PostgreSQL server: a transaction that stays open at the source holds back everyone who reads the mirrors’ changes',
      remedy: 'Put the store on a server of its own.',
    },
  ];
}

async function checkEntity(source: Source, spec: EntitySpec): Promise<Finding[]> {
  const subject = `entity ${spec.entity}`;
  return found(subject, async () => {
    const shape = await withPatience({ ms: DESCRIBE_MS, what: `The source of ${spec.entity}` }, (signal) =>
      source.describe(spec, signal),
    );
    // Its columns are there, and their types can be mirrored.
    bindPlan(spec, shape);
    const seen =
      shape.capture !== undefined && !isBroken(shape) ? '; increments see every change and delete' : '';
    return [
      { subject, level: 'ok', message: `about ${shape.estimatedRows.toLocaleString('en-US')} rows${seen}` },
      ...captureFindings(subject, shape),
      ...shapeFindings(subject, shape),
    ];
  });
}

function captureFindings(subject: string, { capture }: SourceShape): Finding[] {
  return (capture?.problems ?? []).map((problem) => ({
    subject,
    level: 'error',
    code: 'CAPTURE_BROKEN',
    message: `changes are not all logged: ${problem}`,
    remedy: capture?.remedy ?? '',
  }));
}

function shapeFindings(subject: string, shape: SourceShape): Finding[] {
  const findings = shape.advice.map(
    ({ problem, sql }): Finding => ({ subject, level: 'advice', message: problem, remedy: sql }),
  );
  if (!shape.seesAllRows) findings.push({ subject, level: 'degraded', message: ROWS_HIDDEN });
  if (shape.keyOrder === 'unproved') {
    findings.push({ subject, level: 'degraded', code: 'KEY_ORDER_UNPROVED', message: KEYS_UNPROVED });
  }
  return findings;
}

export const ROWS_HIDDEN = 'rows may be hidden from the login, so nothing is ever tombstoned';
export const KEYS_UNPROVED =
  'the source may order keys in a way of its own, so full runs keep a list of all keys to find deletes';
