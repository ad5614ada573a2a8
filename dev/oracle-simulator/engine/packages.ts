/** The few procedures of Oracle's own packages that clients call in blocks. */

import type { BlockStep } from '../sql/plan.ts';
import type { Cell } from '../types.ts';
import { type BlockRun, evaluate } from './block-run.ts';
import type { Answer } from './pipeline.ts';

type Call = Extract<BlockStep, { kind: 'call' }>;

/** Values of arguments by their names; binds that are out are by their names in `outs`. */
type Given = {
  readonly run: BlockRun;
  readonly values: ReadonlyMap<string, string | null>;
  readonly outs: ReadonlyMap<string, number>;
};

type Procedure = {
  readonly parameters: readonly string[];
  readonly out?: readonly string[];
  execute(given: Given): Promise<void> | void;
};

function describing(names: Readonly<Record<string, string>>): Procedure {
  return {
    parameters: Object.keys(names),
    execute({ run, values }) {
      const entries = Object.entries(names).map(([parameter, name]) => [name, values.get(parameter) ?? '']);
      run.core.describeClient(Object.fromEntries(entries));
    },
  };
}

const sleep: Procedure = {
  parameters: ['SECONDS'],
  async execute({ run, values }) {
    await run.core.transaction.within([
      { text: 'SELECT pg_sleep($1::numeric::double precision)', values: [values.get('SECONDS') ?? '0'] },
    ]);
  },
};

function put({ run, values }: Given, ending: 'line' | 'open'): void {
  const { output } = run.core;
  if (output === null) return;
  output.push(`${output.pop() ?? ''}${values.get('A') ?? ''}`);
  if (ending === 'line') output.push('');
}

/** The last line is the one that is being written. */
function getLine({ run, outs }: Given): void {
  const { output } = run.core;
  const line = output !== null && output.length > 1 ? (output.shift() ?? null) : null;
  setOut(run, outs.get('LINE'), line);
  setOut(run, outs.get('STATUS'), line === null ? '1' : '0');
}

function setOut(run: BlockRun, index: number | undefined, cell: Cell): void {
  if (index === undefined) return;
  run.values[index] = cell === '' ? null : cell;
  run.assigned.add(index);
}

const procedures: Readonly<Record<string, Procedure>> = {
  'DBMS_APPLICATION_INFO.SET_MODULE': describing({ MODULE_NAME: 'module', ACTION_NAME: 'action' }),
  'DBMS_APPLICATION_INFO.SET_ACTION': describing({ ACTION_NAME: 'action' }),
  'DBMS_APPLICATION_INFO.SET_CLIENT_INFO': describing({ CLIENT_INFO: 'clientInfo' }),
  'DBMS_SESSION.SET_IDENTIFIER': describing({ CLIENT_ID: 'clientIdentifier' }),
  'DBMS_SESSION.CLEAR_IDENTIFIER': {
    parameters: [],
    execute: ({ run }) => run.core.describeClient({ clientIdentifier: '' }),
  },
  'DBMS_SESSION.SLEEP': sleep,
  'DBMS_LOCK.SLEEP': sleep,
  'DBMS_OUTPUT.ENABLE': {
    parameters: ['BUFFER_SIZE'],
    execute({ run }) {
      run.core.output ??= [''];
    },
  },
  'DBMS_OUTPUT.DISABLE': {
    parameters: [],
    execute({ run }) {
      run.core.output = null;
    },
  },
  'DBMS_OUTPUT.PUT': { parameters: ['A'], execute: (given) => put(given, 'open') },
  'DBMS_OUTPUT.PUT_LINE': { parameters: ['A'], execute: (given) => put(given, 'line') },
  'DBMS_OUTPUT.NEW_LINE': { parameters: [], execute: (given) => put(given, 'line') },
  'DBMS_OUTPUT.GET_LINE': { parameters: ['LINE', 'STATUS'], out: ['LINE', 'STATUS'], execute: getLine },
};

/** @returns false for what is no procedure of Oracle's, or is called otherwise. */
export async function callPackage(run: BlockRun, step: Call): Promise<boolean> {
  const path = step.procedure[0] === 'SYS' ? step.procedure.slice(1) : step.procedure;
  const procedure = procedures[path.join('.')];
  if (procedure === undefined || step.into !== null || step.args.length > procedure.parameters.length)
    return false;
  const values = new Map<string, string | null>();
  const outs = new Map<string, number>();
  for (const [index, { name, value }] of step.args.entries()) {
    const parameter = name ?? procedure.parameters[index] ?? '';
    if (!procedure.parameters.includes(parameter)) return false;
    if (procedure.out?.includes(parameter)) {
      if (value.kind !== 'bind') return false;
      outs.set(parameter, value.index);
    } else {
      values.set(parameter, textOf(await evaluate(run, value)));
    }
  }
  await procedure.execute({ run, values, outs });
  return true;
}

function textOf({ rows }: Answer): string | null {
  return rows[0]?.[0] ?? null;
}
