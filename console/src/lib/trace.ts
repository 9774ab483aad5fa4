// Where things of a graph stand in its picture: causes to the left of what they led to.
import type { Trace } from '../api/types';

export interface Placed {
  id: string;
  column: number;
  row: number;
}
export interface Picture {
  placed: Placed[];
  columns: number;
  rows: number;
}

/** Columns by the longest way from a thing that rests on nothing; rows in the order of the graph. */
export function picture(trace: Trace): Picture {
  const columns = new Map(trace.items.map(({ id }) => [id, 0]));
  // A graph of records has no circles; the bound keeps one that has from going round for ever.
  for (let turn = 0; turn < trace.items.length; turn += 1) {
    let moved = false;
    for (const { from: effect, to: cause } of trace.links) {
      const wanted = (columns.get(cause) ?? 0) + 1;
      if (wanted > (columns.get(effect) ?? 0) && wanted < trace.items.length) {
        columns.set(effect, wanted);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const used = new Map<number, number>();
  const placed = trace.items.map(({ id }) => {
    const column = columns.get(id) ?? 0;
    const row = used.get(column) ?? 0;
    used.set(column, row + 1);
    return { id, column, row };
  });
  return { placed, columns: Math.max(0, ...used.keys()) + 1, rows: Math.max(0, ...used.values()) };
}
