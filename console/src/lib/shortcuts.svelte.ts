// Single-key shortcuts; whoever dictates or types by switch can turn them off (WCAG 2.1.4).

const KEY = 'sakimori-shortcuts';

let on = $state(stored());

export function shortcutsOn(): boolean {
  return on;
}

export function useShortcuts(choice: 'on' | 'off'): void {
  on = choice === 'on';
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** The key, if it is meant as a shortcut: not inside a field, not with a modifier, not behind a dialog. */
export function shortcutOf(event: KeyboardEvent): string | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return null;
  const target = event.target instanceof HTMLElement ? event.target : null;
  if (target?.closest('input, textarea, select, [contenteditable], [role=dialog], [role=alertdialog], [role=menu]')) {
    return null;
  }
  if (event.key.length === 1 && !on) return null;
  return event.key;
}

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}
