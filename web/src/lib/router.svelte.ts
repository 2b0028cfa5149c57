// Addresses are `#/path?query`: the hub serves one page, and every view can be shared as a link.

export interface Route {
  /** Decoded parts of the path: [] is the overview, ['sessions', ID] a session. */
  parts: string[];
  query: URLSearchParams;
}

/** Members of the query that stay when the page changes. */
const STICKY = ['range', 'from', 'to'];

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function parseHash(hash: string): Route {
  const text = hash.replace(/^#\/?/, '');
  const cut = text.indexOf('?');
  const path = cut < 0 ? text : text.slice(0, cut);
  return {
    parts: path.split('/').filter((part) => part !== '').map(decode),
    query: new URLSearchParams(cut < 0 ? '' : text.slice(cut + 1)),
  };
}

class Router {
  current = $state.raw<Route>({ parts: [], query: new URLSearchParams() });
  page = $derived(this.current.parts[0] ?? '');

  start(): () => void {
    const read = (): void => {
      const before = this.current.parts.join('/');
      this.current = parseHash(location.hash);
      if (this.current.parts.join('/') !== before) window.scrollTo(0, 0);
    };
    read();
    window.addEventListener('hashchange', read);
    return () => window.removeEventListener('hashchange', read);
  }

  /** Value of a query member, or ''. */
  get(name: string): string {
    return this.current.query.get(name) ?? '';
  }

  /** Address of a view; the time range comes along unless `query` names its own. */
  href(parts: string[], query: Record<string, string | undefined> = {}): string {
    const search = new URLSearchParams();
    const ownRange = STICKY.some((name) => query[name] !== undefined);
    for (const name of STICKY) {
      const value = this.current.query.get(name);
      if (value !== null && !ownRange) search.set(name, value);
    }
    for (const [name, value] of Object.entries(query)) if (value) search.set(name, value);
    const text = search.toString();
    return `#/${parts.map(encodeURIComponent).join('/')}${text ? '?' + text : ''}`;
  }

  /** Changes members of this view's query; an empty value removes one. */
  set(changes: Record<string, string>, replace = false): void {
    const search = new URLSearchParams(this.current.query);
    for (const [name, value] of Object.entries(changes)) {
      if (value) search.set(name, value);
      else search.delete(name);
    }
    const text = search.toString();
    const hash = `#/${this.current.parts.map(encodeURIComponent).join('/')}${text ? '?' + text : ''}`;
    if (replace) {
      history.replaceState(null, '', hash);
      this.current = parseHash(hash);
    } else {
      location.hash = hash;
    }
  }
}

export const router = new Router();
