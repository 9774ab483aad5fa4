// Light, dark, or as the system has it.

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'sakimori-theme';

let theme = $state<Theme>('system');

export function currentTheme(): Theme {
  return theme;
}

export function useTheme(choice: Theme): void {
  theme = choice;
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

export function startTheme(): void {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // No storage: as the system has it.
  }
  useTheme(THEMES.find((known) => known === stored) ?? 'system');
}
