/** Tables on stdout. */
import Table from 'cli-table3';
import { count } from './text.ts';

type Cell = string | number | null | undefined;

export type Column<Row> = {
  readonly head: string;
  readonly of: (row: Row) => Cell;
  /** Left out where no row has anything to say: all of its cells are empty or 0. */
  readonly optional?: true;
};

/** Header, then rows; columns of numbers are set to the right. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const shown = columns
    .map((column) => ({ ...column, cells: rows.map((row) => column.of(row)) }))
    .filter(({ optional, cells }) => !optional || cells.some((cell) => cell));
  const grid = new Table({
    head: shown.map(({ head }) => head),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    colAligns: shown.map(({ cells }) =>
      cells.length > 0 && cells.every((cell) => typeof cell === 'number') ? 'right' : 'left',
    ),
    chars: NO_LINES,
  });
  rows.forEach((_, at) => {
    grid.push(shown.map(({ cells }) => cellText(cells[at])));
  });
  return grid
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function cellText(cell: Cell): string {
  return typeof cell === 'number' ? count(cell) : (cell ?? '–');
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
};
