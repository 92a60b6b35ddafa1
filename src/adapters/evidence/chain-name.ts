import type { NodeId } from '../../core/ids.ts';

/** One chain per node and incarnation; every record of it names that node. */
export function chainName(node: NodeId, incarnation: number): string {
  if (!Number.isSafeInteger(incarnation) || incarnation < 1)
    throw new RangeError('an incarnation is a whole number from 1');
  return `${node}.${incarnation}`;
}

/** The node whose chain this is; undefined when it is no chain's name. */
export function chainNode(chain: string): string | undefined {
  return /^(.+)\.[1-9][0-9]*$/.exec(chain)?.[1];
}
