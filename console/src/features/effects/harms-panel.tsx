import { Table, type TableColumnsType } from 'antd'
import type { Harm } from '@/api/types'
import { Panel } from '@/components/panel'
import { count, signed } from '@/lib/format'
import { boundOf, harmOf } from '@/lib/harms'
import { type Say, useTexts } from '@/lib/language'
import { digitsOf, ticksOf } from './group-forest'

const [WIDTH, LEFT, RIGHT, HEAD, LINE] = [640, 190, 24, 26, 30]

/** What a strategy must not bring about: how much worse it is for the treated, and where it stops by itself. */
export function HarmsPanel({ harms }: { harms: readonly Harm[] }) {
  const { t } = useTexts()
  return (
    <Panel title={t('effects.harms.title')} note={t('effects.harms.note')} name="harms">
      {harms.length === 0 ? (
        <p className="quiet">{t('effects.harms.none')}</p>
      ) : (
        <>
          <Picture harms={harms} />
          <Table<Harm>
            size="small"
            rowKey="name"
            columns={columnsOf(t)}
            dataSource={[...harms]}
            pagination={false}
            scroll={{ x: 720 }}
          />
        </>
      )}
    </Panel>
  )
}

/** Intervals one below the other beside 0, each with the bound at which it stops. The numbers stand in the table. */
function Picture({ harms }: { harms: readonly Harm[] }) {
  const { t } = useTexts()
  const ends = [0, ...harms.flatMap(({ more, tolerated }) => [more.low, more.high, tolerated])].map((one) => 100 * one)
  const ticks = ticksOf(Math.min(...ends), Math.max(...ends))
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1]
  const x = (share: number) => LEFT + ((100 * share - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT)
  const height = harms.length * LINE + HEAD
  const digits = digitsOf((ticks[1] ?? 1) - low)
  return (
    <svg className="group-forest" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={t('effects.harms.picture')}>
      {ticks.map((tick) => (
        <g key={tick}>
          <line className="chart-grid" x1={x(tick / 100)} x2={x(tick / 100)} y1={0} y2={height - HEAD} />
          <text className="chart-tick" x={x(tick / 100)} y={height - 6}>
            {tick === 0 ? '0' : signed(tick, digits)}
          </text>
        </g>
      ))}
      <line className="chart-zero" x1={x(0)} x2={x(0)} y1={0} y2={height - HEAD} />
      {harms.map((one, place) => {
        const y = (place + 0.5) * LINE
        const { more, tolerated } = one
        return (
          <g key={one.name} className={one.is_crossed ? 'forest-harms' : 'forest-unsure'} data-harm={one.name}>
            <text className="chart-name" x={LEFT - 12} y={y + 4}>
              {t(`harm.${harmOf(one.name)}`)}
            </text>
            <line className="chart-interval" x1={x(more.low)} x2={x(more.high)} y1={y} y2={y} />
            <circle cx={x(more.value)} cy={y} r={5} />
            <line className="chart-bound" x1={x(tolerated)} x2={x(tolerated)} y1={y - 11} y2={y + 11} />
          </g>
        )
      })}
    </svg>
  )
}

function columnsOf(t: Say): TableColumnsType<Harm> {
  const points = (share: number) => signed(100 * share, 2)
  return [
    { title: t('effects.harms.what'), render: (_, one) => t(`harm.${harmOf(one.name)}`) },
    { title: t('effects.column.treated'), width: 90, align: 'right', className: 'num', render: (_, one) => count(one.treated) },
    { title: t('effects.column.control'), width: 90, align: 'right', className: 'num', render: (_, one) => count(one.control) },
    {
      title: t('effects.harms.more'),
      width: 220,
      className: 'num',
      render: (_, { more }) => (
        <>
          <b>{points(more.value)}</b>{' '}
          <span className="quiet">
            [{points(more.low)}, {points(more.high)}]
          </span>
        </>
      ),
    },
    { title: t('effects.harms.bound'), width: 110, align: 'right', className: 'num', render: (_, one) => boundOf(one) },
    {
      title: t('effects.column.verdict'),
      width: 130,
      render: (_, one) => t(`effects.harms.is.${one.is_crossed ? 'crossed' : one.is_near ? 'near' : 'below'}`),
    },
  ]
}
