// Finds and ends processes by a word that only they carry, a path say. Linux only, as .ci/run is.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Process {
  pid: number;
  command: string;
}

/** A process may end while we look: then it says nothing. */
function ask(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** The processes that have one of the marks in their command line, environment or working directory. */
export function findProcesses(marks: readonly string[]): Process[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      const command = ask(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      const environment = ask(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
      const directory = ask(() => readlinkSync(`/proc/${pid}/cwd`));
      const said = `${command}\n${environment}\n${directory}`;
      if (!marks.some((mark) => said.includes(mark))) return [];
      return [{ pid: Number(pid), command: command.replaceAll('\0', ' ').trim() }];
    });
}

/** Ends them at once. One that has gone in between is none of our business. */
export function killProcesses(marks: readonly string[]): void {
  for (const { pid } of findProcesses(marks)) {
    ask(() => String(process.kill(pid, 'SIGKILL')));
  }
}
