import { expect, it } from 'vitest';

import { isPassing } from './upload';

it.each([
  [0, true],
  [409, true],
  [423, true],
  [429, true],
  [500, true],
  [503, true],
  [400, false],
  [401, false],
  [403, false],
  [404, false],
  [413, false],
])('%i may pass: %s', (status, expected) => {
  expect(isPassing(status)).toBe(expected);
});
