/** What one upstream may cost. Every value is inclusive; tests and configuration may give others. */
export interface UpstreamLimits {
  /** From asking until the answer is complete, connecting and checking the definition included. */
  readonly call_ms_max: number;
  /** A child process from its start, or an HTTP server from the first request, until it can be called. */
  readonly start_ms_max: number;
  /** How long a stdio server may think about `server/discover` before it is taken for one that does not know it. */
  readonly probe_ms_max: number;
  readonly connect_ms_max: number;
  /** Between two pieces of a JSON body: who has begun to answer in one piece must go on. */
  readonly body_idle_ms_max: number;
  /** One answer: an HTTP body, or one line of a stdio server. */
  readonly answer_bytes_max: number;
  readonly answer_depth_max: number;
  readonly answer_nodes_max: number;
  /** HTTP response head. */
  readonly head_bytes_max: number;
  /** All pages of one `tools/list`. */
  readonly list_pages_max: number;
  readonly list_tools_max: number;
  readonly list_bytes_max: number;
  /** Progress and log notifications handed on for one request; later ones are dropped. */
  readonly notifications_per_request_max: number;
  /** A larger one of these is dropped: a person reads them, and no limit on answers stands in front of them. */
  readonly notification_bytes_max: number;
  /** Requests of a server (sampling, elicitation, …) during one of ours; one more ends the connection. */
  readonly server_requests_max: number;
  /** What a stdio server may say between two answers: other messages, and their bytes. */
  readonly chatter_messages_max: number;
  readonly chatter_bytes_max: number;
  readonly in_flight_per_context_max: number;
  readonly in_flight_per_server_max: number;
  readonly contexts_max: number;
  readonly children_per_server_max: number;
  readonly children_max: number;
  /**
   * Initialised children kept ready for the next context of a server in use: Node alone takes 0.3 s to start the
   * reference file server, which then answers within 10 ms.
   */
  readonly spares_per_server: 0 | 1;
  /** A context without a call for this long is closed; the next call opens another. */
  readonly context_idle_ms_max: number;
  /** Failures in a row after which a server is left alone for `breaker_open_ms`. */
  readonly breaker_failures_max: number;
  readonly breaker_open_ms: number;
  /** Between SIGTERM and SIGKILL. */
  readonly stop_grace_ms: number;
  /** For the polite end of a legacy HTTP session. */
  readonly goodbye_ms_max: number;
}

const MIB = 1024 * 1024;

export const UPSTREAM_LIMITS: UpstreamLimits = {
  call_ms_max: 60_000,
  start_ms_max: 20_000,
  probe_ms_max: 3_000,
  connect_ms_max: 5_000,
  body_idle_ms_max: 10_000,
  answer_bytes_max: 8 * MIB,
  answer_depth_max: 64,
  answer_nodes_max: 500_000,
  head_bytes_max: 16 * 1024,
  list_pages_max: 100,
  list_tools_max: 1_000,
  list_bytes_max: 8 * MIB,
  notifications_per_request_max: 1_000,
  notification_bytes_max: 64 * 1024,
  server_requests_max: 100,
  chatter_messages_max: 10_000,
  chatter_bytes_max: 8 * MIB,
  in_flight_per_context_max: 32,
  in_flight_per_server_max: 256,
  contexts_max: 10_000,
  children_per_server_max: 32,
  children_max: 64,
  spares_per_server: 1,
  context_idle_ms_max: 30 * 60_000,
  breaker_failures_max: 5,
  breaker_open_ms: 10_000,
  stop_grace_ms: 500,
  goodbye_ms_max: 2_000,
};
