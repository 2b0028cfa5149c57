// What the dashboard reads from /api/v1/status: where the services listen.

export interface Door { service: string; host: string; port: string }

/** The services' addresses in a status answer, whatever else it holds. */
export function doors(status: unknown): Door[] {
  if (typeof status !== 'object' || status === null) return [];
  const record = status as Record<string, unknown>;
  const rows = [record['services'], record['listeners']].find(Array.isArray) as unknown[] | undefined;
  return (rows ?? []).flatMap((row) => {
    const { service, name, address } = (row ?? {}) as Record<string, unknown>;
    const what = typeof service === 'string' ? service : typeof name === 'string' ? name : '';
    const cut = typeof address === 'string' ? address.lastIndexOf(':') : -1;
    if (typeof address !== 'string' || cut < 0 || what === 'hub') return [];
    return [{ service: what, host: address.slice(0, cut).replace(/[[\]]/g, ''), port: address.slice(cut + 1) }];
  });
}
