import type { Doubt } from '@/api/types'
import { Panel } from '@/components/panel'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'

export function Doubts({ doubts }: { doubts: Doubt[] }) {
  const { t } = useTexts()
  return (
    <Panel title={t('board.doubts.title')} note={t('board.doubts.note')} className="grows" name="doubts">
      {doubts.length === 0 ? (
        <p className="quiet nothing">{t('board.doubts.none')}</p>
      ) : (
        // Scrolls when there are many, so the keyboard must reach it.
        <ul className="doubts scrolls" tabIndex={0} aria-label={t('board.doubts.title')}>
          {doubts.map((doubt) => (
            <li key={doubt.product ?? ''}>
              <div className="doubt-head">
                <b className="cut">{doubt.title || doubt.product || t('board.doubts.no_product')}</b>
                {doubt.rising && <span className="chip chip-person">{t('board.doubts.rising')}</span>}
                <span className="num quiet">{t('app.people', { n: count(doubt.viewers) })}</span>
              </div>
              {doubt.latest.map((comment) => (
                <div className="quiet cut" key={`${comment.at} ${comment.text}`}>
                  {t('board.doubts.quoted', { text: comment.text })}
                </div>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
