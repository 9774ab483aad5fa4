import { beforeAll, expect, it } from 'vitest';

import { useLang } from '../words/index.svelte';
import { placeText } from './place';

beforeAll(() => useLang('en'));

it.each([
  [{ at: 'whole' }, 'the whole of it'],
  [{ at: 'whole', member: 'a.zip!/b.pkl' }, 'a.zip!/b.pkl'],
  [{ at: 'byte', offset: 24 }, 'the whole of it, byte 24 (0x18)'],
  [{ at: 'byte', offset: 0, member: 'b.pkl' }, 'b.pkl, byte 0 (0x0)'],
  [{ at: 'text', line: 3, column: 12, member: 'part:1.2' }, 'part 1.2, line 3, column 12'],
  [{ at: 'text', line: 1, column: 1, member: 'header:From' }, 'header From, line 1, column 1'],
  [{ at: 'event', record: 7, field: 'CommandLine' }, 'record 7, field CommandLine'],
  [{ at: 'event', record: 7 }, 'record 7'],
  [{ at: 'elsewhere' }, 'as the server says'],
])('%j → %s', (place, expected) => {
  expect(placeText({ place, place_text: 'as the server says' })).toBe(expected);
});
