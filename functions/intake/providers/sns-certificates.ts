// The certificates with which Amazon SNS signs: fetched once a day, each at most once a minute where that fails.
import { X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { badSignature } from './provider.ts';
import { type Ask, busy } from './sns-fetch.ts';

/** SNS has one or two for each region. */
const mostCertificates = 50;
const freshMs = 86_400_000;
const failureMs = 60_000;
/** Strangers may name certificates that there are not: failures of so many are remembered. */
const mostFailures = 1_000;
const leastBits = 2_048;

/** Resolves with the certificate at an address of SNS. Throws `invalid_signature` where it is not one of SNS that is good now. */
export type CertificateAt = (url: URL) => Promise<X509Certificate>;

export function createCertificates(ask: Ask, now: () => number): CertificateAt {
  const ages = { perf: { now } };
  const known = new LRUCache<string, X509Certificate>({
    max: mostCertificates,
    ttl: freshMs,
    ttlResolution: 0,
    ...ages,
  });
  const failed = new LRUCache<string, Error>({ max: mostFailures, ttl: failureMs, ttlResolution: 0, ...ages });
  const asked = new Map<string, Promise<X509Certificate>>();

  async function read(url: URL): Promise<X509Certificate> {
    try {
      const certificate = certificateIn(await ask(url));
      known.set(url.href, certificate);
      return certificate;
    } catch (error) {
      if (!(error instanceof Error && error.cause === busy)) failed.set(url.href, error as Error);
      throw error;
    } finally {
      asked.delete(url.href);
    }
  }

  return async (url) => {
    const { href } = url;
    const failure = failed.get(href);
    if (failure !== undefined) throw failure;
    let certificate = known.get(href);
    if (certificate === undefined) {
      // Those that come meanwhile wait for the same answer; how many there are has the bound of `ask`.
      if (!asked.has(href)) asked.set(href, read(url));
      certificate = await asked.get(href);
    }
    if (certificate === undefined || !isGood(certificate, url.hostname, now())) throw badSignature();
    return certificate;
  };
}

function certificateIn(text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw badSignature();
  }
}

/**
 * Who made it is known by the connection that it came over, whose chain Node checks: the file itself has no chain. It has to be of SNS,
 * and of now.
 */
function isGood(certificate: X509Certificate, host: string, now: number): boolean {
  const names = [host, 'sns.amazonaws.com', 'sns.amazonaws.com.cn'];
  return (
    names.some((name) => certificate.checkHost(name) !== undefined) &&
    Date.parse(certificate.validFrom) <= now &&
    now <= Date.parse(certificate.validTo) &&
    // A key of another kind than RSA has no modulus.
    (certificate.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) >= leastBits
  );
}
