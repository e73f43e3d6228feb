import type { ReactNode } from 'react'
import type { Board } from '@/api/types'
import { Figure } from '@/components/figure'
import { Term } from '@/components/term'
import { asText, compact, count, money, percentOfBasisPoints } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'

const BEFORE_MS = 5 * 60_000

interface NumberCard {
  key: 'gmv' | 'online' | 'orders' | 'conversion' | 'gpm' | 'hesitating'
  value: ReactNode
  below: ReactNode
}

export function KeyNumbers({ board }: { board: Board }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const paid = (minor: number) => money(minor, board.currency, language)
  const earlier = onlineBefore(board)
  const cards: NumberCard[] = [
    {
      key: 'gmv',
      value: <Figure amount={paid(board.gmv_minor)} />,
      below: t('board.number.gmv.below', {
        refunds: asText(paid(board.refunds_minor)),
        net: asText(paid(board.gmv_minor - board.refunds_minor)),
      }),
    },
    {
      key: 'online',
      value: count(board.online),
      below:
        earlier === null
          ? t('board.number.online.peak', { peak: count(board.online_peak) })
          : t('board.number.online.below', { earlier: count(earlier), peak: count(board.online_peak) }),
    },
    {
      key: 'orders',
      value: count(board.orders),
      below: t('board.number.orders.below', { rate: count(board.orders_per_min) }),
    },
    {
      key: 'conversion',
      value: board.conversion_bp === null ? '–' : percentOfBasisPoints(board.conversion_bp),
      below: t('board.number.conversion.below', { entered: asText(compact(board.entered, language)) }),
    },
    {
      key: 'gpm',
      value: board.gpm_minor === null ? '–' : <Figure amount={paid(board.gpm_minor)} />,
      below: t('board.number.gpm.below'),
    },
    {
      key: 'hesitating',
      value: count(board.hesitating.count),
      below: t('board.number.hesitating.below'),
    },
  ]
  return (
    <div className="key-numbers">
      {cards.map((card) => (
        <div className={`panel key-number key-${card.key}`} data-number={card.key} key={card.key}>
          <div className="key-label">
            <Term meaning={t(`board.number.${card.key}.meaning`)}>{t(`board.number.${card.key}.name`)}</Term>
          </div>
          <div className="key-value num">{card.value}</div>
          <div className="key-below small quiet num">{card.below}</div>
        </div>
      ))}
    </div>
  )
}

/** Online five minutes ago, by the trend of the same message. */
function onlineBefore(board: Board): number | null {
  const then = board.as_of - BEFORE_MS
  const first = board.trend[0]
  if (!first || first.at > then) return null
  return board.trend.findLast((point) => point.at <= then)?.online ?? null
}
