import { expect, it } from 'vitest';

import { gravestFirst } from './severity';

it('puts the gravest first, and among equals the one with most points', () => {
  const findings = [
    { severity: 'low', points: 34 },
    { severity: 'informational', points: 0 },
    { severity: 'low', points: 40 },
    { severity: 'high', points: 0 },
  ] as const;
  expect([...findings].sort(gravestFirst).map(({ points }) => points)).toEqual([0, 40, 34, 0]);
  expect([...findings].sort(gravestFirst)[0]?.severity).toBe('high');
});
