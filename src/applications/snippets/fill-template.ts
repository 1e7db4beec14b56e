// Puts values into the text of a program. Values stand inside of string literals only.

/** How a value stands in the literals of a template, by the file's extension. */
const ESCAPES: Record<string, (value: string) => string> = {
  sh: (value) => value.replaceAll("'", `'\\''`),
  // In a page, no value may end the script.
  html: (value) => value.replace(/[\\']/g, '\\$&').replaceAll('<', '\\x3c'),
  mjs: (value) => value.replace(/[\\']/g, '\\$&'),
  ...Object.fromEntries(['py', 'go', 'java', 'cs'].map((extension) => [extension, doubleQuoted])),
};

function doubleQuoted(value: string): string {
  return value.replace(/[\\"]/g, '\\$&');
}

/** Escapes a value for the literals of a file. Throws for what no id, URL or scope holds. */
export function escapeFor(file: string, value: string): string {
  const write = ESCAPES[file.slice(file.lastIndexOf('.') + 1)];
  if (!write) throw new Error(`no rule to write values into ${file}`);
  if (!/^[\x20-\x7e]*$/.test(value)) throw new Error('a value for code must be printable ASCII');
  return write(value);
}

/**
 * Fills in each `{{name}}` of a template. Lines whose comment begins with `@http` stay, without that
 * mark, for an issuer of plain http. Throws for a name without a value.
 */
export function fillTemplate(
  template: string,
  file: string,
  values: Record<string, string>,
): string {
  const isHttp = values['issuer']?.startsWith('http:');
  return template
    .replace(/^.*\/\/ @http .*\n/gm, (line) => (isHttp ? line.replace('@http ', '') : ''))
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`${file} wants a value ${name}`);
      return escapeFor(file, value);
    });
}
