// Counts what a pool of connections does, as metrics: the driver itself does not say.
import { gauge, type Metrics } from '../process/metrics.ts';

/** What the driver makes of a statement. It runs once something waits for it; a part of another statement never does. */
interface Statement {
  executed: boolean;
  handle(): Promise<void>;
  resolve(rows: unknown): void;
  reject(error: unknown): void;
}

/** The part of the driver that is used here. */
interface Database {
  begin(work: never): Promise<unknown>;
}

/** `statements` under way, those that wait among them. */
export function describePool(metrics: Metrics, connections: number, statements: () => number): void {
  const value = (read: () => number) => () => [{ labels: {}, value: read() }];
  gauge(
    metrics,
    'database_connections_max',
    'Most connections to PostgreSQL that the pool may have.',
    [],
    value(() => connections),
  );
  gauge(
    metrics,
    'database_connections_in_use',
    'Connections to PostgreSQL on which a statement or a transaction is under way.',
    [],
    value(() => Math.min(statements(), connections)),
  );
  gauge(
    metrics,
    'database_statements_waiting',
    'Statements and transactions that wait behind others for a connection to PostgreSQL.',
    [],
    value(() => Math.max(statements() - connections, 0)),
  );
}

/** The same `sql`, whose statements and transactions are counted. A transaction counts as one. */
export function countStatements<Sql extends Database>(sql: Sql): { sql: Sql; underWay: () => number } {
  let underWay = 0;

  function watch(statement: Statement): void {
    const { handle, resolve, reject } = statement;
    let isCounted = false;
    const ended = () => {
      if (isCounted) underWay -= 1;
      isCounted = false;
    };
    statement.handle = () => {
      if (!statement.executed) {
        underWay += 1;
        isCounted = true;
      }
      return handle.call(statement);
    };
    statement.resolve = (rows) => {
      ended();
      resolve(rows);
    };
    statement.reject = (error) => {
      ended();
      reject(error);
    };
  }

  async function counted<Result>(work: Promise<Result>): Promise<Result> {
    underWay += 1;
    try {
      return await work;
    } finally {
      underWay -= 1;
    }
  }

  const countedSql = new Proxy(sql, {
    apply(target, self, args) {
      const made = Reflect.apply(target as unknown as () => unknown, self, args);
      if (isStatement(made)) watch(made);
      return made;
    },
    get(target, name, receiver) {
      if (name === 'begin') return (work: never) => counted(target.begin(work));
      return Reflect.get(target, name, receiver);
    },
  });
  return { sql: countedSql, underWay: () => underWay };
}

function isStatement(made: unknown): made is Statement {
  return made instanceof Promise && 'handle' in made;
}
