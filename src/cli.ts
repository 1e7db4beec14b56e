#!/usr/bin/env -S node --
// The command line. Exit codes: 0 done, 1 it failed, 2 it was called wrongly. Without the `--` above, Node
// would take --env-file for an option of its own, wherever it stands.
import { CommanderError } from 'commander';
import { createProgram } from './cli/program.ts';
import { reportFailure } from './cli/report-failure.ts';

// `gatehouse clients list | head -1` closes the pipe early, which is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await createProgram().parseAsync();
} catch (error) {
  // commander has already written its sentence, or the help that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    reportFailure(error);
    process.exitCode = 1;
  }
}
