import { expect, it } from 'vitest';

import { answersInOrder, endOfDay, mayBeModel, modelsPath, readState } from './models';

it.each(['', 'admitted', 'waiting', 'refused', 'revoked'] as const)('keeps the state %j in the address', (state) => {
  const { searchParams } = new URL(modelsPath(state), 'http://localhost');
  expect(readState(searchParams)).toBe(state);
});

it('leaves out what is no state', () => {
  for (const state of ['expired', 'constructor', '%00']) expect(readState(new URLSearchParams({ state }))).toBe('');
});

it('tells answers in the order of the sheet, others behind', () => {
  const answers = answersInOrder({ zeal: 'z', work: 'w', users: 'u', area: 'a' });
  expect(answers.map(({ question, known }) => [question, known !== null])).toEqual([
    ['users', true], ['work', true], ['area', false], ['zeal', false],
  ]);
});

it('ends with the day', () => {
  const end = endOfDay('2027-03-31');
  expect(end).not.toBeNull();
  const local = new Date(end ?? '');
  expect([local.getFullYear(), local.getMonth(), local.getDate(), local.getHours()]).toEqual([2027, 2, 31, 23]);
  expect([endOfDay(''), endOfDay('2027-13-40')]).toEqual([null, null]);
});

it('takes no mail for a model', () => {
  expect(['safetensors', 'pickle', 'unknown', 'mail', 'evtx'].map(mayBeModel)).toEqual([true, true, true, false, false]);
});
