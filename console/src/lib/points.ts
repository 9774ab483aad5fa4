// The points of findings as one bar: what adds goes to the right, what takes away goes back from there.

export interface Segment {
  /** Which of the parts. */
  index: number;
  from: number;
  to: number;
  sign: 'more' | 'less';
}

export interface Bar {
  segments: Segment[];
  /** Where it ends: the sum of all points. */
  sum: number;
  /** The furthest to the right. */
  most: number;
}

/** Parts without points have no segment. Where more is taken away than there is, the bar begins at zero. */
export function layOut(parts: readonly number[]): Bar {
  const segments: Segment[] = [];
  let at = 0;
  for (const [index, points] of parts.entries()) {
    if (points > 0) {
      segments.push({ index, from: at, to: at + points, sign: 'more' });
      at += points;
    }
  }
  const sum = parts.reduce((whole, points) => whole + points, 0);
  const below = Math.min(sum, 0);
  for (const [index, points] of parts.entries()) {
    if (points < 0) {
      segments.push({ index, from: at + points - below, to: at - below, sign: 'less' });
      at += points;
    }
  }
  const most = segments.reduce((furthest, { to }) => Math.max(furthest, to), 0);
  if (below < 0) {
    for (const segment of segments) if (segment.sign === 'more') (segment.from -= below), (segment.to -= below);
  }
  return { segments, sum, most: Math.max(most, ...segments.map(({ to }) => to), 0) };
}
