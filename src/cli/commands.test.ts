import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { COMMANDS } from './commands.ts';

for (const { name, load } of COMMANDS) {
  test(`every command of mandate ${name} has a summary, an example and --json`, async () => {
    const loaded = await load();
    assert.equal(loaded.name(), name);
    for (const each of withMembers(loaded)) {
      const help = helpOf(each);
      assert.ok(each.description().length > 0, each.name());
      assert.match(help, /\nExample:\n {2}mandate /, each.name());
      if (each.commands.length === 0) assert.match(help, /--json/, each.name());
    }
  });
}

function withMembers(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withMembers)];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}
