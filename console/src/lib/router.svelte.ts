// Client-side routing with real URLs (history API).

export type Route =
  | { page: 'overview' }
  | { page: 'first' }
  | { page: 'sign-in' }
  | { page: 'decisions' }
  | { page: 'decision'; id: string }
  | { page: 'proof'; id: string; from: 'decisions' | 'records' }
  | { page: 'models' }
  | { page: 'model'; sha256: string }
  | { page: 'trace'; id: string }
  | { page: 'drop' }
  | { page: 'settings'; tab: SettingsTab }
  | { page: 'not-found' };

export const SETTINGS_TABS = ['account', 'tokens', 'users', 'policy', 'rules', 'status'] as const;
export type SettingsTab = (typeof SETTINGS_TABS)[number];

/** Paths of the server itself, which the console must not take over. */
const SERVER_PATHS = /^\/(api|log|check|metrics|healthz|readyz)(\/|$)/;

let url = $state.raw(new URL(typeof location === 'undefined' ? 'http://localhost/' : location.href));

/** The address in use. Reactive. */
export function currentUrl(): URL {
  return url;
}

/** The page for a path. */
export function routeOf(path: string): Route {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, second, third] = parts;
  if (parts.length === 0) return { page: 'overview' };
  if (parts.length === 1 && (first === 'first' || first === 'sign-in' || first === 'drop')) return { page: first };
  if (first === 'decisions' && parts.length === 1) return { page: 'decisions' };
  if (first === 'decisions' && second !== undefined && parts.length === 2) return { page: 'decision', id: second };
  if (first === 'models' && parts.length === 1) return { page: 'models' };
  if (first === 'models' && second !== undefined && /^[0-9a-f]{64}$/.test(second) && parts.length === 2) {
    return { page: 'model', sha256: second };
  }
  if (first === 'trace' && second !== undefined && /^[0-9a-f-]{36}$|^[0-9a-f]{64}$/.test(second) && parts.length === 2) {
    return { page: 'trace', id: second };
  }
  if ((first === 'decisions' || first === 'records') && second !== undefined && third === 'proof' && parts.length === 3) {
    return { page: 'proof', id: second, from: first };
  }
  if (first === 'settings' && parts.length <= 2) {
    const tab = SETTINGS_TABS.find((known) => known === (second ?? 'account'));
    if (tab !== undefined) return { page: 'settings', tab };
  }
  return { page: 'not-found' };
}

/** Goes to a path of this console. */
export function go(path: string, how: 'push' | 'replace' = 'push'): void {
  const next = new URL(path, location.href);
  if (how === 'push' && next.href !== location.href) history.pushState(null, '', next);
  else history.replaceState(null, '', next);
  url = next;
}

/** The path to go to after sign-in, as far as it is one of ours: never another origin. */
export function localPath(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) && !SERVER_PATHS.test(next) ? next : '/';
}

/** Follows links and the back button without loading the page anew. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    url = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    const target = event.target instanceof Element ? event.target.closest('a') : null;
    if (target === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (target.target !== '' || target.hasAttribute('download') || target.origin !== location.origin) return;
    if (SERVER_PATHS.test(target.pathname) || target.getAttribute('href')?.startsWith('#')) return;
    event.preventDefault();
    go(target.pathname + target.search + target.hash);
  });
}
