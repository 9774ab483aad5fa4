import { expect, test } from 'vitest';

import { isBad } from './followed';

test('what no honest log shows is bad, and what the network does is not', () => {
  expect(['fork', 'damaged', 'behind'].every((state) => isBad({ state }))).toBe(true);
  expect(['first', 'same', 'grown', 'unreachable', 'waiting'].some((state) => isBad({ state }))).toBe(false);
});
