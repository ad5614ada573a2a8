/** A document as JSON Schema (2020-12) says it, for one reader: the fields it sees, and how each of them may be changed. */
import type { EntitySpec } from '../entity.ts';
import { parseType } from '../types.ts';
import { defaultPolicy, policyOfField } from '../upload/policies.ts';
import type { UploadSpec } from '../upload/upload-spec.ts';
import { type EntityScope, mayWriteField } from './scope.ts';

export type DocumentColumn = {
  readonly name: string;
  /** As format_type() prints it. */
  readonly type: string;
  readonly role: 'from' | 'compute' | 'local';
  readonly notNull: boolean;
};

export type DocumentOf = {
  readonly spec: EntitySpec;
  /** Business columns, in the order of the mirror; those that somebody added for himself are not served. */
  readonly columns: readonly DocumentColumn[];
  readonly keyColumns: readonly string[];
};

type Schema = Readonly<Record<string, unknown>>;

/** Of every document; a key column `id` is the document's id. */
const SYSTEM: Readonly<Record<string, Schema>> = {
  id: {
    type: 'string',
    description: 'Names the row: the device’s own id of a row made offline, else its key',
  },
  rev: { type: 'string', readOnly: true, description: 'Version of the row: <incarnation>.<position>' },
  _deleted: { type: 'boolean', description: 'Gone, or not to be seen any more: then the key only is there' },
};

/** Facts that JSON Schema has no words for stand under `x-syncline`, of the document and of each field. */
export function documentSchema(
  entity: DocumentOf,
  scope: EntityScope,
  options: { readonly version: string },
): Schema {
  const { spec, keyColumns } = entity;
  const columns = entity.columns.filter(
    ({ name }) => !scope.hidden.includes(name) && !(name === 'id' && keyColumns.includes(name)),
  );
  const fields = columns.map((column): [string, Schema] => [column.name, fieldSchema(entity, column, scope)]);
  const { upload, feed } = spec;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: spec.entity,
    type: 'object',
    properties: { ...SYSTEM, ...Object.fromEntries(fields) },
    required: [
      ...Object.keys(SYSTEM),
      ...columns.map(({ name }) => name).filter((name) => keyColumns.includes(name)),
    ],
    'x-syncline': {
      schemaVersion: options.version,
      key: keyColumns,
      operations: upload?.operations ?? [],
      policy: upload === null ? null : defaultPolicy(upload, null).policy,
      clientMayChoose: upload?.clientMayChoose ?? [],
      groups: (upload?.groups ?? [])
        .map((group) => ({ ...group, fields: group.fields.filter((name) => !scope.hidden.includes(name)) }))
        .filter((group) => group.fields.length > 0),
      filter: (feed?.filter ?? []).filter((name) => !scope.hidden.includes(name)),
      // Which values are the caller's is told at registration.
      partitions: feed?.partitions ?? {},
      maxAgeSeconds: Math.floor((feed?.maxAgeMs ?? 0) / 1_000),
    },
  };
}

function fieldSchema({ spec, keyColumns }: DocumentOf, column: DocumentColumn, scope: EntityScope): Schema {
  const { name, type, notNull } = column;
  const { upload } = spec;
  const isKey = keyColumns.includes(name);
  const writable = upload !== null && isWritable(upload, column) && mayWriteField(scope, name);
  const facts = {
    type,
    ...(isKey && { key: keyColumns.indexOf(name) }),
    ...(writable && upload !== null && changeFacts(upload, name)),
  };
  const schema = notNull || isKey ? valueSchema(type) : orNull(valueSchema(type));
  // A key is given with a new row, and never changed.
  const fixed = !writable && !(isKey && (upload?.operations.includes('insert') ?? false));
  return { ...schema, ...(fixed && { readOnly: true }), 'x-syncline': facts };
}

function isWritable({ writable }: UploadSpec, { name, role }: DocumentColumn): boolean {
  return role === 'local' || writable.includes(name);
}

function changeFacts(upload: UploadSpec, name: string): Schema {
  const group = upload.groups.findIndex(({ fields }) => fields.includes(name));
  const merge = Object.hasOwn(upload.merge, name) ? upload.merge[name] : undefined;
  const references = Object.hasOwn(upload.references, name) ? upload.references[name] : undefined;
  const policy = (group < 0 ? undefined : upload.groups[group]?.policy) ?? policyOfField(name, upload, null);
  return {
    policy,
    ...(merge !== undefined && { merge }),
    ...(references !== undefined && { references }),
    ...(group >= 0 && { group }),
  };
}

/** As documents have it: see docs/gateway.md. */
function valueSchema(type: string): Schema {
  const { base, modifiers, array } = parseType(type);
  const [length] = modifiers;
  if (array) return { type: 'string' };
  if (base === 'json' || base === 'jsonb') return {};
  const known = Object.hasOwn(BY_TYPE, base) ? BY_TYPE[base] : undefined;
  if (known !== undefined) return known;
  const counted = (base === 'character varying' || base === 'character') && length !== undefined;
  return { type: 'string', ...(counted && { maxLength: length }) };
}

const whole = (bits: number): Schema => ({
  type: 'integer',
  minimum: -(2 ** (bits - 1)),
  maximum: 2 ** (bits - 1) - 1,
});

/** NaN and infinities have no JSON: they are texts. */
const FLOAT: Schema = {
  anyOf: [{ type: 'number' }, { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }],
};

const BY_TYPE: Readonly<Record<string, Schema>> = {
  smallint: whole(16),
  integer: whole(32),
  bigint: { type: 'string', pattern: '^-?[0-9]+$' },
  numeric: { type: 'string', pattern: '^(-?[0-9]+(\\.[0-9]+)?|NaN|-?Infinity)$' },
  real: FLOAT,
  'double precision': FLOAT,
  boolean: { type: 'boolean' },
  uuid: { type: 'string', format: 'uuid' },
  // Formats would refuse what PostgreSQL has beside them: infinity, and years before Christ.
  date: { type: 'string', examples: ['2026-01-31'] },
  'timestamp without time zone': { type: 'string', examples: ['2026-01-31T08:00:00'] },
  'timestamp with time zone': { type: 'string', examples: ['2026-01-31T08:00:00+00:00'] },
  bytea: { type: 'string', pattern: '^\\\\x([0-9a-f]{2})*$' },
};

function orNull(schema: Schema): Schema {
  if (Object.keys(schema).length === 0) return schema;
  const { anyOf, type } = schema as { anyOf?: readonly Schema[]; type?: string };
  return anyOf === undefined
    ? { ...schema, type: [type, 'null'] }
    : { ...schema, anyOf: [...anyOf, { type: 'null' }] };
}
