import type { Ddl, ObjectPrivilege } from '../ddl-plan.ts';
import { failure, unsupported } from '../errors.ts';
import {
  accept,
  acceptOne,
  advance,
  commaList,
  expect,
  isSymbol,
  isWord,
  name,
  nameList,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';

/** Behind CREATE USER. */
export function createUser(p: Parser): Ddl {
  const user = name(p, 987);
  const options = userOptions(p);
  if (options.password === null) throw failure(1935, offsetOf(p));
  if (options.account === 'LOCK') throw unsupported('CREATE USER … ACCOUNT LOCK', offsetOf(p));
  return { kind: 'createUser', user, password: options.password };
}

/** Behind ALTER USER. */
export function alterUser(p: Parser): Ddl {
  const user = name(p, 987);
  return { kind: 'alterUser', user, ...userOptions(p) };
}

/** Behind DROP USER. */
export function dropUser(p: Parser): Ddl {
  return { kind: 'dropUser', user: name(p, 987), cascade: accept(p, 'CASCADE') };
}

type Options = { readonly password: string | null; readonly account: 'LOCK' | 'UNLOCK' | null };

/** What says where a user's tables are stored, and how much of it, is skipped. */
function userOptions(p: Parser): Options {
  let password: string | null = null;
  let account: Options['account'] = null;
  for (;;) {
    if (accept(p, 'IDENTIFIED')) {
      if (sees(p, 'EXTERNALLY') || sees(p, 'GLOBALLY'))
        throw unsupported(`IDENTIFIED ${peek(p).value}`, offsetOf(p));
      expect(p, 'BY', 924);
      password = passwordText(p);
      if (accept(p, 'REPLACE')) passwordText(p);
    } else if (accept(p, 'ACCOUNT')) {
      account = acceptOne(p, 'LOCK', 'UNLOCK');
      if (account === null) throw failure(905, offsetOf(p));
    } else if (accept(p, 'QUOTA')) quota(p);
    else if (acceptOne(p, 'DEFAULT', 'TEMPORARY', 'LOCAL') !== null) tablespace(p);
    else if (accept(p, 'PROFILE')) name(p);
    else if (accept(p, 'CONTAINER')) skipAssignment(p);
    else return { password, account };
  }
}

/** Unquoted passwords keep their case. */
function passwordText(p: Parser): string {
  const token = advance(p);
  if (token.kind === 'quoted') return token.value;
  if (token.kind !== 'word') throw failure(988, token.offset);
  return p.text.slice(token.offset, token.end);
}

function quota(p: Parser): void {
  if (!accept(p, 'UNLIMITED')) {
    if (advance(p).kind !== 'number') throw failure(2187, offsetOf(p));
    acceptOne(p, 'K', 'M', 'G');
  }
  expect(p, 'ON', 969);
  name(p, 2216);
}

function tablespace(p: Parser): void {
  if (accept(p, 'ROLE')) throw unsupported('DEFAULT ROLE', offsetOf(p));
  accept(p, 'TEMPORARY');
  expect(p, 'TABLESPACE');
  name(p, 2216);
}

function skipAssignment(p: Parser): void {
  if (isSymbol(peek(p), '=')) advance(p);
  advance(p);
}

/** Behind GRANT. */
export function grant(p: Parser): Ddl {
  const privileges = commaList(p, () => privilege(p));
  if (!accept(p, 'ON')) {
    expect(p, 'TO', 946);
    const grantees = commaList(p, () => grantee(p));
    const grantable = accept(p, 'WITH', 'ADMIN', 'OPTION') || accept(p, 'WITH', 'DELEGATE', 'OPTION');
    return { kind: 'grantSystem', privileges: systemNames(privileges), grantees, grantable };
  }
  const object = grantedObject(p);
  expect(p, 'TO', 946);
  const grantees = commaList(p, () => grantee(p));
  const grantable = accept(p, 'WITH', 'GRANT', 'OPTION');
  accept(p, 'WITH', 'HIERARCHY', 'OPTION');
  return { kind: 'grantObject', privileges, object, grantees, grantable };
}

/** Behind REVOKE. */
export function revoke(p: Parser): Ddl {
  const privileges = commaList(p, () => privilege(p));
  const object = accept(p, 'ON') ? grantedObject(p) : null;
  expect(p, 'FROM', 905);
  const grantees = commaList(p, () => grantee(p));
  accept(p, 'CASCADE', 'CONSTRAINTS');
  acceptOne(p, 'FORCE');
  if (object === null) {
    return { kind: 'revokeSystem', privileges: systemNames(privileges), grantees, grantable: false };
  }
  return { kind: 'revokeObject', privileges, object, grantees, grantable: false };
}

function grantedObject(p: Parser): ReturnType<typeof tableName> {
  const kind = acceptOne(p, 'DIRECTORY', 'EDITION', 'USER', 'JAVA');
  if (kind !== null) throw unsupported(`privileges ON ${kind}`, offsetOf(p));
  return tableName(p);
}

function grantee(p: Parser): string {
  return accept(p, 'PUBLIC') ? 'PUBLIC' : name(p, 987);
}

/** The words of one privilege: `SELECT ANY TABLE`; a role may be quoted. */
function privilege(p: Parser): ObjectPrivilege {
  const words: string[] = [];
  while (peek(p).kind === 'quoted' || (peek(p).kind === 'word' && !isWord(peek(p), 'ON', 'TO', 'FROM'))) {
    words.push(advance(p).value);
  }
  if (words.length === 0) throw failure(990, offsetOf(p));
  const columns = isSymbol(peek(p), '(') ? nameList(p) : [];
  return { privilege: words.join(' ').replace(/^ALL PRIVILEGES$/, 'ALL'), columns };
}

function systemNames(privileges: readonly ObjectPrivilege[]): string[] {
  return privileges.map(({ privilege }) => (privilege === 'ALL' ? 'ALL PRIVILEGES' : privilege));
}
