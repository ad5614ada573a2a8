import { OraError } from '../ora-error.ts';

/** Messages of the numbers that the dialect raises. `"$"` stands for a name. */
const messages: ReadonlyMap<number, string> = new Map([
  [439, 'feature not enabled: $'],
  [900, 'invalid SQL statement'],
  [901, 'invalid CREATE command'],
  [902, 'invalid datatype'],
  [903, 'invalid table name'],
  [904, '$: invalid identifier'],
  [905, 'missing keyword'],
  [906, 'missing left parenthesis'],
  [907, 'missing right parenthesis'],
  [908, 'missing NULL keyword'],
  [909, 'invalid number of arguments'],
  [910, 'specified length too long for its datatype'],
  [911, 'invalid character'],
  [913, 'too many values'],
  [917, 'missing comma'],
  [918, 'column ambiguously defined'],
  [920, 'invalid relational operator'],
  [921, 'unexpected end of SQL command'],
  [922, 'missing or invalid option'],
  [923, 'FROM keyword not found where expected'],
  [924, 'missing BY keyword'],
  [925, 'missing INTO keyword'],
  [926, 'missing VALUES keyword'],
  [927, 'missing equal sign'],
  [928, 'missing SELECT keyword'],
  [929, 'missing period'],
  [933, 'SQL command not properly ended'],
  [936, 'missing expression'],
  [938, 'not enough arguments for function'],
  [939, 'too many arguments for function'],
  [940, 'invalid ALTER command'],
  [946, 'missing TO keyword'],
  [947, 'not enough values'],
  [950, 'invalid DROP option'],
  [957, 'duplicate column name'],
  [969, 'missing ON keyword'],
  [971, 'missing SET keyword'],
  [972, 'identifier is too long'],
  [979, 'not a GROUP BY expression'],
  [987, 'missing or invalid username(s)'],
  [990, 'missing or invalid privilege'],
  [1027, 'bind variables not allowed for data definition operations'],
  [1704, 'string literal too long'],
  [1723, 'zero-length columns are not allowed'],
  [1727, 'numeric precision specifier is out of range (1 to 38)'],
  [1728, 'numeric scale specifier is out of range (-84 to 127)'],
  [1740, 'missing double quote in identifier'],
  [1741, 'illegal zero-length identifier'],
  [1742, 'comment not terminated properly'],
  [1745, 'invalid host/bind variable name'],
  [1756, 'quoted string not properly terminated'],
  [1788, 'CONNECT BY clause required in this query block'],
  [1789, 'query block has incorrect number of result columns'],
  [1839, 'date not valid for month specified'],
  [1843, 'not a valid month'],
  [1847, 'day of month must be between 1 and last day of month'],
  [1861, 'literal does not match format string'],
  [1867, 'the interval is invalid'],
  [2000, 'missing $ keyword'],
  [2014, 'cannot select FOR UPDATE from view with DISTINCT, GROUP BY, etc.'],
  [2236, 'invalid file name'],
  [3001, 'unimplemented feature: $'],
  [6550, '$'],
  [30088, 'datetime/interval precision is out of range'],
  [30484, 'missing window specification for this function'],
]);

/** An error of the ORA-00900 family at a place of the text. `name` completes the message of those that name something. */
export function failure(number: number, offset: number, name = ''): OraError {
  const message = messages.get(number) ?? 'invalid SQL statement';
  return new OraError(
    number,
    message.replace('$', () => name),
    { offset },
  );
}

/** Something that Oracle has and the simulator has not. */
export function unsupported(what: string, offset: number): OraError {
  return failure(439, offset, what);
}
