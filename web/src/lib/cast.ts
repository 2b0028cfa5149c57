// Makes an asciicast v2 fit to be played: waits become short (with the way back: an event's real time
// and the place in the player are two clocks), and the window gets a size that a browser can draw.

const LONGEST_WAIT = 2;

/** What programs take when a client told no size, and the largest window that is drawn. */
const WINDOW = { width: { usual: 80, most: 300 }, height: { usual: 24, most: 120 } };

function sized(value: unknown, { usual, most }: { usual: number; most: number }): number {
  return typeof value === 'number' && value > 1 ? Math.min(Math.floor(value), most) : usual;
}

/** The header with a size that can be drawn: the peer chose the one it has. */
function headed(line: string): string {
  try {
    const header = JSON.parse(line) as Record<string, unknown>;
    return JSON.stringify({ ...header, width: sized(header['width'], WINDOW.width), height: sized(header['height'], WINDOW.height) });
  } catch {
    return line;
  }
}

/** What follows the time of a line; a change of size is brought within bounds. */
function bounded(rest: string): string {
  const resize = /^\s*"r"\s*,\s*"(\d+)x(\d+)"/.exec(rest);
  if (!resize) return rest;
  return `"r","${sized(Number(resize[1]), WINDOW.width)}x${sized(Number(resize[2]), WINDOW.height)}"]`;
}

export interface ShortCast {
  /** The recording with every wait at most LONGEST_WAIT seconds. */
  text: string;
  /** Seconds of the recording as it happened → seconds in the player. */
  toPlayer: (seconds: number) => number;
  toReal: (seconds: number) => number;
}

/** Where two growing lists of seconds correspond, straight between two entries. */
function between(from: number[], to: number[]): (seconds: number) => number {
  return (seconds) => {
    let low = 0;
    let high = from.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((from[middle] ?? 0) <= seconds) low = middle;
      else high = middle - 1;
    }
    const start = from[low] ?? 0;
    const end = from[low + 1];
    const target = to[low] ?? 0;
    const next = to[low + 1];
    if (end === undefined || next === undefined || end === start) return target + Math.min(LONGEST_WAIT, Math.max(0, seconds - start));
    return target + ((seconds - start) / (end - start)) * (next - target);
  };
}

/** Ready for the player. A broken line (of a recording that is still being written) ends the recording there. */
export function shorten(cast: string): ShortCast {
  const [header = '', ...lines] = cast.split('\n');
  const real = [0];
  const short = [0];
  const out = [headed(header)];
  for (const line of lines) {
    const match = /^\[\s*([0-9.eE+-]+)\s*,/.exec(line);
    if (!match || !line.trimEnd().endsWith(']')) break;
    const before = real[real.length - 1] ?? 0;
    const time = Math.max(before, Number(match[1]) || 0);
    const shown = (short[short.length - 1] ?? 0) + Math.min(time - before, LONGEST_WAIT);
    out.push(`[${shown.toFixed(6)},${bounded(line.slice(match[0].length))}`);
    real.push(time);
    short.push(shown);
  }
  return { text: out.join('\n') + '\n', toPlayer: between(real, short), toReal: between(short, real) };
}
