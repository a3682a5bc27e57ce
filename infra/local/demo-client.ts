// The example client of local mode: only in the database that local mode made itself.

/** The original's. */
export const demoClient = { client_id: 'myawesomeapp', client_secret: 'abc123', scope: 'basic email' };

interface Preparation {
  /** The operator's command. */
  command: string[];
  /** What it reads from standard input. */
  input?: string;
}

/**
 * The operator's commands, in order, before functions start; each finds what an earlier start has done. `roles` is the file of the
 * functions' passwords in a database that local mode made itself; undefined: it is another's.
 */
export function preparations(given: { signingKeys: string; roles: string | undefined }): Preparation[] {
  const { signingKeys, roles } = given;
  const { client_id, client_secret, scope } = demoClient;
  const example = {
    command: ['client', 'ensure', client_id, '--demo', '--secret-file', '-', '--scope', scope],
    input: client_secret,
  };
  const ofOurs = roles === undefined ? [] : [{ command: ['database', 'roles', roles] }, example];
  return [{ command: ['migrate'] }, { command: ['signing-key', 'ensure', signingKeys] }, ...ofOurs];
}

/** Whether the lines that `npm start` prints would work: the client may have been changed, and then it stays so. */
export async function demoClientWorks(api: string): Promise<boolean> {
  const response = await fetch(`${api}/authorize`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ grant_type: 'client_credentials', ...demoClient }),
  });
  await response.body?.cancel();
  return response.ok;
}
