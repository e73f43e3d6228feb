import type { EffectStanding } from '@/api/types'
import { signed } from '@/lib/format'
import { digitsOf, ticksOf } from './group-forest'

const [WIDTH, HEIGHT, LEFT, RIGHT, BELOW, ABOVE] = [640, 260, 56, 16, 26, 10]

interface Props {
  standings: readonly EffectStanding[]
  label: string
  /** How an instant is said on the axis. */
  at: (ms: number) => string
}

/** What was known at each instant: the effect, and the interval that holds however often one looks. */
export function EffectBand({ standings, label, at }: Props) {
  const [first, last] = [standings[0], standings.at(-1)]
  if (first === undefined || last === undefined) return null
  // The first looks are so wide that nothing else would be seen; what is cut off is cut at the edge.
  const spread = 4 * Math.max(last.absolute.high - last.absolute.low, 1e-6)
  const within = (value: number) => Math.max(last.absolute.value - spread, Math.min(last.absolute.value + spread, value))
  const ends = standings.flatMap(({ absolute }) => [within(absolute.low), within(absolute.high)])
  const ticks = ticksOf(100 * Math.min(0, ...ends), 100 * Math.max(0, ...ends))
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1]
  const digits = digitsOf((ticks[1] ?? 1) - low)
  const span = last.as_of - first.as_of || 1
  const x = (ms: number) => LEFT + ((ms - first.as_of) / span) * (WIDTH - LEFT - RIGHT)
  const y = (share: number) =>
    ABOVE + ((high - 100 * within(share)) / (high - low || 1)) * (HEIGHT - ABOVE - BELOW)
  const points = (of: (one: EffectStanding) => number) => standings.map((one) => `${x(one.as_of)},${y(of(one))}`)
  const around = [...points((one) => one.absolute.high), ...points((one) => one.absolute.low).reverse()]
  const middle = standings[Math.floor(standings.length / 2)]
  const named = [...new Set([first, ...(middle ? [middle] : []), last])]
  return (
    <svg className="effect-band" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line className="chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick / 100)} y2={y(tick / 100)} />
          <text className="chart-value" textAnchor="end" x={LEFT - 8} y={y(tick / 100) + 4}>
            {tick === 0 ? '0' : signed(tick, digits)}
          </text>
        </g>
      ))}
      <line className="chart-zero" x1={LEFT} x2={WIDTH - RIGHT} y1={y(0)} y2={y(0)} />
      <polygon className="chart-band" points={around.join(' ')} />
      <polyline className="chart-line" points={points((one) => one.absolute.value).join(' ')} />
      {standings.map((one) => (
        <circle key={one.as_of} className="chart-point" cx={x(one.as_of)} cy={y(one.absolute.value)} r={3} />
      ))}
      {named.map((one) => (
        <text
          key={one.as_of}
          className="chart-tick"
          textAnchor={one === first ? 'start' : one === last ? 'end' : 'middle'}
          x={x(one.as_of)}
          y={HEIGHT - 6}
        >
          {at(one.as_of)}
        </text>
      ))}
    </svg>
  )
}
