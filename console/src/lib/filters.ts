// The filters of the list of decisions: in the address, in requests, and on what arrives live.
import type { DecisionQuery, DecisionRow, Effect } from '../api/types';

export interface Filters {
  effect: Effect | '';
  kind: string;
  waiting: 'true' | '';
  name: string;
  since: string;
  until: string;
}

const NAMES = ['effect', 'kind', 'waiting', 'name', 'since', 'until'] as const;
const EFFECTS: readonly string[] = ['allow', 'review', 'block'];

export const NO_FILTERS: Filters = { effect: '', kind: '', waiting: '', name: '', since: '', until: '' };

/** The filters in an address; what is no filter, or no value for one, is left out. */
export function readFilters(params: URLSearchParams): Filters {
  const given = (name: (typeof NAMES)[number]) => params.get(name) ?? '';
  const time = (name: 'since' | 'until') => (Number.isNaN(Date.parse(given(name))) ? '' : given(name));
  return {
    effect: EFFECTS.includes(given('effect')) ? (given('effect') as Effect) : '',
    kind: given('kind'),
    waiting: given('waiting') === 'true' ? 'true' : '',
    name: given('name'),
    since: time('since'),
    until: time('until'),
  };
}

/** The path of the list with these filters. Equal filters have equal paths. */
export function pathOf(filters: Filters): string {
  const params = new URLSearchParams();
  for (const name of NAMES) if (filters[name] !== '') params.set(name, filters[name]);
  const query = params.toString();
  return query === '' ? '/decisions' : `/decisions?${query}`;
}

export function queryOf(filters: Filters): DecisionQuery {
  const { waiting, ...texts } = filters;
  const given = Object.entries(texts).filter(([, value]) => value !== '');
  return { ...Object.fromEntries(given), ...(waiting === 'true' ? { waiting: true } : {}) };
}

/** Whether a decision that arrives belongs into the list. The server has the last word at the next request. */
export function fits(row: DecisionRow, filters: Filters): boolean {
  const observed = Date.parse(row.observed);
  return (
    (filters.effect === '' || row.effect === filters.effect) &&
    (filters.kind === '' || row.kind === filters.kind) &&
    (filters.waiting === '' || row.waiting) &&
    row.name.toLowerCase().includes(filters.name.toLowerCase()) &&
    (filters.since === '' || observed >= Date.parse(filters.since)) &&
    (filters.until === '' || observed < Date.parse(filters.until))
  );
}
