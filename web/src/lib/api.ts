// The one place that talks to the hub. Failures are ApiError with the hub's own sentence.

export class ApiError extends Error {
  readonly status: number;
  readonly retryAfter: number;

  constructor(status: number, message: string, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export type Query = Record<string, string | number | undefined | null>;

/** Address of an API resource with its query; empty values are left out. */
export function apiUrl(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return `/api/v1/${path}${text ? '?' + text : ''}`;
}

async function failure(response: Response): Promise<ApiError> {
  let message = `The hub answered ${response.status}.`;
  try {
    const body: unknown = await response.json();
    if (body && typeof body === 'object' && 'error' in body) message = String(body.error);
  } catch {
    // Not JSON: a proxy in between; the status says enough.
  }
  return new ApiError(response.status, message, Number(response.headers.get('Retry-After') ?? 0));
}

async function request(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'The hub cannot be reached.');
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  const response = await request(url, signal ? { signal } : {});
  return (await response.json()) as T;
}

export async function getText(url: string, signal?: AbortSignal): Promise<string> {
  const response = await request(url, signal ? { signal } : {});
  return response.text();
}

export async function post<T>(path: string, body: unknown, csrf = ''): Promise<T> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (csrf) headers['X-CSRF-Token'] = csrf;
  const response = await request(apiUrl(path), { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  return (text ? JSON.parse(text) : {}) as T;
}
