// Uploads by tus 1.0, resumable; what is empty goes as a plain observation.
import { Upload } from 'tus-js-client';

import { currentLang } from '../words/index.svelte';
import { ApiError, problemOf, toProblem } from './client';
import type { Decision, Problem } from './types';

export interface UploadEvents {
  progress: (sent_bytes: number) => void;
  /** All bytes are there; the job examines them. */
  job: (id: string) => void;
  /** The observation was small enough to be decided at once. */
  decision: (decision: Decision) => void;
  problem: (problem: Problem) => void;
}

export interface RunningUpload {
  /** Stops it and removes what was sent. */
  cancel(): void;
}

const CHUNK_BYTES = 8 * 1024 * 1024;
const RETRY_DELAYS_MS = [0, 1_000, 3_000, 10_000, 30_000, 60_000];

export function startUpload(file: File, name: string, events: UploadEvents): RunningUpload {
  return file.size === 0 ? sendEmpty(name, events) : sendResumable(file, name, events);
}

function sendEmpty(name: string, events: UploadEvents): RunningUpload {
  const abort = new AbortController();
  const send = async () => {
    const response = await fetch(`/api/v1/observations?name=${encodeURIComponent(name)}`, {
      method: 'POST',
      body: new Blob([]),
      headers: { 'Accept-Language': currentLang(), 'Content-Type': 'application/octet-stream' },
      signal: abort.signal,
    });
    const body: unknown = await response.json();
    if (!response.ok) throw new ApiError(toProblem(body, response.status));
    events.decision(body as Decision);
  };
  send().catch((error: unknown) => {
    if (!abort.signal.aborted) events.problem(problemOf(error));
  });
  return { cancel: () => abort.abort() };
}

function sendResumable(file: File, name: string, events: UploadEvents): RunningUpload {
  let job: string | null = null;
  const upload = new Upload(file, {
    endpoint: '/api/v1/uploads',
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_DELAYS_MS,
    metadata: { name },
    headers: { 'Accept-Language': currentLang() },
    removeFingerprintOnSuccess: true,
    onShouldRetry: (error) => isPassing(error.originalResponse?.getStatus() ?? 0),
    onProgress: (sent) => events.progress(sent),
    onAfterResponse: (_request, response) => {
      job = response.getHeader('Sakimori-Job') ?? job;
    },
    onSuccess: () => void finish(upload.url, job, events),
    onError: (error) => events.problem(problemIn(error)),
  });
  void upload.findPreviousUploads().then((previous) => {
    const [latest] = previous;
    if (latest !== undefined) upload.resumeFromPreviousUpload(latest);
    upload.start();
  });
  return { cancel: () => void upload.abort(true).catch(() => undefined) };
}

/** Whether an answer may be another one later: no answer, a conflict over the offset or a lock, too many, a server's fault. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
}

/** The job of a complete upload: the header said it, or (after a resume) the upload does. */
async function finish(url: string | null, job: string | null, events: UploadEvents): Promise<void> {
  try {
    const id = job ?? (await jobOf(url));
    if (id === null) throw new Error('the upload has no job');
    events.job(id);
  } catch (error) {
    events.problem(problemOf(error));
  }
}

async function jobOf(url: string | null): Promise<string | null> {
  if (url === null) return null;
  const response = await fetch(url);
  const body: unknown = await response.json();
  if (!response.ok) throw new ApiError(toProblem(body, response.status));
  return (body as { job: string | null }).job;
}

function problemIn(error: unknown): Problem {
  const response = (error as { originalResponse?: { getStatus(): number; getBody(): string } | null }).originalResponse;
  if (response === undefined || response === null) {
    return toProblem({ code: 'unreachable', title: '' }, 0);
  }
  try {
    return toProblem(JSON.parse(response.getBody()), response.getStatus());
  } catch {
    return toProblem(null, response.getStatus());
  }
}
