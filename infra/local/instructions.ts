// What `npm start` prints once all is up: the lines to paste, in order.
import { demoClient } from './demo-client.ts';

export interface Addresses {
  api: string;
  /** Missing when SMTP_URL replaces the mailbox. */
  mailbox: string | undefined;
}

/** The original's two bodies. */
const credentials = { grant_type: 'client_credentials', ...demoClient };
const email = {
  email: 'sender@example.com',
  name: 'Sender',
  to_name: 'Receiver',
  to_email: 'receiver@example.com',
  subject: 'Hello',
};

export function instructions({ api, mailbox }: Addresses): string {
  const look = mailbox
    ? ['# 3. see it in the mailbox, a moment later', `${get} ${mailbox}/email`]
    : ['# 3. see it where your SMTP_URL leads'];
  return [
    '# 1. get a token',
    `TOKEN=$(${post(`${api}/authorize`, credentials)} | ${field('access_token')})`,
    '',
    '# 2. send an email',
    `ID=$(${post(`${api}/send`, email, authorized)} | ${field('id')})`,
    '',
    ...look,
    '',
    '# 4. read its history',
    `${get} ${api}/emails/$ID ${authorized}`,
  ].join('\n');
}

/** Where there is no example client: in a database that was given to us, or after its secret was changed. */
export function howToMakeAClient(api: string): string {
  return [
    '# make a client; its secret is shown once',
    'npm run admin -- client create NAME --sender example.com',
    '',
    `# what to do with it: ${api}/docs`,
  ].join('\n');
}

/** Adds a line end after the answer, which has none. */
const get = "curl -sw '\\n'";
const authorized = '-H "Authorization: Bearer $TOKEN"';

function post(url: string, body: object, ...headers: string[]): string {
  return ['curl -s', url, ...headers, "-H 'Content-Type: application/json'", `-d '${JSON.stringify(body)}'`].join(' ');
}

/** Node is there; `jq` may not be. */
function field(name: string): string {
  return `node -p 'JSON.parse(fs.readFileSync(0)).${name}'`;
}
