// Given and family names.
import { z } from 'zod';

export const personName = z
  .string()
  .trim()
  .regex(/^\P{C}{1,100}$/u, 'A name must have 1 to 100 characters and no control characters.');
