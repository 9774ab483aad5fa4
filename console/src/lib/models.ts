// The register of models: its filter in the address, and what the pages on it share.
import type { ModelQuery, Standing } from '../api/types';

/** What the register can be filtered by. An admission that is over was once decided as `admitted`, and is found there. */
export const STATES = ['admitted', 'waiting', 'refused', 'revoked'] as const;
export type StateFilter = (typeof STATES)[number] | '';

/** The questions of the Digital Agency's sheet for uses of generative AI with a high risk, in its order. */
export const RISK_QUESTIONS = ['users', 'work', 'learning', 'judgement'] as const;
export type RiskQuestion = (typeof RISK_QUESTIONS)[number];

/** Kinds of content that nobody runs as a model. */
const NO_MODELS: readonly string[] = ['empty', 'mail', 'mbox', 'evtx', 'jsonl', 'html', 'text', 'ooxml'];

/** The filter in an address; what is no state is left out. */
export function readState(params: URLSearchParams): StateFilter {
  return STATES.find((state) => state === params.get('state')) ?? '';
}

/** The path of the register with this filter. */
export function modelsPath(state: StateFilter): string {
  return state === '' ? '/models' : `/models?state=${state}`;
}

export function modelQuery(state: StateFilter): ModelQuery {
  return state === '' ? {} : { state };
}

/** Whether content of this kind may be a model, or part of one. */
export function mayBeModel(kind: string): boolean {
  return !NO_MODELS.includes(kind);
}

/** Whether it can be revoked: only what was admitted can. */
export function isRevocable(standing: Standing): boolean {
  return standing === 'admitted' || standing === 'expired';
}

/** The end of a day in local time, as `2026-11-26` of a date field. */
export function endOfDay(day: string): string | null {
  const end = new Date(`${day}T23:59:59`);
  return day === '' || Number.isNaN(end.getTime()) ? null : end.toISOString();
}

/** The answers in the order of the sheet, then those to other questions. */
export function answersInOrder(risk: Record<string, string>): { question: string; known: RiskQuestion | null; answer: string }[] {
  const known = RISK_QUESTIONS.filter((question) => Object.hasOwn(risk, question));
  const others = Object.keys(risk).filter((question) => !known.some((name) => name === question)).sort();
  return [
    ...known.map((question) => ({ question, known: question, answer: risk[question] ?? '' })),
    ...others.map((question) => ({ question, known: null, answer: risk[question] ?? '' })),
  ];
}
