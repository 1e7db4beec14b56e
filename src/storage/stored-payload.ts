// One protocol artefact as the database holds it.
export interface StoredPayload {
  payload: Record<string, unknown>;
  consumed: boolean;
  /** Seconds left by the database's clock; negative when expired. */
  secondsLeft: number;
}
