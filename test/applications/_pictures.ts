// The smallest pictures of each kind, and some that only say they are one.
const png = (width: number, height: number): Buffer => {
  const header = Buffer.alloc(33);
  header.write('89504e470d0a1a0a0000000d49484452', 0, 'hex');
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  header.write('0802000000', 24, 'hex');
  return header;
};

export const PNG = png(64, 64);
export const HUGE_PNG = png(20_000, 20_000);
export const JPEG = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffc0000b080040004001011100ffd9',
  'hex',
);
export const WEBP = Buffer.from(
  '524946461a000000574542505650384c0d0000002f3fc00f0000000000000000',
  'hex',
);
export const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
);
export const GIF = Buffer.from('474946383961010001000000002c00000000010001000002', 'hex');
