// The logs of others that the node follows.
import type { FollowedLog } from '../api/types';

/** What no honest log shows. */
const BAD = ['fork', 'damaged', 'behind'];

export function isBad({ state }: Pick<FollowedLog, 'state'>): boolean {
  return BAD.includes(state);
}
