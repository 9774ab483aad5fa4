import { expect, it } from 'vitest';

import type { Judgement } from '../api/types';
import { refusal } from './judging';

it.each([
  ['reader', 'review', 'allow', 'judge.no-role'],
  ['analyst', 'review', 'allow', null],
  ['analyst', 'review', 'block', null],
  ['analyst', 'block', 'allow', 'judge.no-overrule'],
  ['approver', 'block', 'allow', null],
  ['administrator', 'block', 'allow', null],
  ['administrator', 'block', 'block', 'judge.no-change'],
] as const)('%s: %s → %s', (role, was, effect, expected) => {
  expect(refusal({ effect: was, judgement: null }, effect, role)).toBe(expected);
});

it.each([
  ['analyst', 'allow', 'block', null],
  ['analyst', 'allow', 'allow', 'judge.no-change'],
  ['analyst', 'block', 'allow', 'judge.no-overrule'],
  ['approver', 'block', 'allow', null],
] as const)('%s, after a judgement: %s → %s', (role, judged, effect, expected) => {
  const judgement: Judgement = { record: 'r', of: 'd', effect: judged, note: '', by: { account: null, name: 'taro' }, judged: '' };
  expect(refusal({ effect: 'review', judgement }, effect, role)).toBe(expected);
});
