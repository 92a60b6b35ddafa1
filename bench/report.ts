import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

/** One line of a benchmark. Which figures a row has depends on what it measures; `runs` is how often it was repeated. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly runs: number;
  readonly baseline?: string;
  readonly ratio?: number;
  readonly [figure: `${string}_${'ms' | 'us' | 'mb'}`]: number;
}

/** Prints the rows: a table for people, or with `--json` one JSON object and nothing else on stdout. */
export function reportBench(bench: string, rows: readonly BenchRow[]): void {
  if (wantsJson()) {
    process.stdout.write(
      `${JSON.stringify({ bench, at: new Date().toISOString(), machine: machine(), versions: versions(), rows })}\n`,
    );
    return;
  }
  const { cpu, cpus: count } = machine();
  process.stdout.write(`${bench} on ${count} × ${cpu}, Node ${versions().node}\n`);
  process.stdout.write(table(rows.map((row) => cells(row))));
}

/** Progress goes to stderr, so that stdout stays the result. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The middle of an odd number of values, the lower middle of an even one. */
export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Nearest rank; 0 of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

function wantsJson(): boolean {
  return parseArgs({ options: { json: { type: 'boolean' } }, strict: false }).values['json'] === true;
}

function machine(): { readonly cpus: number; readonly cpu: string; readonly memory_mb: number } {
  return {
    cpus: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memory_mb: Math.round(totalmem() / 1_048_576),
  };
}

function versions(): { readonly node: string; readonly mandate: string } {
  const info: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const mandate = typeof info === 'object' && info !== null && 'version' in info ? String(info.version) : 'unknown';
  return { node: process.versions.node, mandate };
}

function cells(row: BenchRow): readonly string[] {
  const { name, value, unit, runs, baseline, ratio, ...figures } = row;
  const more = Object.entries(figures).map(([figure, amount]) => `${figure} ${round(Number(amount))}`);
  if (ratio !== undefined) more.push(`${round(ratio)} × ${baseline ?? 'baseline'}`);
  return [name, round(value), unit, more.join('  '), `${runs} runs`];
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<readonly number[]>(
    (most, row) => row.map((cell, at) => Math.max(cell.length, most[at] ?? 0)),
    [],
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 1 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}
