import { STRICT_JSON_LIMITS } from '../../standards/strict-json/limits.ts';

/** What one client, one agent and all of them together may take of this process. */
export interface McpLimits {
  /** One message. No tool call needs more; a larger one is refused before it is read to its end. */
  readonly body_bytes_max: number;
  /** From the head of a request to the end of its body: a client that dribbles does not keep a place. */
  readonly body_ms_max: number;
  /** Requests between their head and the end of their answer, so that a stuck server cannot fill the process. */
  readonly in_flight_max: number;
  /** The same of one agent, so that one agent cannot take the places of all. */
  readonly in_flight_per_agent_max: number;
  /** Longer than an upstream's own deadline, whose answer says more. Also how long an event stream may live. */
  readonly call_ms_max: number;
  /** Legacy sessions; beyond it the agent that holds the most loses its least recently used one. */
  readonly sessions_max: number;
  readonly session_idle_ms_max: number;
  /** Progress notifications of one call that are passed on; later ones are dropped. */
  readonly relayed_notifications_max: number;
  /** Written but not yet taken by the client; beyond it progress is dropped, never the answer. */
  readonly stream_buffer_bytes_max: number;
  /** How long a client may take over an answer before it is cut off. */
  readonly write_ms_max: number;
  /** How long a modern client's repeated call waits for the person it has just sent to the approval page. */
  readonly approval_wait_ms_max: number;
  /** How long what is in flight may go on after `close` was asked for. */
  readonly drain_ms_max: number;
}

/** Beside the upstream's own time: what the decision and its record take, and a repeated call's wait for a person. */
const CALL_MARGIN_MS = 30_000;

/** How long a request may take when a server may take this long to answer it. */
export function callMsMax(upstreamMs: number): number {
  return upstreamMs + CALL_MARGIN_MS;
}

export const MCP_LIMITS: McpLimits = {
  body_bytes_max: STRICT_JSON_LIMITS.bytes_max,
  body_ms_max: 30_000,
  in_flight_max: 1_024,
  in_flight_per_agent_max: 64,
  call_ms_max: callMsMax(60_000),
  sessions_max: 10_000,
  session_idle_ms_max: 3_600_000,
  relayed_notifications_max: 1_000,
  stream_buffer_bytes_max: 1_048_576,
  write_ms_max: 30_000,
  approval_wait_ms_max: 20_000,
  drain_ms_max: 5_000,
};
