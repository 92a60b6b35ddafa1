/**
 * Revisions of the Model Context Protocol. There are two eras: up to 2025-11-25 a connection begins with `initialize`
 * (legacy); from 2026-07-28 on each request is complete in itself (modern).
 */
export const MODERN_REVISION = '2026-07-28';
export const LEGACY_REVISION = '2025-11-25';

/** All modern revisions that are spoken, newest first. */
export const MODERN_REVISIONS: readonly string[] = [MODERN_REVISION];

/**
 * All legacy revisions that are spoken, newest first. The older ones have the same envelope and tools; only what a peer
 * may expect beyond that differs. 2024-11-05 is accepted of stdio servers, which never had its two-endpoint transport.
 */
export const LEGACY_REVISIONS: readonly string[] = [LEGACY_REVISION, '2025-06-18', '2025-03-26', '2024-11-05'];

/** What a legacy HTTP request without `MCP-Protocol-Version` is taken to speak (2025-11-25, Streamable HTTP). */
export const ASSUMED_LEGACY_REVISION = '2025-03-26';

export type Era = 'modern' | 'legacy';

/** The era of a revision that is spoken here; undefined for any other text. */
export function eraOf(revision: string): Era | undefined {
  if (MODERN_REVISIONS.includes(revision)) return 'modern';
  return LEGACY_REVISIONS.includes(revision) ? 'legacy' : undefined;
}

/** Legacy negotiation, server side: the asked revision when it is spoken, else the newest (2025-11-25, Lifecycle). */
export function negotiateLegacy(asked: string): string {
  return LEGACY_REVISIONS.includes(asked) ? asked : LEGACY_REVISION;
}
