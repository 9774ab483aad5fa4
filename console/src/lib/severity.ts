// How grave findings are, and which come first.
import type { Finding, Severity } from '../api/types';

/** All levels, the least grave first. */
export const LEVELS: readonly Severity[] = ['informational', 'low', 'medium', 'high', 'critical'];

/** For sorting: by severity, then by points. The verdict on a mail is grave, though its points are those of its signs. */
export function gravestFirst(a: Pick<Finding, 'severity' | 'points'>, b: Pick<Finding, 'severity' | 'points'>): number {
  return LEVELS.indexOf(b.severity) - LEVELS.indexOf(a.severity) || b.points - a.points;
}
