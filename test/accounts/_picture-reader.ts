// Reads the picture of a CAPTCHA as a program can that has the font: what a person does by eye.
import svgCaptcha from 'svg-captcha';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const SIZE = { noise: 0, width: 240, height: 72, fontSize: 64 };
// Its types leave out that the package is this function.
const draw = svgCaptcha as unknown as (text: string, options: typeof SIZE) => string;

interface Outline {
  commands: string;
  /** The coordinates, relative to the first point. */
  points: number[];
  left: number;
}

const KNOWN = [...LETTERS].map((letter) => ({
  letter,
  outline: outlinesIn(draw(letter, SIZE))[0],
}));

/** The letters of a picture that is a data: URL. */
export function readPicture(picture: string): string {
  const svg = Buffer.from(
    picture.replace(/^data:image\/svg\+xml;base64,/, ''),
    'base64',
  ).toString();
  return outlinesIn(svg)
    .sort((a, b) => a.left - b.left)
    .map((outline) => KNOWN.find((known) => isLike(known.outline, outline))?.letter ?? '?')
    .join('');
}

// Letters are filled; the lines across them are not.
function outlinesIn(svg: string): Outline[] {
  return [...svg.matchAll(/<path fill="#[0-9a-f]+" d="([^"]+)"/g)].map(([, d = '']) => {
    const numbers = (d.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
    const [x = 0, y = 0] = numbers;
    const points = numbers.map((number, index) => number - (index % 2 === 0 ? x : y));
    return { commands: d.replace(/[^A-Z]/g, ''), points, left: x };
  });
}

// The library moves every point by a tenth of a pixel at most.
function isLike(known: Outline | undefined, outline: Outline): boolean {
  return (
    known?.commands === outline.commands &&
    known.points.length === outline.points.length &&
    known.points.every((point, index) => Math.abs(point - (outline.points[index] ?? 0)) < 0.5)
  );
}
