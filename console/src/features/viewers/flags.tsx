import { useMoments, useShop } from '@/api/meta'
import type { Viewer } from '@/api/types'
import { clock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'

/** Why this viewer is flagged. */
export function Flags({ viewer }: { viewer: Viewer }) {
  const { t } = useTexts()
  const { named } = useMoments()
  const { zone } = useShop()
  const { words } = useLanguage()
  return (
    <section>
      <h3>{t('viewer.flags')}</h3>
      {viewer.firings.length === 0 && <p className="quiet">{t('viewer.no_flags')}</p>}
      <ul className="flags">
        {viewer.firings.map((firing) => (
          <li key={firing.id}>
            <div>
              <b>{named(firing.moment)}</b> <span className="num quiet">{clock(firing.at, zone)}</span>
            </div>
            <div className="quiet">{words(firing.explanation)}</div>
          </li>
        ))}
      </ul>
    </section>
  )
}
