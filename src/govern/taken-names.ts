import type { PinnedTool } from '../core/tool.ts';
import { confusableSkeleton } from '../standards/unicode/skeleton.ts';

type Named = Pick<PinnedTool, 'server' | 'name'>;

/** Names that are in use, so that no other is taken for one of them. */
export interface TakenNames {
  take(tool: Named): void;
  /** Why this name cannot be told from one that is in use; null when it can, or is that very one. */
  mistakable(tool: Named): string | null;
}

/** @param tools of this server and all others; those that are not accepted take no name */
export function takenNames(tools: readonly PinnedTool[]): TakenNames {
  const here = new Map<string, string>();
  const exposed = new Map<string, string>();
  const take = (tool: Named): void => {
    here.set(skeletonHere(tool), tool.name);
    exposed.set(skeletonExposed(tool), fullName(tool));
  };
  for (const tool of tools.filter(isAccepted)) take(tool);
  return {
    take,
    mistakable(tool) {
      const beside = here.get(skeletonHere(tool));
      if (beside !== undefined && beside !== tool.name) return `It can be mistaken for ${beside} of the same server.`;
      const elsewhere = exposed.get(skeletonExposed(tool));
      if (elsewhere !== undefined && elsewhere !== fullName(tool)) return `It can be mistaken for ${elsewhere}.`;
      return null;
    },
  };
}

/** Whether the tool goes by its name, or may once a person has looked at it. */
export function isAccepted(tool: PinnedTool): boolean {
  return tool.state !== 'refused' && tool.state !== 'gone';
}

function fullName({ server, name }: Named): string {
  return `${server}/${name}`;
}

function skeletonHere({ server, name }: Named): string {
  return `${server} ${confusableSkeleton(name)}`;
}

/** Of the name under which the joint endpoint exposes it; delimiters are folded, so `a__b` + `c` meets `a` + `b__c`. */
function skeletonExposed({ server, name }: Named): string {
  return confusableSkeleton(`${server}__${name}`);
}
