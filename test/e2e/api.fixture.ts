/** The control API and the governed MCP endpoint over plain HTTP, as any program would use them. */
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The JSON of it, or of the last message of an event stream; empty where there is none. */
  readonly body: Body;
  /** The `code` of a refusal. */
  readonly code: unknown;
}

type Body = Readonly<Record<string, unknown>>;

/** One request; the bearer is null where none is sent. */
export function ask(
  url: string,
  method: string,
  bearer: string | null,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      url,
      {
        method,
        agent: false,
        headers: {
          ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      (response) => {
        textOf(response).then((text) => {
          const body = parsed(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body, code: body['code'] });
        }, reject);
      },
    );
    asked.once('error', reject);
    if (body === undefined) asked.end();
    else asked.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));
  });
}

/** The answer of a request that must succeed; its shape is the API's promise, and the caller's to check. */
export async function done<T>(answer: Promise<Answer>): Promise<T> {
  const { status, text, body } = await answer;
  if (status < 200 || status > 299) throw new Error(`${status} ${text}`);
  return body as T;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer); // no encoding is set
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): Body {
  const last = /^(?:event|data|:)/.test(text)
    ? (text.trimEnd().split('\n\n').at(-1) ?? '').replace(/^[^]*?data: /, '')
    : text;
  try {
    return JSON.parse(last) as Body; // every answer that is JSON is an object
  } catch {
    return {}; // a page, or an empty body
  }
}

export interface McpRequest {
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

const REVISION = '2026-07-28';

/** A request of the 2026-07-28 revision with the headers that belong to it. */
export function mcpRequest(method: string, params: object, meta: object = {}): McpRequest {
  const name = (params as { readonly name?: string }).name;
  return {
    body: {
      jsonrpc: '2.0',
      id: 1,
      method,
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': REVISION,
          'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
          ...meta,
        },
      },
    },
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': REVISION,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    },
  };
}

export interface Called {
  readonly status: number;
  readonly effect: 'allow' | 'deny' | 'hold' | null;
  /** Its id. */
  readonly decision: string | null;
  /** Its id. */
  readonly approval: string | null;
  readonly reasons: readonly string[];
  readonly answer: Answer;
}

interface Meta {
  readonly 'dev.mandate/decision'?: {
    readonly id: string;
    readonly effect: 'allow' | 'deny' | 'hold';
    readonly reasons: readonly { readonly code: string }[];
    readonly approval?: { readonly id: string };
  };
}

/** `tools/call` of `{server}__{tool}` through `/mcp`. */
export async function callTool(mcpUrl: string, bearer: string, name: string, args: object): Promise<Called> {
  const { body, headers } = mcpRequest('tools/call', { name, arguments: args });
  const answer = await ask(mcpUrl, 'POST', bearer, body, headers);
  const { result, error } = answer.body as { result?: { _meta?: Meta }; error?: { data?: Meta } }; // JSON-RPC, as asked
  const decided = (result?._meta ?? error?.data)?.['dev.mandate/decision'];
  return {
    status: answer.status,
    effect: decided?.effect ?? null,
    decision: decided?.id ?? null,
    approval: decided?.approval?.id ?? null,
    reasons: (decided?.reasons ?? []).map(({ code }) => code),
    answer,
  };
}
