import type { Command } from 'commander';

export interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Only the command that was asked for is loaded: the others would make it slow. */
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of the help. */
export const COMMANDS: readonly Entry[] = [
  { name: 'serve', summary: 'run Mandate', load: async () => (await import('./serve.ts')).serveCommand() },
  {
    name: 'demo',
    summary: 'run Mandate with a sample organisation',
    load: async () => (await import('./demo-command.ts')).demoCommand(),
  },
  {
    name: 'actor',
    summary: 'humans, workloads and agents alike',
    load: async () => (await import('./actor.ts')).actorCommand(),
  },
  {
    name: 'agent',
    summary: 'register agents and move them through their life',
    load: async () => (await import('./agent.ts')).agentCommand(),
  },
  {
    name: 'server',
    summary: 'MCP servers and their tools',
    load: async () => (await import('./server.ts')).serverCommand(),
  },
  {
    name: 'task',
    summary: 'open, renew, revise and close tasks',
    load: async () => (await import('./task.ts')).taskCommand(),
  },
  {
    name: 'approval',
    summary: 'read and answer what is held',
    load: async () => (await import('./approval.ts')).approvalCommand(),
  },
  {
    name: 'decide',
    summary: 'ask what would be decided, without doing it',
    load: async () => (await import('./decide.ts')).decideCommand(),
  },
  {
    name: 'revoke',
    summary: 'stop an actor, a task, a token, a server, or all',
    load: async () => (await import('./revoke.ts')).revokeCommand(),
  },
  {
    name: 'policy',
    summary: 'check and test policies in a folder',
    load: async () => (await import('./policy.ts')).policyCommand(),
  },
  {
    name: 'audit',
    summary: 'verify, read and export the evidence',
    load: async () => (await import('./audit.ts')).auditCommand(),
  },
  {
    name: 'verify',
    summary: 'verify an exported bundle of evidence',
    load: async () => (await import('./verify.ts')).verifyCommand(),
  },
  {
    name: 'backup',
    summary: 'copy the data directory, also while it is in use',
    load: async () => (await import('./backup.ts')).backupCommand(),
  },
  {
    name: 'restore',
    summary: 'put a backup in place',
    load: async () => (await import('./restore.ts')).restoreCommand(),
  },
  {
    name: 'config',
    summary: 'print the schema of mandate.yaml, or check one',
    load: async () => (await import('./config.ts')).configCommand(),
  },
  {
    name: 'login',
    summary: 'let this terminal act as a human',
    load: async () => (await import('./login.ts')).loginCommand(),
  },
  {
    name: 'whoami',
    summary: 'say as whom the CLI acts',
    load: async () => (await import('./whoami.ts')).whoamiCommand(),
  },
];
