// Why, in a person's words.
import { z } from 'zod';

/** What a person writes to others: several lines, no other control characters. */
export function noteField(most: number) {
  return (
    z
      .string()
      // Browsers part lines by CR LF.
      .transform((text) => text.replaceAll('\r\n', '\n').trim())
      .pipe(
        z
          .string()
          .max(most, `Write at most ${most} characters.`)
          .regex(/^(?:[^\p{Cc}]|[\t\n])*$/u, 'Write text without control characters.'),
      )
      .default('')
  );
}

export const reasonField = noteField(500);
