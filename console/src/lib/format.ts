// Numbers and times for people, in the language in use and the browser's time zone.
import { currentLang } from '../words/index.svelte';

const LOCALES = { ja: 'ja-JP', en: 'en-GB' } as const;
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

const locale = () => LOCALES[currentLang()];

export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

/** With a sign, for points that may be taken away. */
export function points(value: number): string {
  return value < 0 ? `−${number(-value)}` : number(value);
}

export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), UNITS.length - 1);
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit: UNITS[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(value / 1000 ** power);
}

export function dateTime(time: string): string {
  return format(time, {
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    hourCycle: 'h23',
  });
}

/** Time of day; with month and day unless it is today. */
export function shortTime(time: string, now = new Date()): string {
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const today = new Date(time).toDateString() === now.toDateString();
  return format(time, today ? clock : { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
}

/** With the zone's name, for whoever asks. */
export function fullTime(time: string): string {
  return format(time, { dateStyle: 'full', timeStyle: 'full' });
}

export function hourLabel(time: string, span: 'hour' | 'day'): string {
  return format(time, span === 'hour' ? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } : { month: 'numeric', day: 'numeric' });
}

/** How long ago, in the largest unit that fits. */
export function ago(time: string, now = Date.now()): string {
  const seconds = Math.round((new Date(time).getTime() - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  if (seconds > -60) return relative.format(seconds, 'second');
  if (seconds > -3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (seconds > -48 * 3600) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86_400), 'day');
}

/** `2026-11-25T01:02` as a `datetime-local` field has it, in local time. */
export function toLocalField(time: string | null): string {
  if (time === null || Number.isNaN(Date.parse(time))) return '';
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function format(time: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : new Intl.DateTimeFormat(locale(), options).format(date);
}
