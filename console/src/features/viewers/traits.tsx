import { useTranslation } from 'react-i18next'
import { useShop } from '@/api/meta'
import type { ViewerTrait } from '@/api/types'
import { dayAndClock } from '@/lib/format'

/** What is known of the viewer: each value with who said it, and when. */
export function Traits({ traits }: { traits: ViewerTrait[] }) {
  const { t } = useTranslation()
  const { zone } = useShop()
  if (traits.length === 0) return null
  return (
    <section>
      <h3>{t('viewer.traits')}</h3>
      <dl className="facts">
        {traits.map((trait) => (
          <div key={trait.name}>
            <dt className="quiet small">{trait.name}</dt>
            <dd>
              {String(trait.value)}
              <div className="quiet small num">
                {t('viewer.trait_from', { source: trait.source ?? '–', time: dayAndClock(trait.at, zone) })}
              </div>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
