import { useShop } from '@/api/meta'
import type { LinkedId } from '@/api/types'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { viewerLabel } from '@/lib/viewer-label'

/** Under which ids this person came: devices and platforms, since when, and who said so. */
export function Linked({ linked }: { linked: LinkedId[] }) {
  const { t } = useTexts()
  const { zone } = useShop()
  if (linked.length === 0) return null
  return (
    <section data-part="linked">
      <h3>{t('viewer.person.linked')}</h3>
      <ul className="stages">
        {inOrder(linked).map((one) => (
          <li key={`${one.id} ${one.of} ${one.since}`} className={one.until === null ? '' : 'quiet'}>
            <b>{t(`viewer.person.link.${one.kind}`)}</b> {viewerLabel(one.id, t)}{' '}
            <span className="quiet small num">
              {one.until === null
                ? t('viewer.person.link.holds', { time: dayAndClock(one.since, zone), source: one.source, of: one.of })
                : t('viewer.person.link.over', { time: dayAndClock(one.since, zone), until: dayAndClock(one.until, zone) })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Links that hold before those that are over; of equals the newer first. */
export function inOrder(linked: LinkedId[]): LinkedId[] {
  return [...linked].sort((one, other) => Number(one.until !== null) - Number(other.until !== null) || other.since - one.since)
}
