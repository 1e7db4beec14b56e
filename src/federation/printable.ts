// What strangers write into an address or an error, made fit for the audit trail.

/** The beginning of a text, without what no line can show and the database cannot keep. */
export function printable(text: string, longest: number): string {
  return text.slice(0, longest).replace(/\p{C}/gu, '\ufffd');
}
