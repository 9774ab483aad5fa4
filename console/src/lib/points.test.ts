import { expect, it } from 'vitest';

import { condense, layOut } from './points';

it('puts what adds side by side', () => {
  expect(layOut([40, 0, 20])).toEqual({
    segments: [
      { index: 0, from: 0, to: 40, sign: 'more' },
      { index: 2, from: 40, to: 60, sign: 'more' },
    ],
    sum: 60,
    most: 60,
  });
});

it('goes back by what takes away, and ends at the sum', () => {
  const { segments, sum, most } = layOut([40, -10, 20, -5]);
  expect(segments.slice(2)).toEqual([
    { index: 1, from: 50, to: 60, sign: 'less' },
    { index: 3, from: 45, to: 50, sign: 'less' },
  ]);
  expect(sum).toBe(45);
  expect(most).toBe(60);
});

it('never leaves the picture when more is taken away than there is', () => {
  const { segments, sum } = layOut([10, -30]);
  expect(sum).toBe(-20);
  expect(Math.min(...segments.map(({ from }) => from))).toBe(0);
});

it('is empty without points', () => {
  expect(layOut([0, 0])).toEqual({ segments: [], sum: 0, most: 0 });
});

const part = (points: number) => ({ points, severity: 'low', title: `of ${points}` });

it('shows few parts as they are, without those that have no points', () => {
  expect(condense([part(1), part(0), part(5), part(-2)], 4, String).map(({ points }) => points)).toEqual([5, 1, -2]);
});

it('puts the weakest of many parts together and keeps the sum', () => {
  const many = Array.from({ length: 1000 }, (_, at) => part((at % 7) - 2));
  const few = condense(many, 10, (count) => `${count} more`);
  expect(few).toHaveLength(10);
  const sum = (parts: { points: number }[]) => parts.reduce((whole, { points }) => whole + points, 0);
  expect(sum(few)).toBe(sum(many));
  expect(few.filter(({ title }) => title.endsWith('more'))).toHaveLength(2);
});
