import { expect, it } from 'vitest';

import { cut, hexText } from './excerpt';

it('cuts by characters', () => {
  expect(cut('abc', null)).toEqual(['abc', '', '']);
  expect(cut('abcdef', [2, 4])).toEqual(['ab', 'cd', 'ef']);
  expect(cut('𠮷野家', [1, 2])).toEqual(['𠮷', '野', '家']);
});

it('takes marks that do not fit as far as they fit', () => {
  expect(cut('abc', [2, 99])).toEqual(['ab', 'c', '']);
  expect(cut('abc', [5, 1])).toEqual(['abc', '', '']);
  expect(cut('abc', [-1, 1])).toEqual(['', 'a', 'bc']);
});

it('shows printable ASCII only', () => {
  expect(hexText('63 6f 73 0a 00 ff')).toBe('cos...');
  expect(hexText('636F')).toBe('co');
});
