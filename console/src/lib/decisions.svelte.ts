// The list of decisions: pages from the server below, live arrivals above. It outlives its page, so that whoever
// comes back from one decision finds the list as it was.
import { api, problemOf } from '../api/client';
import { onCatchUp, onLive } from '../api/live.svelte';
import type { DecisionRow, Judgement, Problem } from '../api/types';
import { fits, NO_FILTERS, pathOf, queryOf, type Filters } from './filters';

const PAGE_ROWS = 100;
/** Arrivals that are kept until somebody wants to see them; beyond that the list is loaded anew. */
const FRESH_ROWS_MAX = 500;
/** Rows that the list grows to by arrivals; then it begins anew, so that a page that stays open for days stays small. */
const ROWS_MAX = 5_000;
const ARRIVALS_MS = 200;

class DecisionList {
  items = $state.raw<DecisionRow[]>([]);
  /** Arrivals that are not shown yet, newest first. */
  fresh = $state.raw<DecisionRow[]>([]);
  next = $state.raw<string | null>(null);
  state = $state<'empty' | 'loading' | 'loaded'>('empty');
  problem = $state.raw<Problem | null>(null);
  selected = $state<string | null>(null);
  filters = $state.raw<Filters>(NO_FILTERS);
  /** Whether arrivals may be shown at once: the reader is at the top and has chosen nothing. */
  open: () => boolean = () => false;

  /** Counts the requests, so that a late answer to an old question is dropped. */
  #asked = 0;
  #listens = false;
  #pending: DecisionRow[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Shows the list with these filters; the one that is there stays. */
  show(filters: Filters): void {
    this.#listen();
    if (this.state !== 'empty' && pathOf(filters) === pathOf(this.filters)) return;
    this.filters = filters;
    void this.reload();
  }

  async reload(): Promise<void> {
    this.items = [];
    this.fresh = [];
    this.next = null;
    this.selected = null;
    await this.#load(undefined);
  }

  async more(): Promise<void> {
    if (this.next !== null && this.state !== 'loading') await this.#load(this.next);
  }

  /** Puts the arrivals on top. */
  showFresh(): void {
    if (this.fresh.length >= FRESH_ROWS_MAX || this.items.length + this.fresh.length > ROWS_MAX) {
      void this.reload();
      return;
    }
    this.items = [...this.fresh, ...this.items];
    this.fresh = [];
  }

  indexOf(id: string | null): number {
    return id === null ? -1 : this.items.findIndex((row) => row.id === id);
  }

  /** The row so many places further on; the first one if none is selected. */
  step(by: number): DecisionRow | null {
    const at = this.indexOf(this.selected);
    const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), this.items.length - 1);
    const row = this.items[to] ?? null;
    this.selected = row?.id ?? null;
    return row;
  }

  judged(judgement: Judgement): void {
    const change = (row: DecisionRow) => (row.id === judgement.of ? { ...row, judgement, waiting: false } : row);
    this.items = this.items.map(change);
    this.fresh = this.fresh.map(change);
  }

  erased(ids: readonly string[]): void {
    const stays = (row: DecisionRow) => !ids.includes(row.id);
    this.items = this.items.filter(stays);
    this.fresh = this.fresh.filter(stays);
    if (this.selected !== null && ids.includes(this.selected)) this.selected = null;
  }

  /** Forgets everything; at sign-out. */
  clear(): void {
    this.#asked += 1;
    this.items = [];
    this.fresh = [];
    this.next = null;
    this.selected = null;
    this.#pending = [];
    this.state = 'empty';
  }

  async #load(after: string | undefined): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    this.state = 'loading';
    try {
      const page = await api.decisions({ ...queryOf(this.filters), limit: PAGE_ROWS, after });
      if (asked !== this.#asked) return;
      const known = new Set(this.items.map((row) => row.id));
      this.items = [...this.items, ...page.items.filter((row) => !known.has(row.id))];
      this.next = page.next ?? null;
      this.problem = null;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.problem = problemOf(error);
    }
    this.state = 'loaded';
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    onCatchUp(() => void this.#catchUp());
    onLive('decision', (row) => this.#arrive(row));
    onLive('judgement', (judgement) => this.judged(judgement));
  }

  /** Asks for what came while no events did. A gap of more than a page is left to the next reload. */
  async #catchUp(): Promise<void> {
    if (this.state !== 'loaded') return;
    const asked = this.#asked;
    try {
      const { items } = await api.decisions({ ...queryOf(this.filters), limit: PAGE_ROWS });
      if (asked === this.#asked) for (const row of items.reverse()) this.#arrive(row);
    } catch {
      // The next event, or the next gap, leads here again.
    }
  }

  /** Arrivals are taken together: under load there are hundreds a second. */
  #arrive(row: DecisionRow): void {
    if (this.state === 'empty') return;
    this.#pending.push(row);
    this.#timer ??= setTimeout(() => this.#takePending(), ARRIVALS_MS);
  }

  #takePending(): void {
    const rows = this.#pending;
    this.#pending = [];
    this.#timer = undefined;
    const { items, fresh } = merge(this.items, this.fresh, rows.filter((row) => fits(row, this.filters)));
    this.items = items;
    this.fresh = fresh.slice(0, FRESH_ROWS_MAX);
    if (this.state === 'loaded' && this.fresh.length > 0 && this.open()) this.showFresh();
  }
}

/**
 * Arrivals, oldest first, put where they belong: one that is in the list already replaces its row, others are fresh.
 */
export function merge(
  items: DecisionRow[],
  fresh: DecisionRow[],
  arrivals: readonly DecisionRow[],
): { items: DecisionRow[]; fresh: DecisionRow[] } {
  if (arrivals.length === 0) return { items, fresh };
  const latest = new Map(arrivals.map((row) => [row.id, row]));
  const renewed = (row: DecisionRow) => latest.get(row.id) ?? row;
  const known = new Set([...items, ...fresh].map((row) => row.id));
  const unknown = [...latest.values()].filter((row) => !known.has(row.id)).reverse();
  const changes = unknown.length < latest.size;
  return {
    items: changes ? items.map(renewed) : items,
    fresh: [...unknown, ...(changes ? fresh.map(renewed) : fresh)],
  };
}

export const decisions = new DecisionList();
