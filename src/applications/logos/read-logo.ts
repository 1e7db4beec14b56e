// What may be a logo: a small PNG, JPEG or WebP by its bytes, whatever its name and declared type say.
import { imageSize } from 'image-size';
import type { Logo } from '../../storage/application-logos.ts';

export const LOGO_BYTES = 100 * 1024;
/** A few bytes can unfold to a picture that stalls the browser of everybody who is asked for consent. */
const MOST_PIXELS_A_SIDE = 2048;

const KINDS: { mediaType: Logo['mediaType']; type: string; isIt: (image: Buffer) => boolean }[] = [
  {
    ...{ mediaType: 'image/png', type: 'png' },
    isIt: (image) => image.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex')),
  },
  {
    ...{ mediaType: 'image/jpeg', type: 'jpg' },
    isIt: (image) => image.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex')),
  },
  {
    ...{ mediaType: 'image/webp', type: 'webp' },
    isIt: (image) =>
      image.toString('latin1', 0, 4) === 'RIFF' && image.toString('latin1', 8, 12) === 'WEBP',
  },
];

/** The logo that bytes hold, or the name of what is wrong: a text `application.logo-<problem>`. */
export function readLogo(image: Buffer): Logo | 'too-large' | 'unknown' {
  if (image.length > LOGO_BYTES) return 'too-large';
  const kind = KINDS.find(({ isIt }) => isIt(image));
  const size = kind && sizeOf(image);
  if (!kind || size?.type !== kind.type) return 'unknown';
  if (Math.max(size.width, size.height) > MOST_PIXELS_A_SIDE) return 'too-large';
  return { mediaType: kind.mediaType, image };
}

// Whoever cuts a picture short makes the reader throw.
function sizeOf(image: Buffer): ReturnType<typeof imageSize> | undefined {
  try {
    return imageSize(image);
  } catch {
    return undefined;
  }
}
