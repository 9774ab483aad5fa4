import { expect, it } from 'vitest';

import { refusal } from './judging';

it.each([
  ['reader', 'review', 'allow', 'judge.no-role'],
  ['analyst', 'review', 'allow', null],
  ['analyst', 'review', 'block', null],
  ['analyst', 'block', 'allow', 'judge.no-overrule'],
  ['approver', 'block', 'allow', null],
  ['administrator', 'block', 'allow', null],
] as const)('%s: %s → %s', (role, was, effect, expected) => {
  expect(refusal({ effect: was }, effect, role)).toBe(expected);
});
