import type { HotProduct } from '@/api/types'
import { Panel } from '@/components/panel'
import { Term } from '@/components/term'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'

export function HotProducts({ hot }: { hot: HotProduct[] }) {
  const { t } = useTexts()
  const most = Math.max(1, ...hot.map((product) => product.points))
  return (
    <Panel
      title={<Term meaning={t('board.hot.meaning')}>{t('board.hot.title')}</Term>}
      note={t('board.hot.note')}
      name="hot"
    >
      {hot.length === 0 ? (
        <p className="quiet nothing">{t('board.hot.none')}</p>
      ) : (
        <ol className="hot scrolls" tabIndex={0} aria-label={t('board.hot.title')}>
          {hot.map((product) => (
            <li key={product.product}>
              <span className="cut">{product.title || product.product}</span>
              <span className="num">{count(product.points)}</span>
              <span className="hot-bar">
                <i style={{ width: `${(product.points / most) * 100}%` }} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}
