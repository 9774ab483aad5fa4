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
export type Erasure = Schemas['Erasure'];
export type Source = Schemas['Source'];
export type FollowedLog = Schemas['FollowedLog'];
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

export type Standing = Schemas['Standing'];
export type ModelRole = Schemas['ModelRole'];
/** A model in the list of the register. */
export type ModelRow = Omit<Schemas['Admission'], 'basis'> & { basis: 'policy' | 'person' };
/** A model of the register. */
export type Model = ModelRow &
  Omit<Schemas['AdmissionFull'], keyof Schemas['Admission'] | 'reasons' | 'signature' | 'files' | 'outdated'> & {
    reasons: { rule: string; effect: Effect; codes: string[] }[];
    /** `null` when it was not examined as a model, so that nobody looked for a signature. */
    signature: SignatureState | null;
    /** 200 of them at most. */
    files: { path: string; size: number; sha256: string; kind: string }[];
    outdated: ('policy' | 'rules' | 'program')[];
  };
export type SignatureState =
  | { state: 'none' }
  | { state: 'not-verified'; file: string }
  | { state: 'verified'; by: string; sigstore?: { identity: string; issuer: string; at: string } }
  | { state: 'refused'; why: string };
/** What the register says to a digest. */
export type ModelAnswer = Omit<Schemas['AdmissionAnswer'], 'matched' | 'models' | 'evidence'> & {
  matched: 'model' | 'file';
  models: Model[];
};
export type ModelQuery = NonNullable<paths['/api/v1/admissions']['get']['parameters']['query']>;
/** What a person may decide on a model. */
export type Word = 'admitted' | 'refused' | 'revoked';
export type NewAdmission = Schemas['NewAdmission'] & { state: Word };

/** A thing in the graph of where things came from. */
export type TraceItem = Omit<Schemas['TraceItem'], 'kind'> & {
  kind:
    | 'file' | 'model' | 'policy' | 'rules' | 'bom'
    | 'decision' | 'judgement' | 'admission' | 'share' | 'activation' | 'access';
};
export type Trace = Omit<Schemas['Trace'], 'items' | 'links'> & {
  items: TraceItem[];
  links: { from: string; to: string; how: 'used' | 'derived-from' | 'has-part' | 'influenced-by' }[];
};

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
