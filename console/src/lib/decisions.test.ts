import { expect, it } from 'vitest';

import type { DecisionRow } from '../api/types';
import { merge } from './decisions.svelte';

const row = (id: string, score = 0): DecisionRow => ({
  id, observed: '2026-11-25T01:00:00.000000Z', name: id, sha256: '', size: 1, kind: 'mail', examined: true,
  effect: 'allow', score, waiting: false, judgement: null, top: null,
});
const ids = (rows: DecisionRow[]) => rows.map(({ id }) => id).join('');

it('puts the newest arrival on top', () => {
  const { items, fresh } = merge([row('b'), row('a')], [row('c')], [row('d'), row('e')]);
  expect([ids(items), ids(fresh)]).toEqual(['ba', 'edc']);
});

it('renews what is there already and takes nothing twice', () => {
  const { items, fresh } = merge([row('b'), row('a')], [row('c')], [row('a', 7), row('c', 8), row('d'), row('d', 9)]);
  expect([ids(items), ids(fresh)]).toEqual(['ba', 'dc']);
  expect([items[1]?.score, fresh[0]?.score, fresh[1]?.score]).toEqual([7, 9, 8]);
});

it('leaves the list alone when nothing of it changes', () => {
  const items = [row('a')];
  expect(merge(items, [], [row('b')]).items).toBe(items);
});
