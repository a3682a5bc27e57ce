// The whole API behind the gateway of local mode: what clients that others wrote are pointed at.
import type { PublicFunction } from '../gateway/public-functions.ts';
import { startGateway } from '../local/gateway.ts';
import { freePort, loopback } from '../local/ports.ts';
import { startWholeApi, type WholeApi } from './whole-api.ts';

export interface BehindGateway extends WholeApi {
  /** Of the gateway, without a slash at its end. */
  baseUrl: string;
}

/** Endpoints of webhooks may be on this machine. */
export async function startBehindGateway(): Promise<BehindGateway> {
  const port = await freePort();
  const baseUrl = `http://${loopback}:${port}`;
  const webhooks = { WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8', DISPATCH_INTERVAL_SECONDS: '0.1' };
  // As an operator sets it: clients find everything from there.
  const settings = { ...webhooks, ISSUER: baseUrl };
  const whole = await startWholeApi({ settings, also: ['manage', 'notify', 'intake', 'console'] });
  const { functions } = whole.api;
  const portOf = (name: PublicFunction) => Number(new URL(functions[name].url).port);
  const gateway = await startGateway({
    port,
    ports: {
      token: portOf('token'),
      send: portOf('send'),
      history: portOf('history'),
      manage: portOf('manage'),
      intake: portOf('intake'),
      console: portOf('console'),
    },
  });
  return {
    ...whole,
    baseUrl,
    async stop() {
      await gateway.stop();
      await whole.stop();
    },
  };
}
