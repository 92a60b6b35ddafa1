import { canonicalJson } from '../../core/canonical-json.ts';
import type { MandateError } from '../../core/errors.ts';
import { ERROR_CODE } from '../../standards/mcp/error-code.ts';
import { isObject } from '../../standards/mcp/message.ts';
import { LEGACY_REVISION, LEGACY_REVISIONS, MODERN_REVISIONS, type Era } from '../../standards/mcp/revision.ts';
import { offProtocol } from './fault.ts';
import type { LinkAnswer } from './link.ts';
import type { ClientInfo } from './request-text.ts';

/** Reads the answer to `server/discover`. Whatever does not show a modern revision is taken for legacy. */
export function eraOfAnswer(answer: LinkAnswer): Era {
  const data = answer.kind === 'error' ? answer.error.data : undefined;
  if (answer.kind === 'error' && answer.error.code !== ERROR_CODE.unsupported_protocol_version) return 'legacy';
  const offered =
    answer.kind === 'result' ? answer.result['supportedVersions'] : isObject(data) ? data['supported'] : undefined;
  return Array.isArray(offered) && MODERN_REVISIONS.some((revision) => offered.includes(revision))
    ? 'modern'
    : 'legacy';
}

/** Nothing is offered to servers: no sampling, no elicitation, no roots. */
export function initializeParams(client: ClientInfo): string {
  const { name, version } = client;
  return canonicalJson({ protocolVersion: LEGACY_REVISION, capabilities: {}, clientInfo: { name, version } });
}

/** The revision that was agreed on, or why none was. */
export function revisionOf(answer: LinkAnswer): string | MandateError {
  if (answer.kind === 'error') return offProtocol(`The server refused to begin (code ${answer.error.code}).`, NOT_RUN);
  const revision = answer.result['protocolVersion'];
  if (typeof revision === 'string' && LEGACY_REVISIONS.includes(revision)) return revision;
  return offProtocol('The server speaks no revision of MCP that is known here.', NOT_RUN);
}

const NOT_RUN = { may_have_run: false };
