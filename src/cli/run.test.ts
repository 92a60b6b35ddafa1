import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli, folder } from './run-cli.fixture.ts';

test('--help, --version and the help of a command are no faults', async (t) => {
  const home = folder(t);
  const help = await cli(['--help'], { home });
  assert.equal(help.status, 0);
  assert.match(help.stdout, /approval +read and answer what is held/);
  assert.match((await cli(['--version'], { home })).stdout, /^\d+\.\d+\.\d+\n$/);
  const same = await Promise.all([cli(['help', 'task', 'open'], { home }), cli(['task', 'open', '--help'], { home })]);
  assert.equal(same[0].status, 0);
  assert.equal(same[0].stdout, same[1].stdout);
});

test('a wrong command line is one sentence with its code, and exit status 2', async (t) => {
  const home = folder(t);
  for (const args of [
    ['frob'],
    ['agent', 'frob'],
    ['agent', 'show'],
    ['agent', 'show', 'a', 'b'],
    ['agent', 'list', '--frob'],
    ['agent', 'list', '--limit', '0'],
    ['agent', 'list', '--as', 'ana'],
    ['agent', 'transition', 'a', '--to', 'retired'],
    ['task', 'open', '--agent', 'a', '--purpose', 'p', '--tool', 'x/*', '--expires-in', '1w'],
    ['server', 'add', 'files', '--environment', 'development'],
    ['server', 'add', 'files', '--environment', 'development', '--url', 'http://x', '--', 'prog'],
    ['decide', '--agent', 'a', '--tool', 'files'],
    ['revoke', 'everything', '--reason', 'r'],
    ['revoke', 'agent', '--reason', 'r'],
    ['login'],
  ]) {
    const ran = await cli(args, { home });
    assert.equal(ran.status, 2, args.join(' '));
    assert.equal(ran.stdout, '', args.join(' '));
    assert.match(ran.stderr, /^mandate: [^\n]+ \(input\.invalid\)\n$/, args.join(' '));
  }
});

test('no command at all shows the help on stderr, with exit status 2', async (t) => {
  const ran = await cli([], { home: folder(t) });
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /^Usage: mandate/);
});

test('with --json a fault is also a problem object on stdout', async (t) => {
  const ran = await cli(['agent', 'show', '--json'], { home: folder(t) });
  assert.equal(ran.status, 2);
  const problem = JSON.parse(ran.stdout) as { readonly code: string; readonly detail: string };
  assert.equal(problem.code, 'input.invalid');
  assert.match(problem.detail, /id/);
});

test('what a fault quotes cannot act on the terminal', async (t) => {
  const ran = await cli(['\u001b[2Jfrob\u202e'], { home: folder(t) });
  assert.equal(ran.status, 2);
  assert.doesNotMatch(ran.stderr.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});
