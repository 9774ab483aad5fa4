// The one stream of server-sent events that all parts of the console share.
import type { DecisionRow, Job, Judgement } from './types';

export interface LiveEvents {
  decision: DecisionRow;
  judgement: Judgement;
  job: Job;
}

export type LiveState = 'off' | 'connecting' | 'open';

type Handler<Name extends keyof LiveEvents> = (event: LiveEvents[Name]) => void;

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 30_000;
const NAMES = ['decision', 'judgement', 'job'] as const;

const handlers: { [Name in keyof LiveEvents]: Set<Handler<Name>> } = {
  decision: new Set(),
  judgement: new Set(),
  job: new Set(),
};

const catchUps = new Set<() => void>();

let source: EventSource | null = null;
let opened_before = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let retry_ms = RETRY_MS_MIN;
let state = $state<LiveState>('off');

/** Whether events arrive. Reactive. */
export function liveState(): LiveState {
  return state;
}

/** Calls the handler for each event of this name, until the returned function is called. */
export function onLive<Name extends keyof LiveEvents>(name: Name, handler: Handler<Name>): () => void {
  handlers[name].add(handler);
  return () => void handlers[name].delete(handler);
}

/** Calls the handler when the stream is there again after a gap, in which events may have been missed. */
export function onCatchUp(handler: () => void): () => void {
  catchUps.add(handler);
  return () => void catchUps.delete(handler);
}

/** Opens the stream; after sign-in. */
export function startLive(): void {
  if (source === null) connect();
}

/** Closes the stream; at sign-out. */
export function stopLive(): void {
  clearTimeout(timer);
  source?.close();
  source = null;
  state = 'off';
}

function connect(): void {
  clearTimeout(timer);
  state = 'connecting';
  const opened = new EventSource('/api/v1/events');
  source = opened;
  opened.onopen = () => {
    state = 'open';
    retry_ms = RETRY_MS_MIN;
    if (opened_before) for (const handler of catchUps) handler();
    opened_before = true;
  };
  opened.onerror = () => {
    state = 'connecting';
    // The browser reconnects by itself, with Last-Event-ID, unless the answer was no event stream.
    if (opened.readyState !== EventSource.CLOSED || source !== opened) return;
    timer = setTimeout(connect, retry_ms);
    retry_ms = Math.min(2 * retry_ms, RETRY_MS_MAX);
  };
  for (const name of NAMES) opened.addEventListener(name, (event) => deliver(name, event));
}

function deliver<Name extends keyof LiveEvents>(name: Name, event: MessageEvent<unknown>): void {
  let value: LiveEvents[Name];
  try {
    value = JSON.parse(String(event.data)) as LiveEvents[Name];
  } catch {
    return;
  }
  for (const handler of handlers[name]) handler(value);
}
