// Where in what was examined a finding was made, in words.
import type { Finding } from '../api/types';
import { t } from '../words/index.svelte';
import { number } from './format';

export function placeText(finding: Pick<Finding, 'place' | 'place_text'>): string {
  const { at, member, offset, record, field, line, column } = finding.place;
  const where = memberText(member ?? null);
  if (at === 'byte' && offset != null) {
    return t('place.byte', { member: where, offset: number(offset), hex: offset.toString(16) });
  }
  if (at === 'text' && line != null && column != null) {
    return t('place.text', { member: where, line: number(line), column: number(column) });
  }
  if (at === 'event' && record != null) {
    return field == null ? t('place.event', { record: number(record) }) : t('place.field', { record: number(record), field });
  }
  return at === 'whole' ? where : finding.place_text;
}

/** A header or a part of a mail, the path of a member, or the whole thing. */
export function memberText(member: string | null): string {
  if (member === null || member === '') return t('place.whole');
  const [, kind, name = ''] = /^(header|part):(.*)$/s.exec(member) ?? [];
  if (kind === 'header') return t('place.header', { name });
  return kind === 'part' ? t('place.part', { name }) : member;
}
