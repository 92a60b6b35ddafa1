import { createHash, randomBytes } from 'node:crypto';

/**
 * What tells one installation of Mandate from every other on the same machine: 16 hex digits of its node id and the
 * place of its data directory, so that a copied directory is another one.
 */
export function installationOf(node: string, data: string): string {
  return createHash('sha256').update(`${node}\n${data}`).digest('hex').slice(0, INSTALLATION_DIGITS);
}
const INSTALLATION_DIGITS = 16;

/** Stands in the environment of each server process and, unless it takes care, of all that it starts. */
export const MARKER_VARIABLE = 'MANDATE_CHILD';

/** Begins every marker of the installation, and no other's. */
export function markerPrefix(installation: string): string {
  return `${installation}:`;
}

export function newMarker(installation: string): string {
  return `${markerPrefix(installation)}${randomBytes(MARKER_BYTES).toString('hex')}`;
}
const MARKER_BYTES = 16;

/** Begins the name of every private folder of the installation, and no other's. */
export function homePrefix(installation: string): string {
  return `mandate-${installation}-`;
}
