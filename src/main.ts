// The process entry: read the configuration, serve, stop on SIGTERM and SIGINT.
import { runServe } from './cli/run-serve.ts';

await runServe();
