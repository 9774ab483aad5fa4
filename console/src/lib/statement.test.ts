import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { factsOf } from './statement';

it('finds what a decision says', () => {
  const path = join(import.meta.dirname, '..', 'proof', 'fixtures', 'one-entry.json');
  const { statement } = JSON.parse(readFileSync(path, 'utf8')) as { statement: string };
  const facts = Object.fromEntries(factsOf(statement).map(({ fact, value }) => [fact, value]));
  expect(facts).toMatchObject({ name: 'bad.pkl', effect: 'block', kind: 'urn:sakimori:predicate:decision:v1' });
  expect(facts['sha256']).toMatch(/^[0-9a-f]{64}$/);
});

it.each(['', 'null', '[]', '{"subject":5}', '{"subject":[null],"predicate":"x"}'])('takes %j without facts', (text) => {
  expect(factsOf(text)).toEqual([]);
});
