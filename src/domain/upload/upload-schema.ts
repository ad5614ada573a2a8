/** `upload` of an entity as a user writes it: what devices, approvers and people in the mirror may change. */
import { z } from 'zod';
import { checked, duration, names, problem, section, word } from '../config-fields.ts';
import type { BusinessRule } from './rules.ts';

const policy = z.enum(['lastWriteWins', 'clientWins', 'serverWins', 'merge', 'rules', 'manual']);

const writeBack = z.union(
  [
    z.enum(['source', 'mirror']),
    section({
      /** Table of the source that changes go to. Left out: the one of `read`. */
      table: word.optional(),
      /** Column of the source that takes the name of the writer. */
      originColumn: word.optional(),
      /** Sequence of the source that gives the key of rows created offline; else its identity or trigger does. */
      keySequence: word.optional(),
      /** Procedure of the source that writes instead: `'HR.EMPLOYEE_API.WRITE'`. */
      call: word.optional(),
    }),
  ],
  { error: "must be 'source', 'mirror' or { table, originColumn, keySequence, call }" },
);

const merge = z.union(
  [
    z.enum(['text', 'array', 'object', 'counter']),
    section({
      /** An array of objects: the property by which two elements are the same. */
      arrayBy: word,
    }),
  ],
  { error: "must be 'text', 'array', 'object', 'counter' or { arrayBy: 'id' }" },
);

const field = section({
  /** How a clash of this column is decided. */
  policy: policy.optional(),
  /** How values of both sides become one. Without `policy` it makes the policy 'merge'. */
  merge: merge.optional(),
  /** Entity whose rows it refers to: ids that a device gave to rows made offline become their keys. */
  references: word.optional(),
});

const group = checked(
  section({
    /** Columns that are decided as one. */
    fields: names,
    policy: policy.optional(),
  }),
  ({ fields }) =>
    fields.length > 1
      ? null
      : problem('is a group of one column', 'Name at least two columns, or use `fields`.'),
);

const rule = z.custom<BusinessRule>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as BusinessRule).name === 'string' &&
    (value as BusinessRule).name !== '' &&
    typeof (value as BusinessRule).decide === 'function',
  { error: 'must be a rule: { name, decide: (context) => accept() }' },
);

const approval = section({
  /**
   * Who may decide: 'anyone' (also by a plain signal), 'deviceUser', 'author', or people with a role, of whom the one
   * who asked is none. Default 'anyone'.
   */
  resolvers: z
    .union([z.enum(['anyone', 'deviceUser', 'author']), section({ role: word })], {
      error: "must be 'anyone', 'deviceUser', 'author' or { role: 'name' }",
    })
    .optional(),
  /** Until the first reminder, and between two. Default '1 day'. */
  remindAfter: duration.optional(),
  /** Default: never. */
  escalateAfter: duration.optional(),
  /** Role that an escalation is addressed to. */
  escalateTo: word.optional(),
  /** Default: never; the conflict waits. */
  expireAfter: duration.optional(),
  /** Whose side an expired conflict takes. Default 'server'. */
  onExpire: z.enum(['server', 'client']).optional(),
});

const afterApply = section({
  /** One statement on the store. `$1` … are the values of `per`, or of the key. */
  sql: checked(word, (sql) =>
    /^\s*(select|with|insert|update|delete|merge|call)\b/i.test(sql)
      ? null
      : problem(
          'is no statement that can follow a change',
          'Begin it with SELECT, WITH, INSERT, UPDATE, DELETE, MERGE or CALL.',
        ),
  ),
  /** Columns of the mirror that make a group: the statement runs once for each group that changed. Default: each row. */
  per: names.optional(),
  /** Once the changes are settled, in a transaction of its own, tried until it succeeds. Default: in the change's own. */
  later: z.boolean({ error: 'must be true or false' }).optional(),
});

export const uploadSchema = section({
  /** Where changes go: the source's table, the mirror (which then is the system of record), or a procedure. */
  writeBack,
  /** Columns of the mirror that may be changed, beside local ones. Default: none. */
  writable: names.optional(),
  /** Default: update only. */
  operations: z
    .array(z.enum(['insert', 'update', 'delete']))
    .min(1, { error: 'is an empty list' })
    .optional(),
  /** How clashes are decided where nothing else is said. Default 'lastWriteWins'. */
  policy: policy.optional(),
  /** Decides a clash whose merge fails. Default 'manual', with the merge's draft. */
  onFailedMerge: z.enum(['lastWriteWins', 'clientWins', 'serverWins', 'rules', 'manual']).optional(),
  /** By column of the mirror. */
  fields: z.record(z.string(), field).optional(),
  groups: z.array(group).optional(),
  /** Policies that a device may ask for. Default: none. */
  clientMayChoose: z.array(policy).optional(),
  /** Asked in their order, before a change is written. */
  rules: z.array(rule).optional(),
  approval: approval.optional(),
  /** What people change by SQL in the mirror's source-owned columns is taken to the source. Default: it is refused. */
  captureMirrorEdits: z.boolean({ error: 'must be true or false' }).optional(),
  /** SQL on the store after changes that were written. */
  afterApply: z.union([afterApply.transform((step) => [step]), z.array(afterApply)]).optional(),
});

export type ParsedUpload = z.output<typeof uploadSchema>;
