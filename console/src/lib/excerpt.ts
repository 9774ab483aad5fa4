// Excerpts of content: the marked part, and the text beside hexadecimal digits.

/** The text before, in and after a mark, which counts characters (not UTF-16 units). */
export function cut(text: string, mark: readonly number[] | null | undefined): [string, string, string] {
  if (mark == null) return [text, '', ''];
  const [start = 0, end = start] = mark;
  const characters = [...text];
  const from = Math.max(0, Math.min(start, characters.length));
  const to = Math.max(from, Math.min(end, characters.length));
  return [characters.slice(0, from).join(''), characters.slice(from, to).join(''), characters.slice(to).join('')];
}

/** The printable ASCII of hexadecimal pairs, a dot for every other byte. */
export function hexText(hex: string): string {
  return (hex.match(/[0-9a-f]{2}/gi) ?? [])
    .map((pair) => Number.parseInt(pair, 16))
    .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
    .join('');
}
