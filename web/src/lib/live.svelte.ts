// The live feed: server-sent events, put together in batches, so that a storm of events costs one
// redraw for each frame. The browser resumes by Last-Event-ID; a refused connection is tried again here.
import { apiUrl, getJson } from './api.ts';
import { auth } from './auth.svelte.ts';
import { refresh } from './refresh.svelte.ts';
import type { Events, SkepEvent } from './types.ts';

const KEPT = 300;
const RETRY_MS = [500, 1000, 2000, 5000, 10_000];

/** Newest first, without doubles, at most `kept`. */
export function merge(current: SkepEvent[], fresh: SkepEvent[], kept = KEPT): SkepEvent[] {
  const known = new Set(current.map((event) => event.id));
  const added = fresh.filter((event) => !known.has(event.id) && known.add(event.id));
  const all = [...added, ...current];
  all.sort((a, b) => (a.timestamp < b.timestamp ? 1 : a.timestamp > b.timestamp ? -1 : 0));
  return all.slice(0, kept);
}

class Live {
  events = $state.raw<SkepEvent[]>([]);
  state = $state<'connecting' | 'open' | 'lost'>('connecting');
  paused = $state(false);
  /** Events that came while the feed was paused. */
  waiting = $state(0);
  private held: SkepEvent[] = [];
  private batch: SkepEvent[] = [];
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private frame: ReturnType<typeof setTimeout> | null = null;
  private failures = 0;

  start(): () => void {
    void this.backfill();
    this.connect();
    return () => this.stop();
  }

  pause(paused: boolean): void {
    this.paused = paused;
    if (paused) return;
    this.events = merge(this.events, this.held);
    this.held = [];
    this.waiting = 0;
  }

  private stop(): void {
    this.source?.close();
    this.source = null;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.frame !== null) clearTimeout(this.frame);
    this.timer = this.frame = null;
    this.events = this.held = this.batch = [];
    this.waiting = 0;
  }

  private async backfill(): Promise<void> {
    try {
      const page = await getJson<Events>(apiUrl('events', { from: '-30d', limit: 100 }));
      this.take(page.items);
    } catch {
      // The feed starts empty; the next event fills it.
    }
  }

  private connect(): void {
    this.state = 'connecting';
    const source = new EventSource(apiUrl('live'));
    this.source = source;
    source.onopen = () => {
      if (this.failures > 0) void this.backfill();
      this.failures = 0;
      this.state = 'open';
    };
    source.onmessage = (message: MessageEvent<string>) => this.receive(message.data);
    source.onerror = () => {
      this.state = 'lost';
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)] ?? 10_000;
      this.timer = setTimeout(() => void this.reconnect(), wait);
    };
  }

  private async reconnect(): Promise<void> {
    await auth.check();
    if (auth.state === 'in' && this.source !== null) this.connect();
  }

  private receive(data: string): void {
    try {
      this.batch.push(JSON.parse(data) as SkepEvent);
    } catch {
      return;
    }
    this.frame ??= setTimeout(() => {
      this.frame = null;
      const batch = this.batch;
      this.batch = [];
      this.take(batch);
      refresh.soon();
    }, 50);
  }

  private take(fresh: SkepEvent[]): void {
    if (this.paused) {
      this.held = merge(this.held, fresh);
      this.waiting = this.held.length;
    } else {
      this.events = merge(this.events, fresh);
    }
  }
}

export const live = new Live();
