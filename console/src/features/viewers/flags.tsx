import { useTranslation } from 'react-i18next'
import { useMoments, useShop } from '@/api/meta'
import type { Viewer } from '@/api/types'
import { clock, duration } from '@/lib/format'
import { useLanguage } from '@/lib/language'
import { useNow } from '@/lib/use-now'

/** Why this viewer is flagged, and what is about to be decided. */
export function Flags({ viewer }: { viewer: Viewer }) {
  const { t } = useTranslation()
  const { named } = useMoments()
  const { zone } = useShop()
  const { words } = useLanguage()
  const now = useNow()
  return (
    <section>
      <h3>{t('viewer.flags')}</h3>
      {viewer.firings.length === 0 && <p className="quiet">{t('viewer.no_flags')}</p>}
      <ul className="flags">
        {viewer.firings.map((firing) => (
          <li key={`${firing.moment} ${firing.at} ${firing.product ?? ''}`}>
            <div>
              <b>{named(firing.moment)}</b> <span className="num quiet">{clock(firing.at, zone)}</span>
            </div>
            <div className="quiet">{words(firing.explanation)}</div>
          </li>
        ))}
      </ul>
      {viewer.waiting.length > 0 && (
        <>
          <h3>{t('viewer.waiting')}</h3>
          <ul className="flags">
            {viewer.waiting.map((timer) => (
              <li key={`${timer.moment} ${timer.product ?? ''}`}>
                <span className="num">
                  {t('viewer.due', {
                    moment: named(timer.moment),
                    length: duration(timer.due_at - now),
                  })}
                </span>{' '}
                <span className="quiet">{timer.product}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
