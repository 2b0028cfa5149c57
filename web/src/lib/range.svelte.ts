// The time range of every panel; it lives in the address (`range=`, or `from=` and `to=`).
import { stamp } from './format.ts';
import { router } from './router.svelte.ts';

export const RANGES = [
  { key: '1h', label: '1 h', words: 'the last hour', from: '-60m' },
  { key: '24h', label: '24 h', words: 'the last 24 hours', from: '-24h' },
  { key: '7d', label: '7 d', words: 'the last 7 days', from: '-7d' },
  { key: '30d', label: '30 d', words: 'the last 30 days', from: '-30d' },
  { key: 'all', label: 'All', words: 'all time', from: '0' },
] as const;

const DEFAULT = '24h';

class Range {
  key = $derived.by(() => {
    if (router.get('from') || router.get('to')) return 'custom';
    const asked = router.get('range');
    return RANGES.some((range) => range.key === asked) ? asked : DEFAULT;
  });

  /** `from` and `to` as the API takes them. */
  query = $derived.by((): { from: string; to?: string } => {
    if (this.key === 'custom') {
      const to = router.get('to');
      return { from: router.get('from') || '0', ...(to ? { to } : {}) };
    }
    return { from: RANGES.find((range) => range.key === this.key)?.from ?? '-24h' };
  });

  words = $derived.by(() => {
    if (this.key !== 'custom') return RANGES.find((range) => range.key === this.key)?.words ?? '';
    const show = (text: string): string => (text ? stamp(Date.parse(text)) : '');
    return `${show(router.get('from')) || 'the start'} to ${show(router.get('to')) || 'now'} UTC`;
  });

  choose(key: string): void {
    router.set({ range: key === DEFAULT ? '' : key, from: '', to: '' });
  }

  /** Milliseconds since the epoch. */
  custom(from: number, to: number): void {
    router.set({ range: '', from: new Date(from).toISOString(), to: new Date(to).toISOString() });
  }
}

export const range = new Range();
