import { createRoute, z } from '@hono/zod-openapi';
import { ROLES } from '../core/actor.ts';
import type { Caller } from '../core/caller.ts';
import { STEP_UP_MS } from '../core/credential.ts';
import { plusMs } from '../core/instant.ts';
import { signIn, signOut, stepUp, useSignInLink } from '../govern/sign-in.ts';
import { formToken } from '../standards/http-request/form-token.ts';
import { API_FORM, type ApiApp, type ApiDeps } from './deps.ts';
import { humanBody, humanSchema } from './humans.ts';
import { answers, emptyBody, jsonBody, list, time, when, whenOrNull } from './route.ts';

/** The routes that take no credential, because they make one. */
export const OPEN_ROUTES: readonly string[] = ['POST /v1/login', 'POST /v1/sign-in'];

const passphrase = z.string().min(1).max(1024);
const cliSession = z.object({ token: z.string(), expires_at: time.nullable(), human: humanSchema });

/** How a human gets, raises and ends a session with a bearer; cookies are made by the pages alone. */
export function sessions(app: ApiApp, deps: ApiDeps): void {
  const login = createRoute({
    method: 'post',
    path: '/v1/login',
    summary: 'A CLI session (bearer, 12 h) for a passphrase.',
    request: { body: jsonBody(z.strictObject({ human: z.string().min(1).max(100), passphrase })) },
    responses: answers(cliSession, 'The session; its token is shown once.', 201),
  });
  app.openapi(login, async (c) => c.json(await cliSessionOf(deps, c.req.valid('json')), 201));

  const useLink = createRoute({
    method: 'post',
    path: '/v1/sign-in',
    summary: 'Use a sign-in link: sets the first passphrase and answers a CLI session.',
    request: { body: jsonBody(z.strictObject({ secret: z.string().min(1).max(200), passphrase })) },
    responses: answers(cliSession, 'The session; its token is shown once.', 201),
  });
  app.openapi(useLink, async (c) => {
    const given = c.req.valid('json');
    const { human, session } = await useSignInLink(deps, given);
    // A link opens a cookie session; a script needs a bearer instead of it, not beside it.
    await signOut(deps, {
      caller: { kind: 'human', human, credential: session.id, stepped_up_at: session.stepped_up_at },
    });
    return c.json(await cliSessionOf(deps, { human: human.id, passphrase: given.passphrase }), 201);
  });

  const prove = createRoute({
    method: 'post',
    path: '/v1/step-up',
    summary: 'Prove the second factor again, to approve within five minutes.',
    description: 'A bearer gets a second, short-lived bearer in `token`; keep it in memory only.',
    request: { body: jsonBody(z.strictObject({ passphrase })) },
    responses: answers(
      z.object({ stepped_up_until: time, token: z.string().nullable() }),
      'Until when approving is possible.',
    ),
  });
  app.openapi(prove, async (c) => {
    const { session, secret } = await stepUp(deps, {
      caller: c.get('caller'),
      passphrase: c.req.valid('json').passphrase,
    });
    const until = plusMs(session.stepped_up_at ?? deps.clock.now(), STEP_UP_MS);
    return c.json({ stepped_up_until: when(until), token: secret });
  });

  const leave = createRoute({
    method: 'post',
    path: '/v1/sign-out',
    summary: 'End the session that asks.',
    request: { body: emptyBody },
    responses: answers(z.object({ signed_out: z.literal(true) }), 'It has ended.'),
  });
  app.openapi(leave, async (c) => {
    await signOut(deps, { caller: c.get('caller') });
    return c.json({ signed_out: true });
  });

  const who = createRoute({
    method: 'get',
    path: '/v1/whoami',
    summary: 'Who is asking, as the credential proves.',
    responses: answers(
      z.object({
        kind: z.enum(['operator', 'mandate', 'human', 'agent']),
        id: z.string().optional(),
        name: z.string().optional(),
        roles: list(z.enum(ROLES)).optional(),
        stepped_up_until: time.nullable().optional(),
        /** With a cookie: what X-Mandate-Form must hold. */
        form_token: z.string().optional(),
      }),
      'The caller.',
    ),
  });
  app.openapi(who, (c) => {
    const caller = c.get('caller');
    const form = c.get('via') === 'cookie' && caller.kind === 'human';
    return c.json({
      ...whoBody(caller),
      ...(form ? { form_token: formToken(deps.hasher, caller.credential, API_FORM) } : {}),
    });
  });
}

async function cliSessionOf(deps: ApiDeps, given: { readonly human: string; readonly passphrase: string }) {
  const { human, secret, credential } = await signIn(deps, { ...given, as: 'cli_session' });
  return { token: secret, expires_at: whenOrNull(credential.expires_at), human: humanBody(human) };
}

function whoBody(caller: Caller) {
  switch (caller.kind) {
    case 'operator':
    case 'mandate':
      return { kind: caller.kind };
    case 'agent':
      return { kind: caller.kind, id: caller.agent };
    case 'human': {
      const { human, stepped_up_at } = caller;
      const until = stepped_up_at === null ? null : when(plusMs(stepped_up_at, STEP_UP_MS));
      return { kind: caller.kind, id: human.id, name: human.name, roles: human.roles, stepped_up_until: until };
    }
  }
}
