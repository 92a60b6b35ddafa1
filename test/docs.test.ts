import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { openMetrics } from '../src/api/metrics.ts';
import { httpStatus } from '../src/api/problem.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { EXIT } from '../src/cli/exit.ts';
import { ended, folder, seen, start } from '../src/cli/run-cli.fixture.ts';
import { configJsonSchema, defaultConfig } from '../src/config.ts';
import { ERROR_CODES, type ErrorCode } from '../src/core/errors.ts';
import { REASONS } from '../src/core/reasons.ts';

// The user documentation is held against the program: what it names exists, what it lists is complete, what it shows runs.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['README.md', 'policies/README.md', ...pagesIn('docs')].map((name) => ({ name, text: read(name) }));
const OF_DOCS = PAGES.filter(({ name }) => name.startsWith('docs/'));

test('every relative link of the documentation leads somewhere', () => {
  let links = 0;
  for (const { name, text } of PAGES) {
    for (const [, target = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      links += 1;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? name : relative(ROOT, join(ROOT, dirname(name), path));
      assert.ok(existsSync(join(ROOT, file)), `${name} links to ${target}, which is not there`);
      if (anchor !== undefined)
        assert.ok(anchorsOf(read(file)).includes(anchor), `${name} links to ${target}: no such heading`);
    }
  }
  assert.ok(links > 30, 'the links are found at all');
});

test('every page of docs/ is reached from its index', () => {
  const index = read('docs/README.md');
  for (const { name } of OF_DOCS) {
    const path = relative('docs', name);
    if (path !== 'README.md') assert.ok(index.includes(`(${path})`), `docs/README.md does not name ${path}`);
  }
});

test('every command and option that the documentation names exists', async () => {
  let checked = 0;
  for (const { name, text } of PAGES) {
    for (const line of commandLines(text)) {
      const fault = await commandFault(line);
      assert.equal(fault, null, `${name}: mandate ${line}: ${fault}`);
      checked += 1;
    }
  }
  assert.ok(checked > 60, 'the commands are found at all');
});

test('the configuration table has every key of the schema, with its default', () => {
  const rows = tableRows('docs/operations.md', /^\| `([a-z][a-z0-9_.]+)` \|(.*?)\| .* \|$/, 'Configuration');
  const keys = keysOf(configJsonSchema(), '');
  assert.deepEqual(rows.map(([key]) => key).sort(), keys.filter((key) => key !== 'upstream').sort());
  for (const [key = '', said = ''] of rows) {
    const value = key.split('.').reduce<unknown>((at, part) => (isRecord(at) ? at[part] : undefined), defaultConfig());
    assert.equal(said.trim(), defaultText(value), key);
  }
});

function defaultText(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => defaultText(isRecord(one) ? one['id'] : one)).join(', ');
  return typeof value === 'string' || typeof value === 'number' ? `\`${value}\`` : '';
}

test('the limits are those of the code', () => {
  const rows = tableRows('docs/operations.md', /^\| .+? \| ([^|]+) \| `(src\/[^#`]+#[A-Za-z_]+)` \|/);
  assert.ok(rows.length > 30, 'the table is found at all');
  for (const [said = '', where = ''] of rows) {
    const [file = '', name = ''] = where.split('#');
    const given = new RegExp(`\\b${name}(?::|\\s*=)\\s*([0-9_ *]+)[;,]`).exec(read(file))?.[1];
    assert.ok(given !== undefined, `${where} is not there`);
    const value = given.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '').trim()), 1);
    assert.equal(inUnits(said.trim()), value, `${where} is ${value}, the documentation says ${said}`);
  }
});

test('the metrics, exit statuses, error codes and reason codes are exactly those of the program', async () => {
  const { text } = await openMetrics(() => ({
    snapshot_age_ms: 0,
    open_tasks: 0,
    pending_approvals: 0,
    stdio_children: 0,
  })).expose();
  const metrics = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  assert.deepEqual(
    tableRows('docs/operations.md', /^\| `(mandate_\w+)` \|/)
      .flat()
      .sort(),
    metrics.sort(),
  );

  assert.deepEqual(
    tableRows('docs/operations.md', /^\| (\d) \|/)
      .flat()
      .map(Number),
    Object.values(EXIT).sort(),
  );

  const listed = tableRows('docs/api.md', /^\| (\d{3}) \| (.*) \|$/).flatMap(([status, codes = '']) =>
    [...codes.matchAll(/`([a-z_.]+)`/g)].map(([, code]) => [code, Number(status)]),
  );
  const codes = Object.keys(ERROR_CODES) as ErrorCode[]; // the keys of a literal
  assert.deepEqual(
    new Map(listed as [string, number][]),
    new Map(listed.map(([code]) => [code as string, httpStatus(code as ErrorCode)])),
  ); // compared with the closed list below
  assert.deepEqual(listed.map(([code]) => code).sort(), [...codes].sort());

  const reasons = tableRows('docs/api.md', /^\| `([a-z_.]+)` \| (.*) \|$/);
  assert.deepEqual(Object.fromEntries(reasons), REASONS);
});

test('every code that is named anywhere in the documentation exists', () => {
  const known = new Set([...Object.keys(ERROR_CODES), ...Object.keys(REASONS)]);
  const families = new Set([...known].map((code) => code.split('.')[0]));
  const keys = new Set(keysOf(configJsonSchema(), ''));
  for (const { name, text } of PAGES) {
    for (const [, code = ''] of text.matchAll(/`([a-z_]+\.[a-z_]+)`/g)) {
      if (families.has(code.split('.')[0]) && !keys.has(code))
        assert.ok(known.has(code) || existsSync(join(ROOT, code)) || FILES.has(code), `${name} names ${code}`);
    }
  }
});

/** Named with a dot, and no codes. */
const FILES: ReadonlySet<string> = new Set(['audit.db']);

test('the walk through docs/first-agent.md does what it says, and docs/api.md lists the routes that are served', async (t) => {
  const home = folder(t);
  const page = read('docs/first-agent.md');
  const blocks = [...page.matchAll(/^```sh run\n([^]*?)^```$/gm)].map(([, block]) => block ?? '');
  const expected = [...page.matchAll(/^<!-- expect: (.*) -->$/gm)].map(([, words]) => words ?? '');
  assert.ok(blocks.length > 8 && expected.length > 15, 'the examples are found at all');

  const data = join(home, 'data');
  const server = start(['serve', '--data', data, '--port', '0', '--quiet'], { home });
  const done = ended(server);
  try {
    const [, url = '', link = ''] = await seen(server, (out) => /running at (\S+)[^]*?(\S+link=mdl_[\w-]+)/.exec(out));
    const output = await bash(home, [PRELUDE, ...blocks].join('\n'), {
      LINK: link,
      MANDATE_DATA: data,
      MANDATE_MAIN: join(ROOT, 'src/main.ts'),
      FILESYSTEM_SERVER: join(ROOT, 'node_modules/@modelcontextprotocol/server-filesystem/dist/index.js'),
    });
    let from = 0;
    for (const words of expected) {
      const at = output.indexOf(words, from);
      assert.notEqual(at, -1, `not printed, or too early: ${words}\n${output}`);
      from = at;
    }

    const described = (await (await fetch(`${url}/v1/openapi.json`)).json()) as {
      readonly paths: Record<string, object>;
    }; // our own description
    const served = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const listed = tableRows('docs/api.md', /^\| ((?:`[A-Z]+ \/v1\/[^`]+` ?)+)\|/).flatMap(([routes = '']) =>
      [...routes.matchAll(/`([^`]+)`/g)].map(([, route]) => route),
    );
    assert.deepEqual(listed.sort(), [...served, 'GET /v1/events'].sort());
  } finally {
    server.kill('SIGTERM');
    assert.equal(await done, EXIT.done);
  }
});

/** `mandate` as a reader has it, and the answer to each question for a passphrase. */
const PRELUDE = `set -euo pipefail
mandate() {
  case "$1 \${2-}" in
    "login "*|"approval approve"|"actor vouch") node "$MANDATE_MAIN" "$@" --passphrase-stdin <<< 'correct horse battery staple' ;;
    *) node "$MANDATE_MAIN" "$@" ;;
  esac
}`;

/** Shared with the tests of the CLI: most of a run would be compiling. */
const COMPILE_CACHE = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'mandate-test-compiled');

/** stdout and stderr together, as a person sees them. */
async function bash(home: string, script: string, env: Readonly<Record<string, string>>): Promise<string> {
  const file = join(home, 'walk.sh');
  const cwd = join(home, 'walk');
  mkdirSync(cwd);
  writeFileSync(file, script);
  const child = spawn('bash', ['-c', `exec 2>&1; . ${file}`], {
    cwd,
    env: {
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
      HOME: home,
      NO_COLOR: '1',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const closed = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  assert.equal(await closed, 0, output);
  return output;
}

function pagesIn(path: string): readonly string[] {
  const names = readdirSync(join(ROOT, path), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${path}/${name}`)
    .sort();
}

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

function withoutCode(text: string): string {
  return text.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** As GitHub makes them. */
function anchorsOf(text: string): readonly string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** The cells that `row` finds in each line of the page, or of the part under one of its headings. */
function tableRows(name: string, row: RegExp, heading?: string): readonly (readonly string[])[] {
  const text = read(name);
  const part = heading === undefined ? text : (text.split(`\n## ${heading}\n`)[1] ?? '').split('\n## ')[0];
  return (part ?? '').split('\n').flatMap((line) => {
    const found = row.exec(line);
    return found === null ? [] : [found.slice(1)];
  });
}

/** What stands after `mandate` in shell blocks and in code spans, one command each. */
function commandLines(text: string): readonly string[] {
  const shell = [...text.matchAll(/^```sh.*\n([^]*?)^```$/gm)].map(([, block = '']) => block.replaceAll('\\\n', ' '));
  const spans = [...text.replace(/^```[^]*?^```$/gm, '').matchAll(/`([^`\n]*)`/g)].map(([, span]) => span ?? '');
  return [...shell.join('\n').split('\n'), ...spans].flatMap((line) =>
    [...line.matchAll(/(?:^|[($] ?|run (?:-s )?)mandate (?:-- )?([a-z].*)$/g)].map(([, rest = '']) => rest),
  );
}

/** Why this is no command of ours; null when it is one. What stands for a value is not looked at. */
async function commandFault(line: string): Promise<string | null> {
  const words =
    line
      .replace(/"[^"]*"|'[^']*'/g, 'VALUE')
      .split(/\s+(?:#|\||>|&&|\|\|).*$/)[0]
      ?.split(/\s+/) ?? [];
  const [name = '', ...rest] = words.map((word) => word.replace(/[).,:]+$/, ''));
  const entry = COMMANDS.find((one) => one.name === name);
  if (entry === undefined) return `there is no command ${name}`;
  let command: Command = await entry.load();
  const [member] = rest;
  if (command.commands.length > 0 && member !== undefined) {
    const found = command.commands.find((one) => one.name() === member);
    if (found === undefined) return `there is no ${name} ${member}`;
    command = found;
  }
  const end = rest.indexOf('--');
  for (const word of end === -1 ? rest : rest.slice(0, end)) {
    if (!/^--?[a-z]/.test(word) || word === '--help') continue;
    if (!command.options.some(({ short, long }) => word === short || word === long)) return `it has no ${word}`;
  }
  return null;
}

/** `listen`, `upstream.timeout_s`, and of lists the members of an item. */
function keysOf(schema: unknown, under: string): readonly string[] {
  const properties = isRecord(schema) ? schema['properties'] : undefined;
  if (!isRecord(properties)) return [];
  return Object.entries(properties).flatMap(([key, of]) => {
    const name = `${under}${key}`;
    return [name, ...keysOf(of, `${name}.`), ...keysOf(isRecord(of) ? of['items'] : undefined, `${name}.`)];
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  KiB: 1024,
  MiB: 1024 ** 2,
};

function inUnits(said: string): number {
  const [number = '', unit = ''] = said.split(' ');
  return Number(number) * (UNITS[unit] ?? Number.NaN);
}
