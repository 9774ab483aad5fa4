// Counts by hour, put together to as many bars as a picture can show.
import type { Counts } from '../api/types';

export interface Bucket extends Counts {
  /** Start, milliseconds since 1970. */
  start_ms: number;
  end_ms: number;
}

const HOUR_MS = 3_600_000;

/** How many hours one bar stands for. */
export function hoursABar(days: number): number {
  if (days <= 1) return 1;
  return days <= 7 ? 6 : 24;
}

/** One bucket for each span from `since` to `until`, also where nothing came. Spans begin at local midnight. */
export function buckets(
  hours: readonly ({ hour: string } & Counts)[],
  since: string,
  until: string,
  span_hours: number,
): Bucket[] {
  const out: Bucket[] = [];
  const end = new Date(until).getTime();
  let start = startOfSpan(new Date(since), span_hours).getTime();
  while (start < end) {
    const next = new Date(start);
    next.setHours(next.getHours() + span_hours);
    // A change of the clock must not stop the walk.
    const end_ms = Math.max(next.getTime(), start + HOUR_MS);
    out.push({ start_ms: start, end_ms, allow: 0, review: 0, block: 0 });
    start = end_ms;
  }
  for (const { hour, allow, review, block } of hours) {
    const at = new Date(hour).getTime();
    const bucket = out.find(({ start_ms, end_ms }) => start_ms <= at && at < end_ms);
    if (bucket === undefined) continue;
    bucket.allow += allow;
    bucket.review += review;
    bucket.block += block;
  }
  return out;
}

/** A round number at or above the greatest count, for the top of the axis. Even, as the middle of the axis is a count too. */
export function roundUp(most: number): number {
  if (most <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 4, power === 1 ? 6 : 5, 10].find((factor) => factor * power >= most) ?? 10;
  return step * power;
}

function startOfSpan(time: Date, span_hours: number): Date {
  const start = new Date(time);
  start.setHours(Math.floor(start.getHours() / span_hours) * span_hours, 0, 0, 0);
  return start;
}
