// Which settings of providers are good, and that without them a provider has no route.
import { generateKeyPairSync } from 'node:crypto';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { createRouter } from '../../../lib/http/route.ts';
import { createLog } from '../../../lib/process/log.ts';
import { parseSettings } from '../../../lib/process/settings.ts';
import { intakeRoutes } from '../routes.ts';
import { providerNames } from './provider.ts';
import { routesOf } from './routes.ts';
import { providerSettings, providersOf } from './settings.ts';

const schema = v.object(providerSettings);
const log = createLog('intake', 'silent');
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' });
const all = {
  INTAKE_SES_TOPICS: 'arn:aws:sns:us-east-1:123456789012:a arn:aws-cn:sns:cn-north-1:123456789012:b',
  INTAKE_POSTMARK_SECRET: 'p'.repeat(20),
  INTAKE_MAILGUN_SIGNING_KEY: `${'m'.repeat(20)}, ${'n'.repeat(20)}`,
  INTAKE_SENDGRID_PUBLIC_KEY: key.toString('base64'),
  INTAKE_RESEND_SECRET: `whsec_${'r'.repeat(32)}`,
};
const pathsOf = (env: Record<string, string>) => {
  const settings = parseSettings(schema, env);
  const find = createRouter(Object.values(routesOf(intakeRoutes, providersOf(settings, log))));
  const isThere = (path: string) => {
    try {
      return find('POST', path).route.path === path;
    } catch (error) {
      expect(error).toMatchObject({ code: 'not_found' });
      return false;
    }
  };
  return ['message', ...providerNames].filter((name) => isThere(`/intake/${name}`));
};

describe('a provider', () => {
  it('has a route with its setting, and none without', () => {
    expect(pathsOf({})).toEqual(['message']);
    expect(pathsOf(all)).toEqual(['message', ...providerNames]);
    for (const [index, name] of Object.keys(all).entries())
      expect(pathsOf({ [name]: all[name as keyof typeof all] })).toEqual(['message', providerNames[index]]);
  });
});

describe('a setting', () => {
  it.each([
    ['INTAKE_SES_TOPICS', 'arn:aws:sqs:us-east-1:123456789012:queue'],
    ['INTAKE_SES_TOPICS', '*'],
    ['INTAKE_POSTMARK_SECRET', 'short-secret'],
    ['INTAKE_POSTMARK_SECRET', `${'p'.repeat(20)} short-secret`],
    ['INTAKE_MAILGUN_SIGNING_KEY', 'short-secret'],
    ['INTAKE_MAILGUN_SIGNING_KEY', `${'m'.repeat(20)} `.repeat(11)],
    ['INTAKE_SENDGRID_PUBLIC_KEY', 'short-secret'],
    ['INTAKE_RESEND_SECRET', 'whsec_short'],
    ['INTAKE_EVENT_SECONDS', '0'],
    ['INTAKE_EVENT_SECONDS', '100000'],
  ])('%s is not %s, and the fault does not repeat it', (name, value) => {
    const fault = () => parseSettings(schema, { ...all, [name]: value });
    expect(fault).toThrow(new RegExp(`${name}: must be`));
    expect(fault).not.toThrow(/short|queue|mmm/);
  });
});
