/** Settings in force, as `check` prints them below a source. */
import { count } from './text.ts';

type Setting = string | number | boolean;

const LINE_LENGTH = 110;

/** `poolWaitMs: 30000` → `pool wait 30,000 ms`, all in one list that is broken into lines. */
export function settingsLines(settings: Readonly<Record<string, Setting>>): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [name, value] of Object.entries(settings)) {
    const item = settingText(name, value);
    if (line !== '' && line.length + item.length > LINE_LENGTH) {
      lines.push(`${line},`);
      line = '';
    }
    line += line === '' ? item : `, ${item}`;
  }
  return line === '' ? lines : [...lines, line];
}

function settingText(name: string, value: Setting): string {
  const words = name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (typeof value === 'number') return `${words} ${count(value)}${name.endsWith('Ms') ? ' ms' : ''}`;
  return `${words} ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`;
}
