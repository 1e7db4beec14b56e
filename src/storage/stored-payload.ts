// One protocol artefact as the database holds it.
export interface StoredPayload {
  payload: Record<string, unknown>;
  consumed: boolean;
  /** Milliseconds since then. A session is consumed when its id was changed. */
  consumedAgo?: number;
  /** Consumed by a refresh seconds ago, whose answer may be asked for again. */
  repeatable: boolean;
  /** Seconds left by the database's clock; negative when expired. */
  secondsLeft: number;
}
