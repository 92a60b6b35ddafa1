import { z } from 'zod';
import { safeLine } from '../standards/unicode/safe-line.ts';

/** One line of the demo agent's output. */
const answerSchema = z.object({
  tool: z.string(),
  is_error: z.boolean(),
  text: z.string(),
  meta: z.object({
    'dev.mandate/decision': z
      .object({
        id: z.string(),
        effect: z.enum(['allow', 'deny', 'hold']),
        reasons: z.array(z.object({ code: z.string(), message: z.string() })),
        approval: z.object({ id: z.string(), url: z.string() }).nullish(),
      })
      .optional(),
  }),
});

export interface AgentAnswer {
  readonly effect: 'allow' | 'deny' | 'hold' | 'error';
  readonly line: string;
  readonly approval_url: string | null;
}

const WORD = { allow: 'allowed', deny: 'denied ', hold: 'held   ', error: 'error  ' } as const;

/** What the demo prints for an answer that its agent got. Everything the agent or a server wrote is untrusted text. */
export function describeAnswer(line: string): AgentAnswer {
  const answer = answerSchema.parse(JSON.parse(line));
  const decision = answer.meta['dev.mandate/decision'];
  const tool = safeLine(answer.tool.replace('__', '/')).padEnd(22);
  if (decision === undefined)
    return { effect: 'error', line: `${WORD.error}  ${tool}  ${firstLine(answer.text)}`, approval_url: null };
  const [why] = decision.reasons;
  const said =
    decision.effect === 'allow' ? firstLine(answer.text) : `${why?.code ?? ''}: ${safeLine(why?.message ?? '')}`;
  return {
    effect: decision.effect,
    line: `${WORD[decision.effect]}  ${tool}  ${decision.id}  ${said}`,
    approval_url: decision.approval?.url ?? null,
  };
}

const TEXT_CHARS_MAX = 80;

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return `"${safeLine(line, TEXT_CHARS_MAX)}"`;
}
