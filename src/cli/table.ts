import { safeLine } from '../standards/unicode/safe-line.ts';
import { paint } from './print.ts';

export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string;
  /** Longer cells are cut, saying by how much. */
  readonly chars_max?: number;
}

const CELL_CHARS_MAX = 60;
const GAP = '  ';

/** Rows under titles, aligned; every cell is one visible line, whatever text it came from. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  whenEmpty = 'Nothing there.',
): string {
  if (rows.length === 0) return whenEmpty;
  const cells = rows.map((row) => columns.map(({ of, chars_max }) => safeLine(of(row), chars_max ?? CELL_CHARS_MAX)));
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...cells.map((line) => line[at]?.length ?? 0)));
  const line = (texts: readonly string[], painted: (text: string) => string): string =>
    texts
      .map(
        (text, at) =>
          painted(text) + (at === texts.length - 1 ? '' : ' '.repeat((widths[at] ?? 0) - text.length) + GAP),
      )
      .join('')
      .trimEnd();
  const titles = line(
    columns.map(({ title }) => title),
    (text) => paint('bold', text),
  );
  return [titles, ...cells.map((texts) => line(texts, paintWord))].join('\n');
}

/** One thing as `name  value` lines; a value that is absent is left out, a list has one line per item. */
export function details(pairs: readonly (readonly [name: string, value: string | readonly string[] | null])[]): string {
  const shown = pairs.filter(([, value]) => value !== null && value.length > 0);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown
    .flatMap(([name, value]) => {
      const lines = typeof value === 'string' ? [value] : (value ?? []);
      return lines.map((text, at) => {
        const label = (at === 0 ? name : '').padEnd(width);
        return `${paint('dim', label)}${GAP}${paintWord(safeLine(text, DETAIL_CHARS_MAX))}`;
      });
    })
    .join('\n');
}

const DETAIL_CHARS_MAX = 20_000;

/** The closed words that a reader looks for. */
function paintWord(text: string): string {
  if (GOOD.has(text)) return paint('green', text);
  if (BAD.has(text)) return paint('red', text);
  return WAITING.has(text) ? paint('yellow', text) : text;
}

const GOOD: ReadonlySet<string> = new Set(['allow', 'active', 'approved', 'confirmed', 'pinned', 'open', 'completed']);
const BAD: ReadonlySet<string> = new Set([
  'deny',
  'suspended',
  'decommissioned',
  'denied',
  'refused',
  'failed',
  'changed',
]);
const WAITING: ReadonlySet<string> = new Set([
  'hold',
  'pending',
  'probationary',
  'quarantined',
  'registered',
  'unknown',
]);
