import type { Review } from '@/api/types'
import { count } from '@/lib/format'
import { type Lane, perMinute } from './lanes'

const [WIDTH, LEFT, RIGHT, CURVE, ROW, GAP] = [1200, 220, 60, 110, 26, 14]

interface Props {
  review: Review
  lanes: readonly Lane[]
  /** The slice under the cursor. */
  cursor: number
  label: string
  texts: { online: string; orders: string; sales: string }
  /** Money as it is shown. */
  moneyOf: (minor: number) => string
}

/**
 * Online, orders and sales over time, and a lane for each thing that happened; dots are larger where there is more.
 * Where a strategy takes turns with itself, the slices in which it was silent are gray.
 */
export function TimeLine({ review: { slices, width_ms: width }, lanes, moneyOf, cursor, label, texts }: Props) {
  const step = (WIDTH - LEFT - RIGHT) / slices.length
  const x = (place: number) => LEFT + (place + 0.5) * step
  const most = Math.max(1, ...slices.map((one) => one.online ?? 0))
  const sold = slices.map((one, place) => one.orders - (slices[place - 1]?.orders ?? 0))
  const bestSold = Math.max(1, ...sold)
  const sales = perMinute(slices.map((one) => one.gmv_minor), width)
  const bestSales = Math.max(1, ...sales)
  const top = 3 * (CURVE + GAP)
  const soldAt = 2 * (CURVE + GAP) - GAP
  const height = top + lanes.length * ROW
  const y = (online: number) => CURVE - (online / most) * (CURVE - 10)
  const online = slices.flatMap((one, place) => (one.online === null ? [] : [`${x(place)},${y(one.online)}`]))
  return (
    <svg className="time-line" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={label}>
      <text className="chart-name" x={LEFT - 12} y={CURVE / 2}>
        {texts.online}
      </text>
      <text className="chart-value" x={WIDTH - RIGHT + 6} y={16}>
        {count(most)}
      </text>
      <polyline className="chart-line" points={online.join(' ')} />
      <text className="chart-name" x={LEFT - 12} y={CURVE + GAP + CURVE / 2}>
        {texts.orders}
      </text>
      <text className="chart-value" x={WIDTH - RIGHT + 6} y={CURVE + GAP + 16}>
        {count(bestSold)}
      </text>
      {sold.map((n, place) => {
        const tall = (Math.max(0, n) / bestSold) * (CURVE - 10)
        const key = slices[place]?.at ?? place
        return <rect key={key} className="chart-bar" x={x(place) - step * 0.4} y={soldAt - tall} width={step * 0.8} height={tall} />
      })}
      <text className="chart-name" x={LEFT - 12} y={soldAt + GAP + CURVE / 2}>
        {texts.sales}
      </text>
      <text className="chart-value" x={WIDTH - RIGHT + 6} y={soldAt + GAP + 16}>
        {moneyOf(Math.round(bestSales))}
      </text>
      <polyline
        className="chart-line chart-sales"
        points={sales.map((n, place) => `${x(place)},${top - GAP - (n / bestSales) * (CURVE - 10)}`).join(' ')}
      />
      {lanes.map(({ key, label: name, times, silent }, row) => {
        const [middle, largest] = [top + (row + 0.5) * ROW, Math.max(1, ...times.values())]
        return (
          <g key={key}>
            {silent.map(([from, to]) => (
              <rect key={from} className="chart-silent" x={LEFT + from * step} y={middle - ROW / 2 + 2} width={(to - from) * step} height={ROW - 4} />
            ))}
            <line className="chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={middle} y2={middle} />
            <text className="chart-name" x={LEFT - 12} y={middle + 4}>
              {name}
            </text>
            {[...times].map(([place, n]) => (
              <circle key={place} className="chart-point" cx={x(place)} cy={middle} r={3 + 6 * Math.sqrt(n / largest)} />
            ))}
          </g>
        )
      })}
      <line className="chart-cursor" x1={x(cursor)} x2={x(cursor)} y1={0} y2={height} />
    </svg>
  )
}
