// What the API answers (src/hub/api/openapi.json).

export interface Me { csrf: string; expires: string; version: string; sensor: string }

export interface Summary {
  from: string; to: string;
  events: number; sessions: number; sources: number; sources_60m: number;
  logins_failed: number; logins_success: number; commands: number;
  files_captured: number; files_distinct: number;
  first_event: string | null; last_event: string | null;
  pressure: 0 | 1 | 2;
}

export interface Bucket { time: string; events: number; sources: number; sessions: number }
export interface Timeline { bucket_seconds: number; buckets: Bucket[] }

export interface Page<T> { items: T[]; total: number; next?: string | null }

export interface Source {
  src_ip: string; events: number; sessions: number;
  logins_failed: number; logins_success: number; commands: number; files: number;
  first_seen: string; last_seen: string;
}

export interface Credential { username: string; password: string; failed: number; success: number; sources: number; last_seen: string }
export interface Command { input: string; count: number; sources: number; last_seen: string }
export interface Client { kind: string; value: string; count: number; sources: number; first_seen: string; last_seen: string }

export interface CapturedFile {
  shasum: string; size: number | null; count: number; sources: number; kind: string | null;
  destfile: string | null; username: string | null; password: string | null;
  src_ip: string | null; session: string | null;
  first_seen: string; last_seen: string;
}

export interface Session {
  session: string; protocol: string | null; src_ip: string | null; src_port: number | null;
  start: string; end: string | null; duration_ms: number | null;
  username: string | null; password: string | null;
  logins_failed: number; logins_success?: number; commands: number; files: number;
  has_recording: boolean; open: boolean;
}

/** An event as in the journal: fields of events.def, `NAME_b64` beside a text that is not UTF-8. */
export interface SkepEvent { id: string; eventid: string; timestamp: string; [field: string]: unknown }

export interface SessionDetail { session: Session; events: SkepEvent[]; recording: boolean; events_total?: number }
export interface Events { items: SkepEvent[]; next: string | null }

export interface Sighting {
  timestamp: string; src_ip: string | null; session: string | null; destfile: string | null;
  username: string | null; password: string | null; reason: string | null;
}

export interface Artifact {
  shasum: string; size: number | null; kind: string | null; first_seen: string; last_seen: string; sightings: Sighting[];
  /** How often it was seen; `sightings` holds the newest. */
  count: number;
  /** Whether the content is in the vault; that of imported events is not. */
  kept: boolean;
}
