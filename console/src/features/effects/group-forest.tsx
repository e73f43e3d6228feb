import type { Interval } from '@/api/types'
import { signed } from '@/lib/format'
import { saysOf } from './effect-words'

export interface Row {
  key: string
  label: string
  /** More per person, as a share of people. */
  lift: Interval
  /** Drawn towards that of all; null: this is all of them. */
  shrunk: number | null
  isEnough: boolean
}

const [WIDTH, LEFT, RIGHT, HEAD, LINE] = [640, 190, 84, 26, 30]
const MOST_TICKS = 6

/** Round steps from the lowest to the highest value, 0 among them. */
export function ticksOf(low: number, high: number): number[] {
  const least = Math.max((high - low) / MOST_TICKS, 1e-9)
  const power = 10 ** Math.floor(Math.log10(least))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least) ?? 10 * power
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)]
  return Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step)
}

/** As many digits as steps of this size need. */
export const digitsOf = (step: number): number => Math.min(3, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))

/** Effects one below the other beside 0 and beside that of all (dashed). The numbers stand in the table below. */
export function GroupForest({ rows, whole, label }: { rows: readonly Row[]; whole: Interval; label: string }) {
  const ends = [0, ...rows.flatMap(({ lift, shrunk }) => [lift.low, lift.high, shrunk ?? 0])].map((one) => 100 * one)
  const ticks = ticksOf(Math.min(...ends), Math.max(...ends))
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1]
  const x = (share: number) => LEFT + ((100 * share - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT)
  const height = rows.length * LINE + HEAD
  const digits = digitsOf((ticks[1] ?? 1) - low)
  return (
    <svg className="group-forest" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={label}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line className="chart-grid" x1={x(tick / 100)} x2={x(tick / 100)} y1={0} y2={height - HEAD} />
          <text className="chart-tick" x={x(tick / 100)} y={height - 6}>
            {tick === 0 ? '0' : signed(tick, digits)}
          </text>
        </g>
      ))}
      <line className="chart-zero" x1={x(0)} x2={x(0)} y1={0} y2={height - HEAD} />
      <line className="chart-whole" x1={x(whole.value)} x2={x(whole.value)} y1={0} y2={height - HEAD} />
      {rows.map(({ key, label: name, lift, shrunk, isEnough }, place) => {
        const y = (place + 0.5) * LINE
        const at = shrunk === null ? null : x(shrunk)
        return (
          <g key={key} className={`forest-${saysOf(lift, isEnough)}`}>
            <text className="chart-name" x={LEFT - 12} y={y + 4}>
              {name}
            </text>
            <line className="chart-interval" x1={x(lift.low)} x2={x(lift.high)} y1={y} y2={y} />
            <circle cx={x(lift.value)} cy={y} r={shrunk === null ? 7 : 5} />
            {at !== null && <path className="chart-shrunk" d={`M${at - 5} ${y} l5 -6 l5 6 l-5 6 z`} />}
            <text className="chart-value" x={WIDTH - RIGHT + 14} y={y + 4}>
              {signed(100 * lift.value, 2)}
            </text>
          </g>
        )
      })}
    </svg>
  )
}
