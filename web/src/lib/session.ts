// What a session's numbers mean.
import type { Session } from './types.ts';

/** Whether a login of it was accepted; its user name may be of a refused try. */
export function gotIn(session: Session): boolean {
  return session.logins_success === undefined ? session.has_recording || session.commands > 0 : session.logins_success > 0;
}
