import { useEventName, useShop } from '@/api/meta'
import type { Person, Preference } from '@/api/types'
import { asText, count, dayAndClock, money } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'

/** What is known of somebody, in a room or without one. */
type Known = Pick<Person, 'basic' | 'stages' | 'behavior' | 'preference' | 'since' | 'stored_at'>

/** Four dimensions: who they are, what they do, what they turn to, where they stand with the shop. */
export function PersonFacts({ person }: { person: Known }) {
  const { t } = useTexts()
  const { zone } = useShop()
  return (
    <>
      <Basic person={person} />
      <Life person={person} />
      <Behavior person={person} />
      <Preferences preferences={person.preference} />
      <p className="quiet small num" data-part="rests-on">
        {person.since === null
          ? t('viewer.person.rests_on_all', { time: dayAndClock(person.stored_at ?? 0, zone) })
          : t('viewer.person.rests_on', { time: dayAndClock(person.since, zone) })}
      </p>
    </>
  )
}

function Basic({ person }: { person: Known }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { words } = useLanguage()
  return (
    <section data-part="basic">
      <h3>{t('viewer.person.basic')}</h3>
      {person.basic.length === 0 && <p className="quiet">{t('viewer.person.no_basic')}</p>}
      <dl className="facts">
        {person.basic.map((one) => (
          <div key={one.name}>
            <dt className="quiet small">{words(one.names)}</dt>
            <dd>
              {words(one.value_names)}
              <div className="quiet small num">
                {t('viewer.person.basic_from', {
                  origin: t(`viewer.person.origin.${one.origin}`),
                  percent: one.confidence,
                  time: dayAndClock(one.at, zone),
                })}
              </div>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Life({ person }: { person: Known }) {
  const { t } = useTexts()
  const { zone } = useShop()
  if (person.stages.length === 0) return null
  return (
    <section data-part="life">
      <h3>{t('viewer.person.life')}</h3>
      <ul className="stages">
        {[...person.stages].reverse().map((one, index) => (
          <li key={one.since} className={index === 0 ? '' : 'quiet'}>
            {index === 0 ? <b>{t(`viewer.person.stage.${one.stage}`)}</b> : t(`viewer.person.stage.${one.stage}`)}{' '}
            <span className="quiet small num">
              {t('viewer.person.since', { time: dayAndClock(one.since, zone).slice(0, 5) })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Behavior({ person }: { person: Known }) {
  const { t } = useTexts()
  const { zone, currency } = useShop()
  const nameOf = useEventName()
  const { language } = useLanguage()
  if (person.behavior.length === 0) return null
  return (
    <section data-part="behavior">
      <h3>{t('viewer.person.behavior')}</h3>
      <dl className="facts">
        {person.behavior.map((one) => (
          <div key={one.type}>
            <dt className="quiet small">{nameOf(one.type)}</dt>
            <dd className="num">
              {t('viewer.person.done', { n: count(one.n), time: dayAndClock(one.last, zone) })}
              {one.amount_minor > 0 && <b> {asText(money(one.amount_minor, currency, language))}</b>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Preferences({ preferences }: { preferences: Preference[] }) {
  const { t } = useTexts()
  const seen = preferences.filter((one) => one.acts > 0)
  if (seen.length === 0) return null
  return (
    <section data-part="preference">
      <h3>{t('viewer.person.preference')}</h3>
      <dl className="facts">
        {seen.map((one) => (
          <div key={one.dimension}>
            <dt className="quiet small">{t(`viewer.person.dimension.${one.dimension}`)}</dt>
            <dd>{one.enough ? <Likings preference={one} /> : t('viewer.person.not_enough', { n: one.acts })}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Likings({ preference }: { preference: Preference }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  return preference.likings.map((one) => (
    <div key={one.value} className="num">
      {t('viewer.person.share', { value: words(one.names), percent: Math.round(one.share * 100), n: one.n })}
      {one.value === preference.preferred && <span className="chip"> {t('viewer.person.preferred')}</span>}
    </div>
  ))
}
