// Files on their way: uploaded, examined, decided. Outlives the page, so that leaving it stops nothing.
import { api, problemOf } from '../api/client';
import { liveState, onLive } from '../api/live.svelte';
import type { Effect, Job, Problem } from '../api/types';
import { startUpload, type RunningUpload } from '../api/upload';
import { announce } from './announce.svelte';
import { t } from '../words/index.svelte';

export type DropState = 'waiting' | 'uploading' | 'queued' | 'examining' | 'done' | 'failed' | 'cancelled';

/** One file and how far it is. */
export class Drop {
  readonly id = crypto.randomUUID();
  state = $state<DropState>('waiting');
  /** From 0 to 1 within the state. */
  progress = $state(0);
  problem = $state.raw<Problem | null>(null);
  job = $state<string | null>(null);
  decision = $state.raw<{ id: string; effect: Effect } | null>(null);
  upload: RunningUpload | null = null;

  constructor(
    readonly file: File,
    readonly name: string,
  ) {}

  get over(): boolean {
    return this.state === 'done' || this.state === 'failed' || this.state === 'cancelled';
  }
}

const UPLOADS_AT_ONCE = 2;
const POLL_MS = 1_500;
/** While events arrive, polling is only a net below them. */
const POLL_LIVE_MS = 5_000;

class Drops {
  all = $state.raw<Drop[]>([]);
  #listens = false;

  add(files: readonly { file: File; name: string }[]): void {
    if (!this.#listens) {
      this.#listens = true;
      onLive('job', (job) => this.#heard(job));
    }
    this.all = [...files.map(({ file, name }) => new Drop(file, name)), ...this.all];
    this.#startNext();
  }

  async cancel(drop: Drop): Promise<void> {
    if (drop.over) return;
    const { job } = drop;
    drop.upload?.cancel();
    drop.state = 'cancelled';
    this.#startNext();
    if (job === null) return;
    try {
      await api.cancelJob(job);
    } catch (error) {
      drop.problem = problemOf(error);
    }
  }

  /** Tries again what failed; an upload goes on from where it was. */
  retry(drop: Drop): void {
    if (drop.state !== 'failed') return;
    drop.problem = null;
    drop.job = null;
    drop.progress = 0;
    drop.state = 'waiting';
    this.#startNext();
  }

  clearOver(): void {
    this.all = this.all.filter((drop) => !drop.over);
  }

  #startNext(): void {
    const busy = this.all.filter(({ state }) => state === 'uploading').length;
    const waiting = this.all.filter(({ state }) => state === 'waiting').reverse();
    for (const drop of waiting.slice(0, Math.max(0, UPLOADS_AT_ONCE - busy))) this.#start(drop);
  }

  #start(drop: Drop): void {
    drop.state = 'uploading';
    drop.upload = startUpload(drop.file, drop.name, {
      progress: (sent) => (drop.progress = drop.file.size === 0 ? 1 : sent / drop.file.size),
      job: (job) => this.#examine(drop, job),
      decision: ({ id, effect }) => this.#decided(drop, { id, effect }),
      problem: (problem) => this.#fail(drop, problem),
    });
  }

  #examine(drop: Drop, job: string): void {
    if (drop.over) return;
    drop.job = job;
    drop.state = 'queued';
    drop.progress = 0;
    this.#startNext();
    void this.#poll(drop, job);
  }

  /** Asks for the job until it is over; events usually are faster. */
  async #poll(drop: Drop, id: string): Promise<void> {
    while (!drop.over) {
      try {
        await this.#take(drop, await api.job(id));
      } catch (error) {
        const problem = problemOf(error);
        if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) this.#fail(drop, problem);
      }
      await new Promise((wake) => setTimeout(wake, liveState() === 'open' ? POLL_LIVE_MS : POLL_MS));
    }
  }

  #heard(job: Job): void {
    const drop = this.all.find((candidate) => candidate.job === job.id);
    if (drop !== undefined) void this.#take(drop, job);
  }

  async #take(drop: Drop, job: Job): Promise<void> {
    if (drop.over) return;
    drop.progress = job.total > 0 ? Math.min(job.done / job.total, 1) : 0;
    if (job.state === 'running') drop.state = 'examining';
    if (job.state === 'cancelled') drop.state = 'cancelled';
    if (job.state === 'failed' && job.problem) this.#fail(drop, job.problem);
    if (job.state === 'done' && job.record) {
      const { id, effect } = await api.decision(job.record);
      this.#decided(drop, { id, effect });
    }
  }

  #decided(drop: Drop, decision: { id: string; effect: Effect }): void {
    if (drop.over) return;
    drop.decision = decision;
    drop.state = 'done';
    announce(t('drop.announce', { name: drop.name, effect: t(`effect.${decision.effect}`) }));
    this.#startNext();
  }

  #fail(drop: Drop, problem: Problem): void {
    if (drop.over) return;
    drop.problem = problem;
    drop.state = 'failed';
    this.#startNext();
  }
}

export const drops = new Drops();
