// Certificates for the SMTP server: a good one and one that has expired, made with the `openssl` command.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificates {
  key: string;
  good: string;
  expired: string;
  /** File with both, for whoever is to trust them. */
  trusted: string;
}

/** `openssl req` knows no date in the past; `openssl ca` does, and wants its bookkeeping. */
const config = `
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = IP:127.0.0.1
basicConstraints = critical,CA:TRUE
`;

export function makeCertificates(directory: string): Certificates {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'ca.cnf'), config);
  writeFileSync(join(directory, 'index.txt'), '');
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem'];
  openssl('req', '-new', ...newKey, '-out', 'request.pem', '-subj', '/CN=127.0.0.1');
  const sign = (out: string, from: string, to: string) => {
    const dates = ['-startdate', from, '-enddate', to];
    openssl(
      ...['ca', '-config', 'ca.cnf', '-selfsign', '-keyfile', 'key.pem', '-in', 'request.pem', '-batch', '-notext'],
      ...dates,
      ...['-out', out],
    );
    return readFileSync(join(directory, out), 'utf8');
  };
  const good = sign('good.pem', '20200101000000Z', '20990101000000Z');
  const expired = sign('expired.pem', '20200101000000Z', '20210101000000Z');
  const trusted = join(directory, 'trusted.pem');
  writeFileSync(trusted, good + expired);
  return { key: readFileSync(join(directory, 'key.pem'), 'utf8'), good, expired, trusted };
}
