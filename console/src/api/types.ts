// The nouns of the HTTP interface: those of the OpenAPI document, and narrower where it only says "string".
import type { components, paths } from './schema';

type Schemas = components['schemas'];

export type Effect = Schemas['Effect'];
export type Severity = Schemas['Severity'];
export type Role = Schemas['Role'];
export type Scope = Schemas['Scope'];
export type Account = Schemas['Account'];
export type Session = Schemas['Session'];
export type Token = Schemas['Token'];
export type Judgement = Schemas['Judgement'];
/** A judgement in a row of the list. */
type JudgementBrief = Schemas['JudgementBrief'] & { effect: Effect };
export type DecisionRow = Schemas['DecisionRow'] & { judgement?: JudgementBrief | null };
export type Decision = Schemas['DecisionFull'] & { judgement?: JudgementBrief | null };
export type Finding = Schemas['FindingFull'];
export type PolicyRow = Schemas['PolicyItem'];
export type ActivePolicy = Schemas['PolicyText'];
export type Rule = Schemas['RuleItem'];
export type Counts = Schemas['Counts'];
export type Overview = Schemas['Overview'];
export type LogHead = Schemas['LogHead'];
export type Settings = Schemas['Settings'];

/** A page of a list, and where the next one begins. */
export interface Page<Item> {
  items: Item[];
  next?: string | null;
}

export type DecisionQuery = NonNullable<paths['/api/v1/decisions']['get']['parameters']['query']>;

/** A problem document (RFC 9457); those of the console itself have no detail and no hint. */
export type Problem = Omit<Schemas['ProblemDocument'], 'detail' | 'hint'> & {
  detail: string | null;
  hint: string | null;
};

export type Excerpt = Schemas['Excerpt'] & { form: 'hex' | 'lines' | 'fields' };

export type Job = Omit<Schemas['Job'], 'result'> & {
  kind: 'examine' | 'policy-test';
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  result?: unknown;
};

/** The result of a job of the kind `policy-test`. */
export interface PolicyTest {
  decisions: number;
  changed: number;
  changes: { from: Effect; to: Effect; count: number }[];
  examples: { id: string; name: string; from: Effect; to: Effect }[];
}
