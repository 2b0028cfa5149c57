// A list with a cursor: the first page follows the refresh tick until older entries are asked for.
import { ApiError, getJson } from './api.ts';
import { resource, type Resource } from './resource.svelte.ts';

interface Answer<T> { items: T[]; next?: string | null; total?: number }

export class Pager<T> {
  readonly first: Resource<Answer<T>>;
  older = $state.raw<T[]>([]);
  busy = $state(false);
  problem = $state('');
  /** The first page as it was when older entries were asked for. */
  private held = $state.raw<Answer<T> | null>(null);
  private next = $state<string | null>(null);

  constructor(private readonly url: () => string, private readonly before: (cursor: string) => string) {
    this.first = resource<Answer<T>>(() => (this.held ? '' : url()));
    let last = '';
    $effect(() => {
      const address = this.url();
      if (address !== last) this.newest();
      last = address;
    });
  }

  items = $derived.by((): T[] => [...((this.held ?? this.first.data)?.items ?? []), ...this.older]);
  total = $derived.by((): number | undefined => (this.held ?? this.first.data)?.total);
  more = $derived.by((): boolean => Boolean(this.held ? this.next : this.first.data?.next));
  /** Whether new entries are not shown because older ones are being read. */
  frozen = $derived.by((): boolean => this.held !== null);

  newest(): void {
    this.held = null;
    this.older = [];
    this.next = null;
    this.problem = '';
  }

  async loadMore(): Promise<void> {
    this.held ??= this.first.data ?? null;
    const cursor = this.older.length > 0 ? this.next : this.held?.next;
    if (!cursor || this.busy) return;
    this.busy = true;
    this.problem = '';
    try {
      const answer = await getJson<Answer<T>>(this.before(cursor));
      this.older = [...this.older, ...answer.items];
      this.next = answer.next ?? null;
    } catch (error) {
      this.problem = error instanceof ApiError ? error.message : 'The hub cannot be reached.';
    }
    this.busy = false;
  }
}
