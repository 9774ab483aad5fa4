// Who is signed in, and what they may do.
import { api, problemOf } from '../api/client';
import { startLive, stopLive } from '../api/live.svelte';
import type { Account, Problem, Role, Session } from '../api/types';
import { currentLang, useLang, type Lang } from '../words/index.svelte';

const ROLES: readonly Role[] = ['reader', 'analyst', 'approver', 'administrator'];

/** What a role is asked for. The server decides; this only hides what it would refuse. */
const LEAST_ROLE = {
  observe: 'analyst',
  judge: 'analyst',
  overrule: 'approver',
  policy: 'approver',
  users: 'administrator',
  erase: 'administrator',
} as const satisfies Record<string, Role>;

export type Action = keyof typeof LEAST_ROLE;

let session = $state.raw<Session | null>(null);
let problem = $state.raw<Problem | null>(null);

/** The session as the server told it; `null` before the first answer. Reactive. */
export function currentSession(): Session | null {
  return session;
}

/** Why the server did not tell the session. Reactive. */
export function sessionProblem(): Problem | null {
  return problem;
}

export function account(): Account | null {
  return session?.account ?? null;
}

export function can(action: Action): boolean {
  const role = account()?.role;
  return role !== undefined && allows(role, action);
}

export function allows(role: Role, action: Action): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(LEAST_ROLE[action]);
}

/** Asks the server who is signed in. */
export async function loadSession(): Promise<void> {
  try {
    problem = null;
    accept(await api.session());
  } catch (error) {
    problem = problemOf(error);
  }
}

/** Forgets the account; the sign-in page shows itself. */
export function forgetAccount(): void {
  if (session !== null) session = { ...session, account: null };
  stopLive();
}

export async function signOut(): Promise<void> {
  await api.signOut();
  forgetAccount();
}

/** Uses a language, and keeps it with the account when there is one. */
export async function chooseLanguage(lang: Lang): Promise<void> {
  useLang(lang);
  const signedIn = account();
  if (session === null || signedIn === null) return;
  session = { ...session, account: { ...signedIn, lang } };
  await api.chooseLanguage(lang);
}

function accept(given: Session): void {
  session = given;
  const lang = given.account?.lang ?? null;
  if (lang !== null && lang !== currentLang()) useLang(lang);
  if (given.account === null) stopLive();
  else startLive();
}
