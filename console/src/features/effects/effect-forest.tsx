import type { Interval } from '@/api/types'
import { signed } from '@/lib/format'
import { useTexts } from '@/lib/language'

export interface Line {
  label: string
  /** A share of the control's mean. */
  lift: Interval
}

const WIDTH = 320
const ROW = 26
const EDGE = 8

/** Where a value lies, so that all intervals and 0 are within the picture. */
export function scaleOf(lines: readonly Line[]): (value: number) => number {
  const ends = [0, ...lines.flatMap(({ lift }) => [lift.low, lift.high])]
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  const span = high - low || 1
  return (value) => EDGE + ((value - low) / span) * (WIDTH - 2 * EDGE)
}

/** Relative lifts with their intervals beside 0. The numbers stand in the labels, for those who do not see it. */
export function EffectForest({ lines }: { lines: readonly Line[] }) {
  const { t } = useTexts()
  const x = scaleOf(lines)
  const height = lines.length * ROW
  return (
    <figure className="forest">
      <ul className="small">
        {lines.map(({ label, lift }) => (
          <li key={label}>
            {label} <b className="num">{signed(100 * lift.value, 1, '%')}</b>{' '}
            <span className="quiet num">
              [{signed(100 * lift.low, 1, '%')}, {signed(100 * lift.high, 1, '%')}]
            </span>
          </li>
        ))}
      </ul>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={t('strategies.effect.picture')}>
        <line className="forest-zero" x1={x(0)} x2={x(0)} y1={0} y2={height} />
        {lines.map(({ label, lift }, place) => {
          const y = (place + 0.5) * ROW
          const sure = lift.low > 0 ? 'works' : lift.high < 0 ? 'harms' : 'unsure'
          return (
            <g key={label} className={`forest-${sure}`}>
              <line x1={x(lift.low)} x2={x(lift.high)} y1={y} y2={y} />
              <circle cx={x(lift.value)} cy={y} r={5} />
            </g>
          )
        })}
      </svg>
      <figcaption className="quiet small">{t('strategies.effect.picture')}</figcaption>
    </figure>
  )
}
