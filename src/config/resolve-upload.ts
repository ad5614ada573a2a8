/** `upload` of an entity as it was written, with its defaults: `UploadSpec`; and what does not fit the entity. */
import type { EntitySpec } from '../domain/entity.ts';
import { type AfterApplySpec, parametersOf } from '../domain/upload/after-apply.ts';
import type { ParsedUpload } from '../domain/upload/upload-schema.ts';
import type {
  ApprovalSpec,
  FieldGroup,
  MergeSpec,
  UploadSpec,
  WriteBack,
} from '../domain/upload/upload-spec.ts';
import { meant, type Path, type Problem } from './problems.ts';

const DAY_MS = 86_400_000;

export const UPLOAD_DEFAULTS = {
  policy: 'lastWriteWins',
  operations: ['update'],
  resolvers: 'anyone',
  remindAfterMs: DAY_MS,
  onExpire: 'server',
} as const;

export function resolveUpload(
  parsed: ParsedUpload,
  entity: { readonly read: EntitySpec['read']; readonly timeZone: string },
): UploadSpec {
  const { read, timeZone } = entity;
  const fields = Object.entries(parsed.fields ?? {});
  const merge = fields.flatMap(([name, field]) =>
    field.merge === undefined ? [] : [[name, resolveMerge(field.merge)] as const],
  );
  const policies = fields.flatMap(([name, { policy, merge: how }]) => {
    const chosen = policy ?? (how === undefined ? undefined : ('merge' as const));
    return chosen === undefined ? [] : [[name, chosen] as const];
  });
  return {
    writeBack: resolveWriteBack(parsed.writeBack, read),
    writable: parsed.writable ?? [],
    operations: parsed.operations ?? UPLOAD_DEFAULTS.operations,
    policy: parsed.policy ?? UPLOAD_DEFAULTS.policy,
    fieldPolicies: Object.fromEntries(policies),
    groups: (parsed.groups ?? []).map(
      ({ fields: named, policy }): FieldGroup => ({ fields: named, ...(policy !== undefined && { policy }) }),
    ),
    merge: Object.fromEntries(merge),
    references: Object.fromEntries(
      fields.flatMap(([name, { references }]) => (references === undefined ? [] : [[name, references]])),
    ),
    ...(parsed.onFailedMerge !== undefined && { onFailedMerge: parsed.onFailedMerge }),
    clientMayChoose: parsed.clientMayChoose ?? [],
    rules: parsed.rules ?? [],
    approval: resolveApproval(parsed.approval ?? {}),
    ...(parsed.captureMirrorEdits && { captureMirrorEdits: true }),
    ...(parsed.afterApply !== undefined && { afterApply: resolveAfterApply(parsed.afterApply) }),
    timeZone,
  };
}

function resolveWriteBack(written: ParsedUpload['writeBack'], read: EntitySpec['read']): WriteBack {
  if (written === 'mirror') return { to: 'mirror' };
  const { table, originColumn, keySequence, call } = written === 'source' ? {} : written;
  return {
    to: 'source',
    // Without a table there is a problem, which `uploadProblems` tells.
    table: table ?? (read.kind === 'table' ? read.table : ''),
    ...(originColumn !== undefined && { originColumn }),
    ...(keySequence !== undefined && { keySequence }),
    ...(call !== undefined && { call }),
  };
}

type WrittenMerge = NonNullable<NonNullable<ParsedUpload['fields']>[string]['merge']>;

function resolveMerge(written: WrittenMerge): MergeSpec {
  return typeof written === 'string' ? { kind: written } : { kind: 'array', key: written.arrayBy };
}

type WrittenSteps = NonNullable<ParsedUpload['afterApply']>;

function resolveAfterApply(steps: WrittenSteps): AfterApplySpec[] {
  const groupOf = ({ per }: WrittenSteps[number]): string => (per ?? ['*']).join();
  return steps.map((step, i) => {
    const twins = steps.slice(0, i).filter((other) => groupOf(other) === groupOf(step));
    const { sql, per = null, later = false } = step;
    return { id: `${groupOf(step)}#${twins.length + 1}`, sql, per, later };
  });
}

function resolveApproval(parsed: NonNullable<ParsedUpload['approval']>): ApprovalSpec {
  return {
    resolvers: parsed.resolvers ?? UPLOAD_DEFAULTS.resolvers,
    remindAfterMs: parsed.remindAfter ?? UPLOAD_DEFAULTS.remindAfterMs,
    escalateAfterMs: parsed.escalateAfter ?? null,
    escalateTo: parsed.escalateTo ?? null,
    expireAfterMs: parsed.expireAfter ?? null,
    onExpire: parsed.onExpire ?? UPLOAD_DEFAULTS.onExpire,
  };
}

export function uploadProblems(spec: EntitySpec, entityAt: Path): Problem[] {
  const { upload } = spec;
  if (upload === null) return [];
  const at = [...entityAt, 'upload'];
  return [
    ...writeBackProblems(spec, upload, at),
    ...nameProblems(spec, upload, at),
    ...policyProblems(upload, at),
    ...afterApplyProblems(spec, upload, at),
  ];
}

function writeBackProblems(spec: EntitySpec, upload: UploadSpec, at: Path): Problem[] {
  const { writeBack } = upload;
  const found: Problem[] = [];
  if (writeBack.to === 'source' && writeBack.table === '') {
    found.push({
      path: [...at, 'writeBack'],
      problem: 'does not say which table changes go to, since the entity reads a query',
      fix: "Name it: writeBack: { table: 'SCHEMA.TABLE' }.",
    });
  }
  const { deduplicate, mirror } = spec;
  if (deduplicate !== null || mirror.shared) {
    found.push({
      path: at,
      problem: `cannot be there beside ${deduplicate === null ? 'a shared mirror' : '`deduplicate`'}`,
      fix: 'A row that a device changes must be one row of one source: configure another entity for it.',
    });
  }
  if (writeBack.to === 'mirror' && upload.captureMirrorEdits) {
    found.push({
      path: [...at, 'captureMirrorEdits'],
      problem: 'has nothing to capture, since changes stay in the mirror',
      fix: "Remove it, or write to the source: writeBack: 'source'.",
    });
  }
  const local = new Set(spec.localColumns.map(({ name }) => name));
  const foreign = writeBack.to === 'mirror' ? upload.writable.filter((name) => !local.has(name)) : [];
  if (foreign.length > 0) {
    found.push({
      path: [...at, 'writable'],
      problem: `names ${foreign.join(', ')}, which the source owns, while changes stay in the mirror`,
      fix: "Make them local columns, or write to the source: writeBack: 'source'.",
    });
  }
  return found;
}

/** Names of mirror columns; where every column is mirrored, only the source knows them. */
function nameProblems(spec: EntitySpec, upload: UploadSpec, at: Path): Problem[] {
  const all = [...(spec.columns ?? []), ...spec.localColumns];
  const known = [...new Set(all.map(({ name }) => name))];
  const computed = new Set(all.filter(({ role }) => role === 'compute').map(({ name }) => name));
  const places: [Path, string][] = [
    ...upload.writable.map((name): [Path, string] => [['writable'], name]),
    ...Object.keys({ ...upload.fieldPolicies, ...upload.merge }).map((name): [Path, string] => [
      ['fields'],
      name,
    ]),
    ...(upload.afterApply ?? []).flatMap(({ per }, i) =>
      (per ?? []).map((name): [Path, string] => [['afterApply', i, 'per'], name]),
    ),
    ...upload.groups.flatMap(({ fields }, i) =>
      fields.map((name): [Path, string] => [['groups', i, 'fields'], name]),
    ),
  ];
  return places.flatMap(([place, name]): Problem[] => {
    const path = [...at, ...place];
    if (place[0] === 'writable' && computed.has(name)) {
      return [
        { path, problem: `names ${name}, which is computed`, fix: 'Name the columns that it is made of.' },
      ];
    }
    if (spec.columns === null || known.includes(name)) return [];
    return [{ path, problem: `names "${name}", which is no column of the mirror`, fix: meant(name, known) }];
  });
}

function afterApplyProblems(spec: EntitySpec, { afterApply = [] }: UploadSpec, at: Path): Problem[] {
  return afterApply.flatMap(({ sql, per }, i): Problem[] => {
    const given = (per ?? spec.key).length;
    if (parametersOf(sql) <= given) return [];
    const problem = `names $${parametersOf(sql)}, and there ${given === 1 ? 'is 1 value' : `are ${given} values`}`;
    const fix =
      per === null ? 'The values are those of the key; name other columns in `per`.' : 'Name it in `per`.';
    return [{ path: [...at, 'afterApply', i, 'sql'], problem, fix }];
  });
}

function policyProblems(upload: UploadSpec, at: Path): Problem[] {
  const found: Problem[] = [];
  for (const [name, policy] of Object.entries(upload.fieldPolicies)) {
    if (policy !== 'merge' || Object.hasOwn(upload.merge, name)) continue;
    found.push({
      path: [...at, 'fields', name],
      problem: "has the policy 'merge' and does not say how its values merge",
      fix: "Add merge: 'text', 'array', 'object' or 'counter'.",
    });
  }
  const grouped = upload.groups.flatMap(({ fields }) => fields);
  const unheard = Object.keys(upload.fieldPolicies).filter((name) => grouped.includes(name));
  if (unheard.length > 0) {
    found.push({
      path: [...at, 'fields'],
      problem: `has a policy for ${unheard.join(', ')}, which is decided with a group`,
      fix: "Give the policy to the group: groups: [{ fields: […], policy: 'manual' }].",
    });
  }
  if (upload.groups.some(({ policy }) => policy === 'merge')) {
    found.push({
      path: [...at, 'groups'],
      problem: "has a group with the policy 'merge', and nothing says how a group merges",
      fix: 'Columns that are decided as one go to one side, to a rule or to a person: choose another policy.',
    });
  }
  const twice = grouped.filter((name, i) => grouped.indexOf(name) !== i);
  if (twice.length > 0) {
    found.push({
      path: [...at, 'groups'],
      problem: `has ${[...new Set(twice)].join(', ')} in two groups`,
      fix: 'A column is decided with one group.',
    });
  }
  const names = upload.rules.map(({ name }) => name);
  const repeated = names.filter((name, i) => names.indexOf(name) !== i);
  if (repeated.length > 0) {
    found.push({
      path: [...at, 'rules'],
      problem: `has two rules called ${repeated[0]}`,
      fix: 'Verdicts name the rule that gave them: give each its own name.',
    });
  }
  return found;
}
