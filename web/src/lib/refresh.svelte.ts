// When panels ask again: every few seconds, and soon after something happened.

export const INTERVALS = [
  { seconds: 5, label: '5 s' },
  { seconds: 15, label: '15 s' },
  { seconds: 60, label: '1 min' },
  { seconds: 0, label: 'Off' },
] as const;

const KEY = 'skep.refresh';
const SETTLE_MS = 400;
const LEAST_MS = 3000;

function stored(): number {
  try {
    const value = Number(localStorage.getItem(KEY) ?? '15');
    return INTERVALS.some((interval) => interval.seconds === value) ? value : 15;
  } catch {
    return 15;
  }
}

class Refresh {
  seconds = $state(stored());
  /** Grows by one whenever panels should ask again. */
  tick = $state(0);
  private last = Date.now();
  private pending: ReturnType<typeof setTimeout> | null = null;

  start(): () => void {
    const timer = setInterval(() => {
      if (this.seconds > 0 && !document.hidden && Date.now() - this.last >= this.seconds * 1000) this.now();
    }, 500);
    const wake = (): void => {
      if (!document.hidden && this.seconds > 0) this.now();
    };
    document.addEventListener('visibilitychange', wake);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', wake);
    };
  }

  now(): void {
    this.last = Date.now();
    this.tick++;
  }

  /** Something happened: ask again shortly, but not for each event of a storm. */
  soon(): void {
    if (this.seconds === 0 || this.pending !== null || document.hidden) return;
    const wait = Math.max(SETTLE_MS, LEAST_MS - (Date.now() - this.last));
    this.pending = setTimeout(() => {
      this.pending = null;
      this.now();
    }, wait);
  }

  choose(seconds: number): void {
    this.seconds = seconds;
    try {
      localStorage.setItem(KEY, String(seconds));
    } catch {
      // Storage may be forbidden: the choice lasts until the page is closed.
    }
  }
}

export const refresh = new Refresh();
