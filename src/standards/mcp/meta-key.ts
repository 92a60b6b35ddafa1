/** Reserved keys of `_meta`. A modern request must carry the first and the third. */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  /** On results: who answered. Self-reported; for display only. */
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  /** On notifications of a `subscriptions/listen` stream, and on its final result: the id of the listen request. */
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
  relatedTask: 'io.modelcontextprotocol/related-task',
  /** Asks for progress notifications that bear this token. */
  progressToken: 'progressToken',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
} as const;

/** The keys that make up the envelope of a modern request: never anything but our own. */
export const ENVELOPE_META_KEYS: ReadonlySet<string> = new Set([
  META.protocolVersion,
  META.clientInfo,
  META.clientCapabilities,
  META.logLevel,
]);
