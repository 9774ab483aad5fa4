import { expect, it } from 'vitest';

import { buckets, hoursABar, roundUp } from './buckets';

const one = { allow: 1, review: 0, block: 2 };

it('has a bar for every hour, also for the empty ones', () => {
  const found = buckets([{ hour: '2026-11-25T02:00:00Z', ...one }], '2026-11-25T00:30:00Z', '2026-11-25T04:00:00Z', 1);
  expect(found.map(({ allow, block }) => [allow, block])).toEqual([[0, 0], [0, 0], [1, 2], [0, 0]]);
});

it('adds up the hours of a bar and loses none', () => {
  const hours = Array.from({ length: 48 }, (_, at) => ({
    hour: new Date(Date.UTC(2026, 10, 20, at)).toISOString(),
    ...one,
  }));
  const found = buckets(hours, '2026-11-20T00:00:00Z', '2026-11-22T00:00:00Z', 6);
  expect(found.reduce((sum, { allow }) => sum + allow, 0)).toBe(48);
  expect(Math.max(...found.map(({ allow }) => allow))).toBe(6);
});

it('drops what lies outside', () => {
  const found = buckets([{ hour: '2020-01-01T00:00:00Z', ...one }], '2026-11-25T00:00:00Z', '2026-11-25T02:00:00Z', 1);
  expect(found.every(({ allow }) => allow === 0)).toBe(true);
});

it('rounds up to a readable top', () => {
  expect([0, 4, 5, 9, 11, 37, 99, 101, 450].map(roundUp)).toEqual([4, 4, 6, 10, 20, 40, 100, 200, 500]);
  expect([1, 7, 30].map(hoursABar)).toEqual([1, 6, 24]);
});
