// Whether rankings count events or different source addresses. One person's flood is not a trend.
import { router } from './router.svelte.ts';

export type By = 'events' | 'sources';

class CountBy {
  value = $derived<By>(router.get('by') === 'sources' ? 'sources' : 'events');

  choose(value: By): void {
    router.set({ by: value === 'events' ? '' : value }, true);
  }
}

export const countBy = new CountBy();
