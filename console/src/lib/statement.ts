// What a statement says, as far as the console knows its kind. It was verified; it is still a text from outside.

export type Fact = 'name' | 'sha256' | 'effect' | 'observed' | 'of' | 'judged' | 'shared' | 'state' | 'at' | 'kind';

/** The facts of a statement that a person wants to compare, in order. */
export function factsOf(statement: string): { fact: Fact; value: string }[] {
  let document: unknown;
  try {
    document = JSON.parse(statement);
  } catch {
    return [];
  }
  const subject = at(at(document, 'subject'), '0');
  const predicate = at(document, 'predicate');
  const candidates: [Fact, unknown][] = [
    ['kind', at(document, 'predicateType')],
    ['name', at(subject, 'name')],
    ['sha256', at(at(subject, 'digest'), 'sha256')],
    ['effect', at(at(predicate, 'decision'), 'effect') ?? at(predicate, 'effect')],
    ['state', at(predicate, 'state')],
    ['of', at(predicate, 'of')],
    ['observed', at(predicate, 'observed')],
    ['judged', at(predicate, 'judged')],
    ['shared', at(predicate, 'shared')],
    ['at', at(predicate, 'at')],
  ];
  return candidates.flatMap(([fact, value]) => (typeof value === 'string' ? [{ fact, value }] : []));
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
