// A piece of the API on the page: asked again when its address or the refresh tick changes. The old
// data stays until the new is there, so that nothing jumps.
import { ApiError, getJson } from './api.ts';
import { auth } from './auth.svelte.ts';
import { refresh } from './refresh.svelte.ts';

export class Resource<T> {
  data = $state.raw<T | undefined>(undefined);
  error = $state.raw<ApiError | null>(null);
  /** True while the first answer for this address is on its way. */
  loading = $state(true);
  private url = '';
  private running: AbortController | null = null;

  async load(url: string): Promise<void> {
    if (url !== this.url) {
      this.loading = true;
      this.url = url;
    } else if (this.running !== null) {
      return; // a slow answer must not be restarted by every tick
    }
    this.running?.abort();
    const controller = new AbortController();
    this.running = controller;
    try {
      const data = await getJson<T>(url, controller.signal);
      if (this.running !== controller) return;
      this.data = data;
      this.error = null;
    } catch (error) {
      if (this.running !== controller || !(error instanceof ApiError)) return;
      if (error.status === 401) auth.lost();
      this.error = error;
      if (error.status === 404) this.data = undefined;
    }
    this.running = null;
    this.loading = false;
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
  }
}

/** To be called while a component is set up; `url` may depend on state. `live` follows the refresh tick. */
export function resource<T>(url: () => string, live = true): Resource<T> {
  const made = new Resource<T>();
  $effect(() => {
    const address = url();
    if (live) void refresh.tick;
    if (address) void made.load(address);
  });
  $effect(() => () => made.stop());
  return made;
}
