// Who may judge what. The server decides; this says it before the request.
import type { DecisionRow, Role } from '../api/types';
import type { MessageId } from '../words/index.svelte';
import { allows } from './session.svelte';

type Refusal = Extract<MessageId, `judge.no-${string}`>;

/** Why a role may not judge this so, as a message; `null` if it may. */
export function refusal(row: Pick<DecisionRow, 'effect' | 'judgement'>, effect: 'allow' | 'block', role: Role): Refusal | null {
  if (!allows(role, 'judge')) return 'judge.no-role';
  const holds = row.judgement?.effect ?? row.effect;
  if (holds === effect) return 'judge.no-change';
  if (holds === 'block' && effect === 'allow' && !allows(role, 'overrule')) return 'judge.no-overrule';
  return null;
}
