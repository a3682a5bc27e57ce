// Other load on the machine: processes that do nothing but take its processors.
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** As many as there are processors, and as many again. The returned function ends them. */
export function burnProcessors(): () => void {
  const burners: ChildProcess[] = Array.from({ length: availableParallelism() * 2 }, () =>
    spawn(
      process.execPath,
      [
        '-e',
        'process.on("disconnect", () => process.exit()); const turn = () => { const until = Date.now() + 50; while (Date.now() < until); setImmediate(turn); }; turn();',
      ],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      },
    ),
  );
  return () => {
    for (const burner of burners) burner.kill('SIGKILL');
  };
}
