// What a screen reader is told although the focus stays where it is.

let polite = $state('');

export function announcement(): string {
  return polite;
}

/** Says a text; the same text again is said again. */
export function announce(text: string): void {
  polite = polite === text ? `${text}\u00a0` : text;
}
