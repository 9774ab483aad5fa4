import { expect, it } from 'vitest';

import type { Trace, TraceItem } from '../api/types';
import { picture } from './trace';

const item = (id: string, kind: TraceItem['kind']): TraceItem => ({ id, kind, name: id, says: '', at: null, by: null });

const trace: Trace = {
  start: 'd',
  cut: false,
  items: [item('d', 'decision'), item('m', 'model'), item('f', 'file'), item('p', 'policy'), item('a', 'activation'), item('x', 'admission')],
  links: [
    { from: 'd', to: 'm', how: 'used' },
    { from: 'm', to: 'f', how: 'has-part' },
    { from: 'd', to: 'p', how: 'used' },
    { from: 'p', to: 'a', how: 'influenced-by' },
    { from: 'x', to: 'd', how: 'derived-from' },
  ],
};

it('puts every cause to the left of what it led to', () => {
  const columns = new Map(picture(trace).placed.map(({ id, column }) => [id, column]));
  for (const { from, to } of trace.links) expect(columns.get(to)).toBeLessThan(columns.get(from) ?? 0);
  expect(picture(trace)).toMatchObject({ columns: 4, rows: 2 });
});

it('gives no place twice, and ends in a graph with a circle', () => {
  const circle = { ...trace, links: [...trace.links, { from: 'f', to: 'x', how: 'used' as const }] };
  for (const each of [trace, circle]) {
    const { placed } = picture(each);
    expect(new Set(placed.map(({ column, row }) => `${column} ${row}`)).size).toBe(trace.items.length);
  }
});
