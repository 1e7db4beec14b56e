// What the operating system knows about another process: alive, zombie, since when, running what.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

export type ProcessState = 'running' | 'zombie' | 'gone';

async function readProc(pid: number, file: string): Promise<string | undefined> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => undefined);
}

/** The fields of /proc/<pid>/stat that follow the command, which may itself hold spaces and brackets. */
async function readStat(pid: number): Promise<string[] | undefined> {
  const stat = await readProc(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Whether a process runs. Only Linux tells zombies (dead, not yet reaped by its parent) apart. */
export async function readProcessState(pid: number): Promise<ProcessState> {
  if (!answersSignals(pid)) return 'gone';
  if (process.platform !== 'linux') return 'running';
  const state = (await readStat(pid))?.[0];
  if (state === undefined || state === 'X') return 'gone';
  return state === 'Z' ? 'zombie' : 'running';
}

/** The clock tick at which a process started: it tells two owners of one pid apart. Linux only. */
export async function readProcessStart(pid: number): Promise<string | undefined> {
  return (await readStat(pid))?.[19];
}

/** The command line, joined by spaces; undefined where the system does not tell. */
export async function readCommandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'win32') return undefined;
  if (process.platform === 'linux') return (await readProc(pid, 'cmdline'))?.replaceAll('\0', ' ');
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'args=', '-p', String(pid)], (error, stdout) => {
      resolve(error === null ? `${stdout.trim()} ` : undefined);
    });
  });
}
