// The nouns of the HTTP interface.
import type { Bilingual, Lang } from '../words/index.svelte';

export type Effect = 'allow' | 'review' | 'block';
export type Severity = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export type Confidence = 'low' | 'medium' | 'high';
export type Role = 'reader' | 'analyst' | 'approver' | 'administrator';
export type Scope = 'read' | 'observe' | 'judge' | 'administer';

export interface Problem {
  type: string;
  code: string;
  status: number;
  title: string;
  detail?: string | null;
  hint?: string | null;
}

export interface Page<Item> {
  items: Item[];
  next: string | null;
}

export interface Account {
  id: string;
  name: string;
  role: Role;
  active: boolean;
  lang: Lang | null;
  oidc: boolean;
  made: string;
}

export interface Session {
  account: Account | null;
  first_sign_in: boolean;
  oidc: { label: Bilingual } | null;
  version: string;
}

export interface Token {
  id: string;
  account: string;
  name: string;
  scopes: Scope[];
  made: string;
  until: string;
  revoked: string | null;
  used: string | null;
}

export interface Judgement {
  record: string;
  of: string;
  effect: 'allow' | 'block';
  note: string;
  by: { account: string; name: string };
  judged: string;
}

export interface DecisionRow {
  id: string;
  observed: string;
  name: string;
  sha256: string | null;
  size: number | null;
  kind: string;
  examined: boolean;
  effect: Effect;
  score: number;
  waiting: boolean;
  judgement: Judgement | null;
  top: { code: string; severity: Severity; title: Bilingual } | null;
}

export type Place =
  | { at: 'whole'; member?: string | null }
  | { at: 'byte'; member?: string | null; offset: number }
  | { at: 'event'; record: number; field?: string | null }
  | { at: 'text'; member?: string | null; line: number; column: number };

export interface Technique {
  framework: string;
  release: string;
  id: string;
}

export interface Finding {
  code: string;
  severity: Severity;
  confidence: Confidence;
  place: Place;
  place_text: string;
  techniques: Technique[];
  rule: { id: string; title: string; sha256: string } | null;
  because: { feature: string; points: number }[];
  points: number;
  params: Record<string, string>;
  title: Bilingual;
  why: Bilingual;
  todo: Bilingual;
}

export interface Reason {
  rule: string;
  effect: Effect;
  codes: string[];
}

export interface Decision extends DecisionRow {
  by: string | null;
  examiners: { id: string; version: number | string }[];
  rules: string | null;
  findings: Finding[];
  decision: {
    effect: Effect;
    score: number;
    reasons: Reason[];
    errors: { rule: string; error: string }[];
    policy: { id: string; sha256: string };
  };
  receipt: { record: string; log: string; index: number; commitment: string } | null;
  judgements: Judgement[];
  content: boolean;
}

export interface Excerpt {
  form: 'hex' | 'lines' | 'fields';
  member: string | null;
  start: number;
  rows: { at: number; text: string; mark: number[] | null }[];
  cut: boolean;
}

export interface Job {
  id: string;
  kind: 'examine' | 'policy-test';
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  name: string;
  done: number;
  total: number;
  unit: 'bytes' | 'decisions';
  made: string;
  changed: string;
  record: string | null;
  result: unknown;
  problem: Problem | null;
}

export interface PolicyTest {
  decisions: number;
  changed: number;
  changes: { from: Effect; to: Effect; count: number }[];
  examples: { id: string; name: string; from: Effect; to: Effect }[];
}

export interface PolicyRow {
  record: string | null;
  id: string;
  sha256: string;
  activated: string | null;
  by: string | null;
  active: boolean;
}

export interface ActivePolicy {
  id: string;
  sha256: string;
  text: string;
}

export interface Rule {
  id: string;
  title: string;
  level: string;
  status: string;
  techniques: Technique[];
  sha256: string;
  source: 'builtin' | 'configured';
}

export interface Counts {
  allow: number;
  review: number;
  block: number;
}

export interface Overview {
  since: string;
  until: string;
  totals: Counts;
  waiting: number;
  oldest_waiting: string | null;
  hours: ({ hour: string } & Counts)[];
  kinds: ({ kind: string } & Counts)[];
  codes: { code: string; title: Bilingual; severity: Severity; count: number }[];
}

export interface LogHead {
  origin: string;
  key: string;
  size: number;
  root: string;
  checkpoint: string;
}
