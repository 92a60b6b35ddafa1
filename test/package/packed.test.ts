import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsOf } from '../architecture/imports.ts';

// The compiler rewrites './x.ts' to './x.js' in imports but not in a worker's
// `new URL('./x.ts', import.meta.url)`, and Node refuses TypeScript under
// node_modules: only running the packed package shows that it stands alone.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKED = [
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'LICENSE',
  'NOTICE',
  'README.md',
  'src',
  'data',
  'policies',
  'scenarios',
];

const work = mkdtempSync(join(tmpdir(), 'mandate-packed-'));
after(() => rmSync(work, { recursive: true, force: true }));

test('the packed package runs as plain JavaScript', async () => {
  const build = join(work, 'build');
  for (const name of PACKED.filter((each) => existsSync(join(ROOT, each)))) {
    cpSync(join(ROOT, name), join(build, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(build, 'node_modules'));
  run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], build);

  const scripts = globSync('dist/**/*.js', { cwd: build });
  assert.ok(scripts.length > 0, 'the build wrote nothing');
  const stillTypeScript = scripts.filter((script) =>
    importsOf(readFileSync(join(build, script), 'utf8')).some(({ specifier }) => specifier?.endsWith('.ts')),
  );
  assert.deepEqual(stillTypeScript, [], 'these would look for TypeScript files that are not in the package');

  run('npm', ['pack', '--ignore-scripts', '--pack-destination', work], build);
  const archive = globSync('*.tgz', { cwd: work })[0];
  assert.ok(archive !== undefined, 'npm pack wrote nothing');
  run('tar', ['xzf', archive], work);
  const unpacked = join(work, 'package');
  assert.ok(!existsSync(join(unpacked, 'src')), 'the sources are in the package');
  symlinkSync(join(ROOT, 'node_modules'), join(unpacked, 'node_modules'));
  assert.match(run(process.execPath, ['dist/main.js', '--help'], unpacked), /mandate/i);
  await untilHeld(unpacked);
});

/** The whole first minute out of the package: the worker, the policies, the sample and the demo agent are in it. */
async function untilHeld(unpacked: string): Promise<void> {
  const child = spawn(process.execPath, ['dist/main.js', 'demo', '--data', join(work, 'data'), '--port', '0'], {
    cwd: unpacked,
  });
  let printed = '';
  try {
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        printed += chunk.toString('utf8');
        if (/held\s+files\/write_file/.test(printed)) resolve();
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      child.once('exit', (status) => reject(new Error(`it ended with ${status}:\n${printed}`)));
    });
  } finally {
    child.kill('SIGTERM');
  }
  await once(child, 'exit');
  assert.match(printed, /allowed\s+files\/read_text_file/);
  assert.match(printed, /denied\s+notes\/read_graph/);
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}`);
  return stdout;
}
