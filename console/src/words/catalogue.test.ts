// Every message that the code uses exists, none is left over, and both languages say the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { catalogue, params, read, sources } from '../../tools/words.js';
import { choose, fill } from './index.svelte';

const src = join(import.meta.dirname, '..');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|svelte)$/.test(name) && !/\.(test|d)\.ts$/.test(name))
  .map((name) => readFileSync(join(src, name), 'utf8'));
const code = files.join('\n');
const all = catalogue();

/** `'some.id'` in quotes, and what stands before the first `${` and behind the last `}` of a template. */
const literals = new Set([...code.matchAll(/'([a-z0-9-]+\.[a-z0-9.-]+)'/g)].map((match) => match[1] ?? ''));
const templates = [...code.matchAll(/\bt\(\s*`([a-z0-9.-]+)\$\{[^`]*\}([a-z0-9-]*)`/g)].map((match) => ({
  start: match[1] ?? '',
  end: match[2] ?? '',
}));

describe('the catalogue', () => {
  it('has a text for every id that is used by name', () => {
    const used = [...code.matchAll(/\bt\(\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    expect(used.length).toBeGreaterThan(100);
    expect(used.filter((id) => !Object.hasOwn(all, id))).toEqual([]);
  });

  it('has no text that the console does not use', () => {
    const [, own = ''] = sources;
    const unused = Object.keys(read(own)).filter(
      (id) => !literals.has(id) && !templates.some(({ start, end }) => id.startsWith(start) && id.endsWith(end)),
    );
    expect(unused).toEqual([]);
  });

  it.each(Object.entries(all))('%s has the same params in both languages', (_id, { ja, en }) => {
    expect(params(en)).toEqual(params(ja));
    expect(ja.trim()).not.toBe('');
    expect(en.trim()).not.toBe('');
  });
});

describe('texts', () => {
  it('are filled by name', () => {
    expect(fill('{a} and {b} and {c}', { a: 1, b: '{a}' })).toBe('1 and {a} and {c}');
    expect(fill('{a}', null)).toBe('{a}');
  });

  it.each([
    ['en', ['ja'], 'en'],
    ['ja', ['en-GB'], 'ja'],
    ['xx', ['en-GB', 'ja'], 'en'],
    [null, ['fr', 'ja-JP', 'en'], 'ja'],
    [null, ['fr'], 'ja'],
    [null, [], 'ja'],
  ] as const)('stored %s, browser %j → %s', (stored, browser, expected) => {
    expect(choose(stored, browser)).toBe(expected);
  });
});
