import { useMemo } from 'react'
import { useShop } from '@/api/meta'
import type { Board } from '@/api/types'
import { Chart } from '@/components/chart'
import { Panel } from '@/components/panel'
import { asText, count, money } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useLook } from '@/lib/theme'
import { useSize } from '@/lib/use-size'
import { trendOption } from './trend-option'

export function TrendPanel({ board }: { board: Board }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const { palette, isWall } = useLook()
  const { zone } = useShop()
  const [box, { width }] = useSize<HTMLDivElement>()
  const { trend, presented, currency } = board
  const asOf = trend.at(-1)?.at ?? board.as_of
  const option = useMemo(
    () =>
      trendOption({
        trend,
        presented,
        asOf,
        zone,
        language,
        palette,
        width,
        fontSize: isWall ? 16 : 12,
        money: (minor) => money(minor, currency, language),
        texts: {
          online: t('board.trend.online'),
          gmv: t('board.trend.gmv'),
          orders: t('board.trend.orders'),
        },
      }),
    [trend, presented, asOf, zone, language, palette, isWall, width, currency, t],
  )
  const last = trend.at(-1)
  const label = last
    ? t('board.trend.label', {
        online: count(last.online),
        gmv: asText(money(last.gmv_minor_per_min, currency, language)),
      })
    : t('board.trend.none')
  return (
    <Panel title={t('board.trend.title')} note={t('board.trend.note')} className="trend" name="trend">
      <div ref={box} className="chart-box">
        {last ? <Chart option={option} label={label} /> : <p className="quiet nothing">{label}</p>}
      </div>
    </Panel>
  )
}
