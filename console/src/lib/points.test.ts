import { expect, it } from 'vitest';

import { layOut } from './points';

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
