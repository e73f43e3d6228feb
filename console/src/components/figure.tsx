import type { Amount } from '@/lib/format'

/** A number with a small unit. */
export function Figure({ amount }: { amount: Amount }) {
  return (
    <span className="figure">
      {amount.before}
      {amount.digits}
      {amount.unit && <small>{amount.unit}</small>}
    </span>
  )
}
