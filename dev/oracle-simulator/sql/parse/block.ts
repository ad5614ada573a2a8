import { OraError } from '../../ora-error.ts';
import type { Argument } from '../ast.ts';
import { failure } from '../errors.ts';
import type { BlockPlan, BlockStep } from '../plan.ts';
import { bindTargets, dmlPlan } from './dml.ts';
import { expression } from './expression.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  bindIndex,
  expect,
  expectEnd,
  expectSymbol,
  isSymbol,
  isWord,
  name,
  nested,
  offsetOf,
  type Parser,
  peek,
  sees,
} from './parser.ts';
import { queryPlan, refuseFlashback } from './query-plan.ts';
import { transactionPlan } from './session.ts';

/** An anonymous block or CALL, to the end of the text. @throws OraError 6550 */
export function blockPlan(p: Parser): BlockPlan {
  try {
    const steps = accept(p, 'CALL') ? [callStatement(p)] : block(p);
    expectEnd(p);
    return { kind: 'block', steps, asksScn: p.asksScn };
  } catch (error) {
    throw error instanceof OraError && error.number !== 6550 ? compilation(p, error) : error;
  }
}

/** An error in a block, as PL/SQL's compiler says it. */
function compilation(p: Parser, error: OraError): OraError {
  const before = p.text.slice(0, error.offset).split('\n');
  const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
  return new OraError(6550, `${place}:\nPL/SQL: ${error.message}`, { offset: error.offset, cause: error });
}

function refused(p: Parser, construct: string): OraError {
  return compilation(p, failure(439, offsetOf(p), `${construct} in an anonymous block`));
}

function callStatement(p: Parser): BlockStep {
  const call = procedureCall(p);
  const into = sees(p, 'INTO') ? (bindTargets(p)[0] ?? null) : null;
  return { ...call, into };
}

function block(p: Parser): BlockStep[] {
  if (sees(p, 'DECLARE')) throw refused(p, 'DECLARE');
  if (isSymbol(peek(p), '<')) throw refused(p, 'a label');
  expect(p, 'BEGIN', 900);
  const steps: BlockStep[] = [];
  do steps.push(...step(p));
  while (!sees(p, 'END'));
  advance(p);
  if (peek(p).kind === 'word') advance(p);
  expectSymbol(p, ';', 933);
  return steps;
}

const constructs =
  `IF FOR WHILE LOOP CASE EXECUTE OPEN FETCH CLOSE RAISE RETURN EXCEPTION GOTO FORALL PRAGMA EXIT CONTINUE
DECLARE LOCK PIPE WITH`.split(/\s+/);

function step(p: Parser): readonly BlockStep[] {
  const token = peek(p);
  if (isWord(token, 'BEGIN')) return nested(p, () => block(p));
  if (isWord(token, ...constructs)) throw refused(p, token.value);
  if (isSymbol(token, '<')) throw refused(p, 'a label');
  if (isWord(token, 'END')) throw failure(900, token.offset);
  const single = statement(p);
  if (!acceptSymbol(p, ';')) throw failure(933, offsetOf(p));
  return [single];
}

function statement(p: Parser): BlockStep {
  const token = peek(p);
  if (token.kind === 'bind') return assignment(p);
  if (accept(p, 'NULL')) return { kind: 'null' };
  if (isWord(token, 'SELECT')) return selectInto(p);
  if (isWord(token, 'INSERT', 'UPDATE', 'DELETE', 'MERGE')) {
    let into: number[] = [];
    const plan = dmlPlan(p, (parser) => {
      into = bindTargets(parser);
    });
    if (into.length !== plan.returning) throw failure(913, token.offset);
    return { kind: 'dml', plan, into };
  }
  const plan = transactionPlan(p);
  if (plan !== null) return { kind: 'transaction', plan };
  if (accept(p, 'RAISE_APPLICATION_ERROR')) return raise(p);
  return procedureCall(p);
}

function assignment(p: Parser): BlockStep {
  const bind = bindIndex(p, advance(p));
  if (!acceptSymbol(p, ':=')) throw failure(927, offsetOf(p));
  return { kind: 'assign', bind, value: expression(p) };
}

function selectInto(p: Parser): BlockStep {
  const offset = offsetOf(p);
  let into: number[] = [];
  p.readInto = (parser) => {
    into = bindTargets(parser);
  };
  const query = queryPlan(p);
  refuseFlashback(p);
  if (query.columnNames !== null && into.length < query.columnNames.length) throw failure(947, offset);
  if (query.columnNames !== null && into.length > query.columnNames.length) throw failure(913, offset);
  return { kind: 'selectInto', query, into };
}

function raise(p: Parser): BlockStep {
  expectSymbol(p, '(');
  const number = expression(p);
  expectSymbol(p, ',');
  const text = expression(p);
  if (acceptSymbol(p, ',')) acceptOne(p, 'TRUE', 'FALSE');
  expectSymbol(p, ')');
  return { kind: 'raise', number, text };
}

function procedureCall(p: Parser): Extract<BlockStep, { kind: 'call' }> {
  const offset = offsetOf(p);
  const procedure = [name(p)];
  while (acceptSymbol(p, '.')) procedure.push(advanceName(p));
  if (procedure.length > 3) throw failure(904, offset, procedure.map((each) => `"${each}"`).join('.'));
  if (isSymbol(peek(p), ':=')) throw refused(p, `assignment to ${procedure.join('.')}`);
  return { kind: 'call', procedure, args: args(p), into: null, offset };
}

/** Behind a point reserved words are names: DBMS_OUTPUT.ENABLE, PKG.DELETE. */
function advanceName(p: Parser): string {
  const token = peek(p);
  if (token.kind !== 'word' && token.kind !== 'quoted') throw failure(904, token.offset);
  return advance(p).value;
}

function args(p: Parser): Argument[] {
  const list: Argument[] = [];
  if (!acceptSymbol(p, '(') || acceptSymbol(p, ')')) return list;
  do {
    const named = isSymbol(peek(p, 1), '=>') ? advance(p).value : null;
    if (named !== null) advance(p);
    list.push({ name: named, value: expression(p) });
  } while (acceptSymbol(p, ','));
  expectSymbol(p, ')');
  return list;
}
