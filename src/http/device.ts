// Which browser on which system a request comes from, in words that its owner recognises.
import type { Context } from 'koa';

export interface Device {
  /** A name such as `Firefox`; empty when the browser does not say. */
  browser: string;
  system: string;
}

// The first that matches: many browsers also call themselves Chrome and Safari.
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** Reads the device from what the browser says of itself; nothing else of that is kept. */
export function deviceOf(ctx: Context): Device {
  const text = ctx.get('User-Agent').slice(0, 1000);
  const first = (names: [RegExp, string][]) => names.find(([sign]) => sign.test(text))?.[1] ?? '';
  return { browser: first(BROWSERS), system: first(SYSTEMS) };
}
