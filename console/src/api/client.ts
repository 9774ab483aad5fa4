// All requests to the server, but for uploads (upload.ts) and events (live.svelte.ts).
import createClient from 'openapi-fetch';

import { concat } from '../proof/bytes';
import { BUNDLE_BYTES_MAX } from '../proof/limits';
import { currentLang, type Lang } from '../words/index.svelte';
import type { paths } from './schema';
import type {
  Decision, DecisionQuery, DecisionRow, Excerpt, FollowedLog, Job, Model, ModelAnswer, ModelQuery, ModelRow, NewAdmission, Page, Problem,
  Role, Scope, Source, Trace,
} from './types';

/** A request that failed: the server's problem document, or one of our own when there is no answer. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.title}`);
    this.name = 'ApiError';
  }
}

/** The code of the problem when the server can't be reached; its texts are in the catalogue. */
export const UNREACHABLE = 'unreachable';

let onSignedOut = (): void => {};

/** What happens when the server says that nobody is signed in. */
export function whenSignedOut(action: () => void): void {
  onSignedOut = action;
}

const client = createClient<paths>({ baseUrl: typeof location === 'undefined' ? '' : location.origin });
client.use({
  onRequest({ request }) {
    request.headers.set('Accept-Language', currentLang());
    return request;
  },
});

export const api = {
  session: () => get(client.GET('/api/v1/session')),
  signIn: (name: string, password: string) =>
    get(client.POST('/api/v1/session', { body: { name, password } }), 'stay'),
  signInFirst: (code: string, name: string, password: string) =>
    get(client.POST('/api/v1/session/first', { body: { code, name, password } }), 'stay'),
  signOut: () => get(client.DELETE('/api/v1/session')),
  changePassword: (current: string, next: string) =>
    get(client.PUT('/api/v1/session/password', { body: { current, new: next } }), 'stay'),
  chooseLanguage: (lang: Lang) => get(client.PUT('/api/v1/session/language', { body: { lang } })),

  overview: (days: number) => get(client.GET('/api/v1/overview', { params: { query: { days } } })),
  followed: () => get(client.GET('/api/v1/logs')) as Promise<Page<FollowedLog>>,
  sources: () => get(client.GET('/api/v1/sources')) as Promise<Page<Source>>,
  decisions: (query: DecisionQuery) =>
    get(client.GET('/api/v1/decisions', { params: { query } })) as Promise<Page<DecisionRow>>,
  decision: (id: string) =>
    get(client.GET('/api/v1/decisions/{id}', { params: { path: { id } } })) as Promise<Decision>,
  trace: (id: string) => get(client.GET('/api/v1/trace/{id}', { params: { path: { id } } })) as Promise<Trace>,
  excerpt: (id: string, finding: number) =>
    get(client.GET('/api/v1/decisions/{id}/content', { params: { path: { id }, query: { finding } } })) as Promise<Excerpt>,
  judge: (id: string, effect: 'allow' | 'block', note: string) =>
    get(
      client.POST('/api/v1/decisions/{id}/judgements', {
        params: { path: { id }, header: repeatable() },
        body: { effect, note },
      }),
    ),

  erase: (id: string, note: string) =>
    get(client.POST('/api/v1/decisions/{id}/erasure', { params: { path: { id } }, body: { note } })),

  models: (query: ModelQuery) =>
    get(client.GET('/api/v1/admissions', { params: { query } })) as Promise<Page<ModelRow>>,
  model: (sha256: string) =>
    get(client.GET('/api/v1/admissions/{sha256}', { params: { path: { sha256 } } })) as Promise<unknown> as Promise<ModelAnswer>,
  admit: (word: NewAdmission) =>
    get(client.POST('/api/v1/admissions', { params: { header: repeatable() }, body: word })) as Promise<Model>,

  logHead: () => get(client.GET('/api/v1/log')),
  evidence: (record: string) => bytes(`/api/v1/records/${encodeURIComponent(record)}/proof`, BUNDLE_BYTES_MAX),

  job: (id: string) => get(client.GET('/api/v1/jobs/{id}', { params: { path: { id } } })) as Promise<Job>,
  cancelJob: (id: string) =>
    get(client.POST('/api/v1/jobs/{id}/cancel', { params: { path: { id } } })) as Promise<Job>,

  policies: () => get(client.GET('/api/v1/policies')),
  activePolicy: () => get(client.GET('/api/v1/policies/active')),
  testPolicy: (text: string) => get(client.POST('/api/v1/policies/test', { body: { text } })) as Promise<Job>,
  activatePolicy: (text: string) =>
    get(client.POST('/api/v1/policies', { body: { text }, params: { header: repeatable() } })),
  rules: (after?: string) => get(client.GET('/api/v1/rules', { params: { query: { after, limit: 200 } } })),
  settings: () => get(client.GET('/api/v1/settings')),

  users: (after?: string) => get(client.GET('/api/v1/users', { params: { query: { after, limit: 200 } } })),
  addUser: (user: { name: string; role: Role; password?: string; oidc_subject?: string }) =>
    get(client.POST('/api/v1/users', { body: user })),
  changeUser: (id: string, change: { role?: Role; active?: boolean; password?: string }) =>
    get(client.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body: change })),
  tokens: () => get(client.GET('/api/v1/tokens')),
  makeToken: (name: string, scopes: Scope[], days: number) =>
    get(client.POST('/api/v1/tokens', { body: { name, scopes, days } })),
  revokeToken: (id: string) => get(client.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } })),
};

/** A request that the network repeats is still one write. */
function repeatable(): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': crypto.randomUUID() };
}

type OnUnauthorised = 'leave' | 'stay';

/** The answer, or `ApiError`. A 401 leads to the sign-in page, unless the request is one in which it means a wrong password. */
async function get<Answer>(
  request: Promise<{ data?: Answer; error?: unknown; response: Response }>,
  on401: OnUnauthorised = 'leave',
): Promise<Answer> {
  const { data, error, response } = await request.catch(() => {
    throw new ApiError(unreachable());
  });
  if (response.ok) return data as Answer;
  throw failed(error, response.status, on401);
}

/** The body; of one that is longer than the limit, as much as shows that. */
async function bytes(path: string, bytes_max: number): Promise<Uint8Array> {
  const response = await fetch(path, { headers: { 'Accept-Language': currentLang() } }).catch(() => {
    throw new ApiError(unreachable());
  });
  if (response.ok) return readBounded(response, bytes_max);
  throw failed(await response.json().catch(() => null), response.status, 'leave');
}

async function readBounded(response: Response, bytes_max: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  while (reader !== undefined && length <= bytes_max) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  if (length > bytes_max) await reader?.cancel();
  return concat(...parts);
}

function failed(body: unknown, status: number, on401: OnUnauthorised): ApiError {
  if (status === 401 && on401 === 'leave') onSignedOut();
  return new ApiError(toProblem(body, status));
}

/** A problem document as far as the body is one. */
export function toProblem(body: unknown, status: number): Problem {
  const given = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  return {
    type: given.type ?? 'about:blank',
    code: given.code ?? `HTTP ${status}`,
    status,
    title: given.title ?? `HTTP ${status}`,
    detail: given.detail ?? null,
    hint: given.hint ?? null,
  };
}

function unreachable(): Problem {
  return { type: 'about:blank', code: UNREACHABLE, status: 0, title: '', detail: null, hint: null };
}

/** The problem in anything that was thrown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { ...unreachable(), code: 'console', title: error instanceof Error ? error.message : String(error) };
}
