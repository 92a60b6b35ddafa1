import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MandateError } from '../../core/errors.ts';
import { requireAllowed } from './allowed-command.ts';

const refused = (error: MandateError): boolean => error.code === 'server.command' && error.may_have_run === false;

test('TH-36: only a listed command is started, spelt exactly as it is listed', async () => {
  await requireAllowed([{ command: '/usr/bin/node' }], '/usr/bin/node');
  for (const command of ['node', '/usr/bin/../bin/node', '/usr/bin/node ', '/bin/sh', '']) {
    await assert.rejects(requireAllowed([{ command: '/usr/bin/node' }], command), refused, command);
  }
  await assert.rejects(requireAllowed([], '/usr/bin/node'), refused);
});

test('TH-36: a command whose file was exchanged after it was listed is not started', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mandate-command-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const command = join(folder, 'server');
  writeFileSync(command, '#!/bin/sh\n');
  const sha256 = createHash('sha256').update('#!/bin/sh\n').digest('hex');
  await requireAllowed([{ command, sha256 }], command);
  writeFileSync(command, '#!/bin/sh\nid\n');
  await assert.rejects(requireAllowed([{ command, sha256 }], command), refused);
  rmSync(command);
  await assert.rejects(requireAllowed([{ command, sha256 }], command), refused);
});
