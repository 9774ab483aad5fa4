import { expect, it } from 'vitest';

import type { DecisionRow } from '../api/types';
import { fits, NO_FILTERS, pathOf, queryOf, readFilters } from './filters';

const row: DecisionRow = {
  id: 'a', observed: '2026-11-25T01:00:00.000000Z', name: 'Inbox/Mail.eml', sha256: '00', size: 1, kind: 'mail',
  examined: true, effect: 'review', score: 40, waiting: true, judgement: null, top: null,
};

it('reads what an address says and drops the rest', () => {
  const filters = readFilters(new URLSearchParams('effect=review&waiting=true&name=a+b&other=1&since=never'));
  expect(filters).toEqual({ ...NO_FILTERS, effect: 'review', waiting: 'true', name: 'a b' });
  expect(readFilters(new URLSearchParams('effect=shrug&waiting=false'))).toEqual(NO_FILTERS);
});

it('comes back from its own address', () => {
  const filters = { ...NO_FILTERS, effect: 'block', name: 'x&y=ü', since: '2026-11-25T00:00:00.000Z' } as const;
  expect(readFilters(new URL(pathOf(filters), 'http://localhost').searchParams)).toEqual(filters);
  expect(pathOf(NO_FILTERS)).toBe('/decisions');
});

it('asks the server for what is set only', () => {
  expect(queryOf(NO_FILTERS)).toEqual({});
  expect(queryOf({ ...NO_FILTERS, waiting: 'true', kind: 'mail' })).toEqual({ waiting: true, kind: 'mail' });
});

it.each([
  [{}, true],
  [{ effect: 'review', kind: 'mail', waiting: 'true', name: 'mail' }, true],
  [{ effect: 'block' }, false],
  [{ kind: 'pickle' }, false],
  [{ name: 'zip' }, false],
  [{ since: '2026-11-25T01:00:00Z' }, true],
  [{ since: '2026-11-25T01:00:01Z' }, false],
  [{ until: '2026-11-25T01:00:00Z' }, false],
] as const)('%j → %s', (filters, expected) => {
  expect(fits(row, { ...NO_FILTERS, ...filters })).toBe(expected);
});
