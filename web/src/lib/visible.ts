// Turns attackers' bytes into pieces that are harmless to show: what could move, hide, reorder or
// imitate other text becomes a visible escape. Pure functions; Bytes.svelte draws the pieces.

/** A piece of shown text; `escape` pieces stand for one character that must not be shown as it is. */
export interface Piece {
  text: string;
  escape: boolean;
  /** What the escape stands for, in words. */
  title?: string;
}

const NAMES: Record<number, string> = {
  0x00: 'NUL', 0x07: 'bell', 0x08: 'backspace', 0x09: 'tab', 0x0a: 'line feed', 0x0d: 'carriage return',
  0x1b: 'escape', 0x7f: 'delete', 0x85: 'next line', 0xa0: 'no-break space', 0xad: 'soft hyphen',
  0x061c: 'Arabic letter mark', 0x200b: 'zero-width space', 0x200c: 'zero-width non-joiner',
  0x200d: 'zero-width joiner', 0x200e: 'left-to-right mark', 0x200f: 'right-to-left mark',
  0x2028: 'line separator', 0x2029: 'paragraph separator', 0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding', 0x202c: 'end of directional formatting', 0x202d: 'left-to-right override',
  0x202e: 'right-to-left override', 0x2060: 'word joiner', 0x2066: 'left-to-right isolate',
  0x2067: 'right-to-left isolate', 0x2068: 'first strong isolate', 0x2069: 'end of isolate',
  0xfeff: 'byte order mark', 0xfffd: 'byte that is not UTF-8',
};

const SHORT: Record<number, string> = { 0x09: '\\t', 0x0a: '\\n', 0x0d: '\\r' };

// Controls, format and private characters, unassigned ones, separators, letters that draw nothing,
// variation selectors, and the replacement character (its exact byte is in the `_b64` member).
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u034f\u180b-\u180f\ufe00-\ufe0f\ufffd\u{e0100}-\u{e01ef}]/u;
const MARK = /\p{M}/u;
const MARKS_SHOWN = 2;

/** Base64 of the exact bytes, or null if it is not base64. */
export function decodeBase64(text: string): Uint8Array | null {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return bytes;
  } catch {
    return null;
  }
}

/** A code point as the escape that programmers know: \n, \x1b, \u202e, \u{e0041}. */
export function escapeOf(code: number): string {
  const short = SHORT[code];
  if (short !== undefined) return short;
  const hex = code.toString(16);
  if (code <= 0xff) return '\\x' + hex.padStart(2, '0');
  return code <= 0xffff ? '\\u' + hex.padStart(4, '0') : `\\u{${hex}}`;
}

function titleOf(code: number): string {
  const point = 'U+' + code.toString(16).toUpperCase().padStart(4, '0');
  const name = NAMES[code];
  return name === undefined ? `character ${point}` : `${name} (${point})`;
}

class Pieces {
  readonly list: Piece[] = [];
  private plain = '';
  private marks = 0;

  add(char: string): void {
    this.marks = MARK.test(char) ? this.marks + 1 : 0;
    if (UNSAFE.test(char) || this.marks > MARKS_SHOWN) {
      const code = char.codePointAt(0) ?? 0;
      this.escape(escapeOf(code), titleOf(code));
      return;
    }
    this.plain += char;
  }

  escape(text: string, title: string): void {
    this.flush();
    this.list.push({ text, escape: true, title });
  }

  flush(): void {
    if (this.plain) this.list.push({ text: this.plain, escape: false });
    this.plain = '';
  }
}

/** The pieces of at most `limit` UTF-16 units of `text`; a surrogate pair is never cut. */
export function piecesOf(text: string, limit = Infinity): Piece[] {
  let end = Math.min(text.length, limit);
  const last = text.charCodeAt(end - 1);
  if (end < text.length && last >= 0xd800 && last <= 0xdbff) end--;
  const pieces = new Pieces();
  for (const char of text.slice(0, end)) pieces.add(char);
  pieces.flush();
  return pieces.list;
}

/** Length of the UTF-8 sequence that starts at `at`, or 0 if the bytes there are not UTF-8. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (lead > 0xf4 || length === 0 || at + length > bytes.length) return 0;
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

/** The pieces of at most `limit` bytes; a byte that is not part of UTF-8 is shown as \xHH. */
export function piecesOfBytes(bytes: Uint8Array, limit = Infinity): Piece[] {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const pieces = new Pieces();
  const end = Math.min(bytes.length, limit);
  for (let at = 0; at < end; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      const byte = bytes[at] ?? 0;
      pieces.escape(escapeOf(byte), `byte 0x${byte.toString(16).padStart(2, '0')}, not UTF-8`);
      at++;
      continue;
    }
    pieces.add(decoder.decode(bytes.subarray(at, at + length)));
    at += length;
  }
  pieces.flush();
  return pieces.list;
}

/** One line of text without anything unsafe: for the clipboard, titles and labels. */
export function plainOf(pieces: Piece[]): string {
  return pieces.map((piece) => piece.text).join('');
}

/** JSON in which every unsafe character is an escape, so that it can be pasted anywhere and read back. */
export function safeJson(value: unknown): string {
  const every = new RegExp(UNSAFE.source, 'gu');
  return JSON.stringify(value).replace(every, (char) =>
    [...Array(char.length).keys()].map((unit) => '\\u' + char.charCodeAt(unit).toString(16).padStart(4, '0')).join(''),
  );
}

/** `plainOf` of a text, at most `limit` units and an ellipsis. */
export function plain(text: string, limit = 200): string {
  return plainOf(piecesOf(text, limit)) + (text.length > limit ? '…' : '');
}
