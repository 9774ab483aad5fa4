// The points of findings as one bar: what adds goes to the right, what takes away goes back from there.

export interface Segment {
  /** Which of the parts. */
  index: number;
  from: number;
  to: number;
  sign: 'more' | 'less';
}

/** What a part is about, and how many points it has. */
export interface Part<Title> {
  points: number;
  severity: string;
  title: Title;
}

/** Parts that a picture can show: the strongest as they are, the rest as one that adds and one that takes away. */
export function condense<Title>(
  parts: readonly Part<Title>[],
  parts_max: number,
  rest: (count: number) => Title,
): Part<Title>[] {
  const counted = parts.filter(({ points }) => points !== 0).sort((a, b) => Math.abs(b.points) - Math.abs(a.points));
  if (counted.length <= parts_max) return counted.sort((a, b) => b.points - a.points);
  const others = counted.slice(parts_max - 2);
  const merged = [others.filter(({ points }) => points > 0), others.filter(({ points }) => points < 0)]
    .filter((group) => group.length > 0)
    .map((group) => ({
      points: group.reduce((sum, { points }) => sum + points, 0),
      severity: 'informational',
      title: rest(group.length),
    }));
  return [...counted.slice(0, parts_max - 2), ...merged].sort((a, b) => b.points - a.points);
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
