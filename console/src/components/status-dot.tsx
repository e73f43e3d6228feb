export type Status = 'good' | 'person' | 'bad' | 'unknown'

/** A colored dot; the words beside it carry the meaning. */
export function StatusDot({ status }: { status: Status }) {
  return <i className={`dot dot-${status}`} aria-hidden="true" />
}
