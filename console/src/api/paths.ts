// The paths of the HTTP interface, as openapi-fetch takes them.
import type {
  Account, ActivePolicy, Decision, DecisionRow, Excerpt, Job, Judgement, LogHead, Overview, Page, PolicyRow, Problem,
  Role, Rule, Scope, Session, Token,
} from './types';
import type { Lang } from '../words/index.svelte';

interface Nothing {
  query?: never;
  path?: never;
}
interface Get<Answer, Params = Nothing> {
  parameters: Params;
  requestBody?: never;
  responses: Responses<200, Answer>;
}
interface Write<Body, Status extends number, Answer, Params = Nothing> {
  parameters: Params;
  requestBody: { content: { 'application/json': Body } };
  responses: Responses<Status, Answer>;
}
interface Bare<Status extends number, Answer, Params = Nothing> {
  parameters: Params;
  requestBody?: never;
  responses: Responses<Status, Answer>;
}
type Responses<Status extends number, Answer> = Record<Status, { content: { 'application/json': Answer } }> & {
  default: { content: { 'application/problem+json': Problem } };
};
interface Id {
  path: { id: string };
}
interface Paging {
  query?: { limit?: number; after?: string };
}

export interface DecisionQuery {
  effect?: string;
  kind?: string;
  waiting?: boolean;
  since?: string;
  until?: string;
  name?: string;
  after?: string;
  limit?: number;
}

export interface paths {
  '/api/v1/session': {
    get: Get<Session>;
    post: Write<{ name: string; password: string }, 200, { account: Account }>;
    delete: Bare<204, never>;
  };
  '/api/v1/session/first': {
    post: Write<{ code: string; name: string; password: string }, 201, { account: Account }>;
  };
  '/api/v1/session/password': { put: Write<{ current: string; new: string }, 204, never> };
  '/api/v1/session/language': { put: Write<{ lang: Lang }, 204, never> };
  '/api/v1/users': {
    get: Get<Page<Account>, Paging>;
    post: Write<{ name: string; role: Role; password?: string; oidc_subject?: string }, 201, Account>;
  };
  '/api/v1/users/{id}': { patch: Write<{ role?: Role; active?: boolean; password?: string }, 200, Account, Id> };
  '/api/v1/tokens': {
    get: Get<{ items: Token[] }>;
    post: Write<{ name: string; scopes: Scope[]; days: number }, 201, { token: Token; secret: string | null }>;
  };
  '/api/v1/tokens/{id}': { delete: Bare<204, never, Id> };
  '/api/v1/jobs/{id}': { get: Get<Job, Id> };
  '/api/v1/jobs/{id}/cancel': { post: Bare<202, Job, Id> };
  '/api/v1/decisions': { get: Get<Page<DecisionRow>, { query?: DecisionQuery }> };
  '/api/v1/decisions/{id}': { get: Get<Decision, Id> };
  '/api/v1/decisions/{id}/content': { get: Get<Excerpt, Id & { query: { finding: number } }> };
  '/api/v1/decisions/{id}/judgements': {
    post: Write<{ effect: 'allow' | 'block'; note: string }, 201, Judgement, Id>;
  };
  '/api/v1/log': { get: Get<LogHead> };
  '/api/v1/policies': { get: Get<Page<PolicyRow>, Paging>; post: Write<{ text: string }, 201, unknown> };
  '/api/v1/policies/active': { get: Get<ActivePolicy> };
  '/api/v1/policies/test': { post: Write<{ text: string }, 202, Job> };
  '/api/v1/rules': { get: Get<Page<Rule>, Paging> };
  '/api/v1/settings': { get: Get<unknown> };
  '/api/v1/overview': { get: Get<Overview, { query?: { days?: number } }> };
}
