/** A word of a command line that people copy: quoted where a shell would make something else of it. */
export function shellWord(text: string): string {
  return /^[\w.:@%+,/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
