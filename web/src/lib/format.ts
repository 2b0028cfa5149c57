// Numbers, sizes, durations and times as people read them. Everything is UTC.

const GROUPED = new Intl.NumberFormat('en-US');
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** 1234567 → 1,234,567 */
export function count(value: number): string {
  return GROUPED.format(value);
}

/** Grouped up to 99,999, compact above: 1.2M. */
export function compact(value: number): string {
  return value < 100_000 ? GROUPED.format(value) : COMPACT.format(value);
}

/** "1 session", "2 sessions" */
export function plural(value: number, one: string, many = one + 's'): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Bytes with a binary unit: 1536 → 1.5 KiB */
export function bytes(value: number | null): string {
  if (value === null) return 'size unknown';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let scaled = value;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit++;
  }
  return `${unit === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Milliseconds as the two largest units: 3.2 s, 4 min 10 s, 2 h 5 min, 3 d 4 h */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 10) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? two(hours, 'h', minutes % 60, 'min') : two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

/** How long before `now`: now, 12 s ago, 5 min ago, 3 h ago, 4 d ago; "in" for the future. */
export function ago(time: number, now: number): string {
  const past = now - time;
  const seconds = Math.round(Math.abs(past) / 1000);
  if (seconds < 3) return 'now';
  const text =
    seconds < 90 ? `${seconds} s`
    : seconds < 5400 ? `${Math.round(seconds / 60)} min`
    : seconds < 129_600 ? `${Math.round(seconds / 3600)} h`
    : seconds < 86_400 * 60 ? `${Math.round(seconds / 86_400)} d`
    : seconds < 86_400 * 700 ? `${Math.round(seconds / 2_629_800)} months`
    : `${Math.round(seconds / 31_557_600)} years`;
  return past >= 0 ? `${text} ago` : `in ${text}`;
}

function iso(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

/** 14:03:07 */
export function clock(time: number): string {
  return iso(time).slice(11, 19);
}

/** 2026-08-07 14:03:07 */
export function stamp(time: number): string {
  return iso(time).slice(0, 19).replace('T', ' ');
}

/** The shortest that is still clear: today only the clock, else the date as well. */
export function shortStamp(time: number, now: number): string {
  return iso(time).slice(0, 10) === iso(now).slice(0, 10) ? clock(time) : stamp(time).slice(0, 16);
}

/** Label of a chart's axis whose buckets are `bucketSeconds` long. */
export function axisLabel(time: number, bucketSeconds: number): string {
  if (bucketSeconds >= 86_400) return iso(time).slice(0, 10);
  const text = iso(time);
  return text.slice(11, 16) === '00:00' ? text.slice(5, 10) : text.slice(11, 16);
}

/** Percentage of a whole, safe for a whole of nothing. */
export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, (100 * part) / whole) : 0;
}
