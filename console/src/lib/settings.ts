// The effective settings, one line a value, named as in the configuration file.

export function flatten(value: unknown, name = ''): { name: string; value: string }[] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => flatten(inner, name === '' ? key : `${name}.${key}`));
  }
  return [{ name, value: typeof value === 'string' ? value : JSON.stringify(value) }];
}
