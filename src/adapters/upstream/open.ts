import type { Server } from '../../core/server.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { Upstream } from '../../ports/upstream.ts';
import type { Account } from './child.ts';
import type { InheritedEnvironment } from './child-environment.ts';
import { openHttpConnector } from './http.ts';
import { UPSTREAM_LIMITS, type UpstreamLimits } from './limits.ts';
import { openOverLinks } from './over-links.ts';
import type { AllowedCommand } from './allowed-command.ts';
import { openStdioConnector } from './stdio.ts';

export interface UpstreamDeps {
  readonly hasher: Pick<Hasher, 'sha256'>;
  readonly clock: Pick<Clock, 'monotonicUs'>;
  /** Ours, as servers see it in `clientInfo`. */
  readonly version: string;
  /** An existing directory, not within our data, under which each server process gets a private one of its own. */
  readonly scratch_dir: string;
  /** From `installationOf`. */
  readonly installation: string;
  /** The account of stdio servers; absent: our own. */
  readonly run_as?: Account | undefined;
  readonly inherited: InheritedEnvironment;
  readonly limits?: Partial<UpstreamLimits>;
  /** The only commands that stdio servers are started with; absent: every one that an administrator registered. */
  readonly commands?: readonly AllowedCommand[];
}

/** HTTP servers only. */
export function openHttpUpstream(deps: Omit<UpstreamDeps, 'scratch_dir' | 'installation' | 'inherited'>): Upstream {
  const { hasher, clock } = deps;
  const limits = limitsOf(deps);
  return openOverLinks({ hasher, clock, limits, connector: openHttpConnector({ limits, client: clientOf(deps) }) });
}

/** stdio servers only. */
export function openStdioUpstream(deps: UpstreamDeps): Upstream {
  const { hasher, clock, scratch_dir, installation, run_as, inherited, commands } = deps;
  const limits = limitsOf(deps);
  const connector = openStdioConnector({
    limits,
    client: clientOf(deps),
    scratch_dir,
    installation,
    inherited,
    ...(run_as === undefined ? {} : { run_as }),
    ...(commands === undefined ? {} : { commands }),
  });
  return openOverLinks({ hasher, clock, limits, connector });
}

/** Every server by its own transport. */
export function openUpstream(deps: UpstreamDeps): Upstream {
  const http = openHttpUpstream(deps);
  const stdio = openStdioUpstream(deps);
  const both = [http, stdio];
  const of = ({ transport }: Server): Upstream => (transport.type === 'http' ? http : stdio);
  return {
    send: (permit, server, options) => of(server).send(permit, server, options),
    listTools: (permit, server) => of(server).listTools(permit, server),
    endTask: (task) => onBoth((upstream) => upstream.endTask(task)),
    endAgent: (agent) => onBoth((upstream) => upstream.endAgent(agent)),
    endServer: (server) => onBoth((upstream) => upstream.endServer(server)),
    stats() {
      const [first, second] = [http.stats(), stdio.stats()];
      return {
        contexts: first.contexts + second.contexts,
        children: first.children + second.children,
        in_flight: first.in_flight + second.in_flight,
      };
    },
    close: () => onBoth((upstream) => upstream.close()),
  };

  async function onBoth(work: (upstream: Upstream) => Promise<void>): Promise<void> {
    await Promise.all(both.map(work));
  }
}

function limitsOf({ limits }: Pick<UpstreamDeps, 'limits'>): UpstreamLimits {
  return { ...UPSTREAM_LIMITS, ...limits };
}

function clientOf({ version }: Pick<UpstreamDeps, 'version'>): { readonly name: string; readonly version: string } {
  return { name: 'mandate', version };
}
