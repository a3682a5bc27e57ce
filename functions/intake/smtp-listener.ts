// The SMTP listener: takes mail for return paths of ours and nothing else. It never relays, and never answers with mail of its own.
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type * as v from 'valibot';
import type { ReturnPaths } from '../../lib/mail/return-path.ts';
import type { Log } from '../../lib/process/log.ts';
import { isDatabaseUnavailable } from '../../lib/store/database.ts';
import { keepBeginning } from './keep-beginning.ts';
import type { IntakeMetrics, Refusal } from './metrics.ts';
import type { IntakeSettings } from './settings.ts';
import type { TakeMessage } from './take-message.ts';

export interface ListenerOptions {
  settings: v.InferOutput<typeof IntakeSettings>;
  returnPaths: ReturnPaths | undefined;
  take: TakeMessage;
  metrics: IntakeMetrics;
  log: Log;
}

export interface Listener {
  start(): void;
  /** Throws while it does not listen. */
  check(): Promise<void>;
  connections(): number;
  /** Lets messages that are coming in finish. */
  stop(): Promise<void>;
}

/** Return paths of one message: a report is about one email. */
const mostRecipients = 20;
/** Whoever names so many wrong ones in a connection looks for right ones. */
const mostBadRecipients = 10;
/** How long messages that are coming in have to finish when the process must end. */
const farewellMs = 10_000;

interface Session {
  id: string;
  remoteAddress: string;
}

/** Undefined where no port is set. */
export function createListener({ settings, returnPaths, take, metrics, log }: ListenerOptions): Listener | undefined {
  const { INTAKE_SMTP_PORT: port, INTAKE_TLS_CERT: cert, INTAKE_TLS_KEY: key, HOST: host } = settings;
  if (port === undefined) return undefined;
  if (returnPaths === undefined) throw new Error('INTAKE_SMTP_PORT is set, and RETURN_PATH_HOST is not');
  if ((cert === undefined) !== (key === undefined)) throw new Error('INTAKE_TLS_CERT and INTAKE_TLS_KEY go together');
  const hasTls = cert !== undefined;
  /** By the id of its session, what is known of each connection that is open. */
  const open = new Map<string, { address: string; badRecipients: number; end: NodeJS.Timeout }>();

  const refuse = (reason: Refusal, code: number, text: string) => {
    metrics.refused(reason);
    return Object.assign(new Error(text), { responseCode: code });
  };

  const options: SMTPServerOptions = {
    name: settings.RETURN_PATH_HOST,
    banner: 'reports only',
    size: settings.INTAKE_MESSAGE_BYTES,
    maxClients: settings.INTAKE_SMTP_CONNECTIONS,
    socketTimeout: settings.INTAKE_SMTP_TIMEOUT_SECONDS * 1000,
    closeTimeout: farewellMs,
    disableReverseLookup: true,
    disabledCommands: hasTls ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    authOptional: true,
    hideENHANCEDSTATUSCODES: false,
    logger: false,
    ...(hasTls && { cert, key }),

    onConnect(session: Session, done) {
      const { id, remoteAddress: address } = session;
      const ofAddress = [...open.values()].filter((one) => one.address === address).length;
      if (ofAddress >= settings.INTAKE_SMTP_CONNECTIONS_PER_ADDRESS)
        return done(refuse('connections', 421, '4.7.0 Too many connections from your address'));
      const end = setTimeout(() => {
        metrics.refused('too_long');
        hangUp(id, 421, '4.4.2 The connection takes too long');
      }, settings.INTAKE_SMTP_SESSION_SECONDS * 1000);
      open.set(id, { address, badRecipients: 0, end });
      return done();
    },
    onClose({ id }: Session) {
      clearTimeout(open.get(id)?.end);
      open.delete(id);
    },
    onRcptTo({ address }, session, done) {
      const known = open.get(session.id);
      if (session.envelope.rcptTo.length >= mostRecipients)
        return done(refuse('too_many_recipients', 452, '4.5.3 Too many recipients'));
      if (returnPaths.emailOfAddress(address) !== undefined) return done();
      if (known && ++known.badRecipients >= mostBadRecipients)
        return done(refuse('too_many_bad_recipients', 421, '4.7.0 Too many unknown recipients'));
      return done(refuse('bad_recipient', 550, '5.1.1 There is no such return path here'));
    },
    onData(stream, session, done) {
      const beginning = keepBeginning(stream, {
        keep: settings.MAX_REPORT_BYTES,
        most: settings.INTAKE_MESSAGE_BYTES,
        onTooLarge() {
          metrics.refused('too_large');
          hangUp(session.id, 552, '5.3.4 The message is too large');
        },
      });
      beginning
        .then((message) => take(message, { source: 'smtp', to: session.envelope.rcptTo.map(({ address }) => address) }))
        .then(
          () => done(null, '2.0.0 Taken'),
          (error) => {
            // The other side keeps it, and tries again.
            if (!isDatabaseUnavailable(error)) log.error('a report cannot be recorded', { error });
            done(refuse('unavailable', 451, '4.3.0 Try again later'));
          },
        );
    },
  };

  const server = new SMTPServer(options);
  // A connection that the other side drops is no trouble of ours.
  server.on('error', (error: Error & { code?: string; syscall?: string }) => {
    if (error.syscall !== 'listen') return;
    log.error(`cannot listen on port ${port}`, { error });
    process.exit(1);
  });

  /** Ends a connection in the middle of what it does. */
  function hangUp(sessionId: string, code: number, text: string): void {
    for (const connection of server.connections) {
      if (connection.id !== sessionId) continue;
      connection.send(code, text);
      connection.close();
    }
  }

  return {
    start: () =>
      void server.listen(port, host, () => log.info('listening for SMTP', { address: server.server.address() })),
    check: async () => {
      if (!server.server.listening) throw new Error('it does not listen for SMTP');
    },
    connections: () => open.size,
    stop: () =>
      new Promise((resolve) => {
        for (const { end } of open.values()) end.unref();
        server.close(() => resolve());
      }),
  };
}
