// What each event means: its kind (colour and icon) and the sentence the timeline and the feed show.
import { bytes, duration } from './format.ts';
import type { SkepEvent } from './types.ts';

export type Kind = 'connection' | 'login' | 'success' | 'command' | 'file' | 'system';

/** A word of ours, or a field of the attacker's that must go through Bytes. */
export type Part = { words: string } | { field: string } | { list: string[] };

interface Row {
  kind: Kind;
  /** Details that only clutter an overview: negotiation, bookkeeping. */
  detail?: boolean;
  parts: (event: SkepEvent) => Part[];
}

const words = (text: string): Part => ({ words: text });
const field = (name: string): Part => ({ field: name });

export function text(event: SkepEvent, name: string): string {
  const value = event[name];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function number(event: SkepEvent, name: string): number | null {
  const value = event[name];
  return typeof value === 'number' ? value : null;
}

function stay(event: SkepEvent): string {
  const ms = number(event, 'duration_ms') ?? (number(event, 'duration') ?? 0) * 1000;
  return ms > 0 ? ` after ${duration(ms)}` : '';
}

function sized(event: SkepEvent): Part[] {
  const size = number(event, 'size');
  return size === null ? [] : [words(bytes(size))];
}

function pair(event: SkepEvent): Part[] {
  return 'password' in event ? [field('username'), words('/'), field('password')] : [field('username')];
}

const ROWS: Record<string, Row> = {
  'session.connect': { kind: 'connection', parts: (e) => [words('connected by'), words(text(e, 'protocol') || 'network')] },
  'session.closed': { kind: 'connection', parts: (e) => [words('left' + stay(e))] },
  'session.refused': { kind: 'system', parts: () => [words('was turned away:'), field('reason'), field('name')] },
  'client.version': { kind: 'connection', parts: () => [words('said it is'), field('version')] },
  'client.size': { kind: 'connection', detail: true, parts: (e) => [words(`window of ${text(e, 'width')} × ${text(e, 'height')}`)] },
  'client.var': { kind: 'connection', detail: true, parts: () => [words('set'), field('name'), words('='), field('value')] },
  'client.kex': { kind: 'connection', detail: true, parts: () => [words('key exchange'), field('hassh')] },
  'client.recognised': { kind: 'connection', parts: (e) => [words(e['spoofed'] === true ? 'pretends, but is' : 'is'), field('name'), field('value')] },
  'client.fingerprint': { kind: 'login', parts: () => [words('offered a key as'), field('username'), field('fingerprint')] },
  'telnet.option': { kind: 'connection', detail: true, parts: (e) => [words(`${text(e, 'command')} ${text(e, 'option_name') || text(e, 'option')}`)] },
  'login.failed': { kind: 'login', parts: (e) => [words('tried'), ...pair(e)] },
  'login.success': { kind: 'success', parts: (e) => [words('got in as'), ...pair(e)] },
  'command.input': { kind: 'command', parts: () => [field('input')] },
  'command.failed': { kind: 'command', parts: () => [words('unknown command'), field('input')] },
  'command.success': { kind: 'command', detail: true, parts: () => [field('input')] },
  'log.open': { kind: 'connection', detail: true, parts: () => [words('terminal recording began')] },
  'log.closed': { kind: 'connection', detail: true, parts: () => [words('terminal recording ended')] },
  'cell.created': { kind: 'system', detail: true, parts: (e) => [words(`new cell from image ${text(e, 'image')}`)] },
  'cell.resumed': { kind: 'connection', parts: () => [words('came back to its cell')] },
  'cell.ended': { kind: 'system', detail: true, parts: () => [words('cell ended:'), field('reason')] },
  'process.exec': { kind: 'command', detail: true, parts: (e) => [words('ran'), argv(e)] },
  'file.captured': { kind: 'file', parts: (e) => [words('dropped'), field('destfile'), ...sized(e)] },
  'file.dropped': { kind: 'file', parts: () => [words('file not kept:'), field('reason'), field('destfile')] },
  'session.file_download': { kind: 'file', parts: (e) => [words('downloaded'), field('url' in e ? 'url' : 'destfile'), ...sized(e)] },
  'session.file_upload': { kind: 'file', parts: (e) => [words('uploaded'), field('filename'), ...sized(e)] },
  'protocol.weird': { kind: 'connection', detail: true, parts: () => [words('odd bytes:'), field('name')] },
  'skep.started': { kind: 'system', detail: true, parts: (e) => [words(`${text(e, 'role')} is ready`)] },
  'skep.stopped': { kind: 'system', detail: true, parts: (e) => [words(`${text(e, 'role')} ended:`), field('reason')] },
  'skep.limit': { kind: 'system', parts: () => [words('limit'), field('name'), field('reason')] },
  'skep.fault': { kind: 'system', parts: (e) => [words(`fault in ${text(e, 'role')}:`), field('message')] },
};

function argv(event: SkepEvent): Part {
  const list = event['argv'];
  return Array.isArray(list) ? { list: list.map(String) } : field('path');
}

function row(event: SkepEvent): Row | undefined {
  return ROWS[event.eventid.replace(/^cowrie\./, '')];
}

export function kindOf(event: SkepEvent): Kind {
  return row(event)?.kind ?? 'connection';
}

export function isDetail(event: SkepEvent): boolean {
  return row(event)?.detail ?? false;
}

/** The sentence; an unknown event (an imported one) shows its id and what it says. */
export function describe(event: SkepEvent): Part[] {
  const known = row(event);
  if (known) return known.parts(event).filter((part) => !('field' in part) || part.field in event);
  const telling = ['input', 'url', 'username', 'message', 'data'].find((name) => name in event);
  return telling ? [words(event.eventid), field(telling)] : [words(event.eventid)];
}

export const KIND_NAMES: Record<Kind, string> = {
  connection: 'Connections',
  login: 'Logins refused',
  success: 'Logins accepted',
  command: 'Commands',
  file: 'Files',
  system: 'System',
};

/** The ids that the events page offers. */
export const EVENT_IDS = Object.keys(ROWS);
