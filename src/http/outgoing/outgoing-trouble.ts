/** A request got no whole answer, or was not made. The message names the host alone, and may be logged. */
export class OutgoingTrouble extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutgoingTrouble';
  }
}
