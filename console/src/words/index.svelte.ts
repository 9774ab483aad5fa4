// The texts of the console, in the language that was chosen.
import catalogue from 'virtual:words';

import type { Messages } from './ids';

export type Lang = 'ja' | 'en';
export type MessageId = keyof Messages;
/** A text that the server sends in both languages. */
export type Bilingual = Record<Lang, string>;

type Params<Id extends MessageId> = Messages[Id] extends null ? [] : [params: Messages[Id]];

const KEY = 'sakimori-lang';
const YEAR_S = 365 * 24 * 3600;

let lang = $state<Lang>(initial());
reflect();

/** The language in use. Reactive. */
export function currentLang(): Lang {
  return lang;
}

/** Uses a language from now on and remembers it in this browser; the server sees it in the cookie. */
export function useLang(choice: Lang): void {
  lang = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  reflect();
}

/** The text of a message. Reactive. */
export function t<Id extends MessageId>(id: Id, ...[params]: Params<Id>): string {
  return fill(catalogue[id]?.[lang] ?? id, params ?? null);
}

/** The text for the language in use out of two that the server sent. */
export function pick(text: Bilingual): string {
  return text[lang];
}

/** Replaces each `{name}` that has a value. */
export function fill(text: string, params: Record<string, string | number> | null): string {
  if (params === null) return text;
  return text.replace(/\{([a-z_]+)\}/g, (whole, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : whole,
  );
}

function initial(): Lang {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // No storage: the browser's languages decide.
  }
  return choose(stored, typeof navigator === 'undefined' ? [] : navigator.languages);
}

/** What was stored, else the first of the browser's languages that we have, else Japanese. */
export function choose(stored: string | null, browser: readonly string[]): Lang {
  if (stored === 'ja' || stored === 'en') return stored;
  const known = browser.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === 'ja' || tag === 'en');
  return known === 'en' ? 'en' : 'ja';
}

function reflect(): void {
  if (typeof document === 'undefined') return;
  document.documentElement.lang = lang;
  document.cookie = `${KEY}=${lang}; Path=/; Max-Age=${YEAR_S}; SameSite=Strict`;
}
