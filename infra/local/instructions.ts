// What `npm start` prints once all is up: the lines to paste, in order.

export interface Addresses {
  api: string;
  /** Missing when SMTP_URL replaces the mailbox. */
  mailbox: string | undefined;
}

/** The original's two bodies. */
const credentials = {
  grant_type: 'client_credentials',
  client_id: 'myawesomeapp',
  client_secret: 'abc123',
  scope: 'basic email',
};
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
