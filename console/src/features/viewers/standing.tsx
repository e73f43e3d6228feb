import { Popconfirm } from 'antd'
import type { ReactNode } from 'react'
import { useMoments, useShop } from '@/api/meta'
import { useTakeTagAway } from '@/api/persons'
import { useMay } from '@/api/session'
import type { Person, ViewerSegment, ViewerTag, WaitingMoment } from '@/api/types'
import { clock, duration } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useNow } from '@/lib/use-now'

interface Props {
  person: Person
  /** Key of the level whose evidence is marked in the timeline. */
  chosen: string | null
  onChoose: (key: string | null) => void
}

/** What holds now, why, and what will fire unless it is cancelled. */
export function Standing({ viewer, person, chosen, onChoose }: Props & { viewer: string }) {
  const { t } = useTexts()
  const { words, tag: language } = useLanguage()
  const held = holding(person.tags)
  const unknown = person.tags.filter((tag) => tag.answer === 'unknown').map((tag) => words(tag.names))
  const levels = { chosen, onChoose }
  return (
    <>
      {person.waiting.length > 0 && <WaitingList waiting={person.waiting} />}
      <section data-part="tags">
        <h3>{t('viewer.person.tags')}</h3>
        {held.length === 0 && <p className="quiet">{t('viewer.person.no_tags')}</p>}
        <ul className="flags">
          {held.map((tag) => (
            <Level key={tag.key} id={`tag.${tag.key}`} level={tag} name={words(tag.value_names ?? tag.names)} {...levels}>
              <TakeAway viewer={viewer} tag={tag.key} name={words(tag.names)} />
            </Level>
          ))}
        </ul>
        {unknown.length > 0 && (
          <p className="quiet small">
            {t('viewer.person.tags_unknown', { names: new Intl.ListFormat(language).format(unknown) })}
          </p>
        )}
      </section>
      <section data-part="segments">
        <h3>{t('viewer.person.segments')}</h3>
        {person.segments.length === 0 && <p className="quiet">{t('viewer.person.no_segments')}</p>}
        <ul className="flags">
          {person.segments.map((one) => (
            <Level key={one.key} id={`segment.${one.key}`} level={one} name={words(one.names)} {...levels} />
          ))}
        </ul>
      </section>
    </>
  )
}

/** The tags that say something of the viewer. */
export function holding(tags: ViewerTag[]): ViewerTag[] {
  return tags.filter((tag) => tag.answer === 'yes' || tag.answer === 'value')
}

/** Ids of the events that a tag or segment rests on. */
export function evidenceOf(person: Person, id: string): string[] {
  const levels = [
    ...person.tags.map((tag) => [`tag.${tag.key}`, tag.because] as const),
    ...person.segments.map((one) => [`segment.${one.key}`, one.because] as const),
  ]
  return levels.find(([key]) => key === id)?.[1] ?? []
}

interface LevelProps extends Omit<Props, 'person'> {
  children?: ReactNode
  id: string
  level: ViewerTag | ViewerSegment
  name: string
}

/** The person does not want this tag: who may note that, takes it away. */
function TakeAway({ viewer, tag, name }: { viewer: string; tag: string; name: string }) {
  const { t } = useTexts()
  const may = useMay()
  const takeAway = useTakeTagAway(viewer)
  if (!may('consents.write')) return null
  return (
    <Popconfirm
      title={t('consent.take_away_sure', { name })}
      okText={t('consent.take_away')}
      cancelText={t('app.cancel')}
      onConfirm={() => takeAway.mutate(tag)}
    >
      <button type="button" className="link small" aria-label={t('consent.take_away_of', { name })}>
        {t('consent.take_away')}
      </button>
    </Popconfirm>
  )
}

function Level({ id, level, name, chosen, onChoose, children }: LevelProps) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { words } = useLanguage()
  const isChosen = chosen === id
  return (
    <li>
      <div>
        <b>{name}</b>{' '}
        {level.since !== null && (
          <span className="num quiet">{t('viewer.person.since', { time: clock(level.since, zone) })}</span>
        )}{' '}
        {level.because.length > 0 && (
          <button type="button" className="link small" aria-pressed={isChosen} onClick={() => onChoose(isChosen ? null : id)}>
            {t('viewer.person.because', { n: level.because.length })}
          </button>
        )}{' '}
        {children}
      </div>
      <div className="quiet small">
        {level.sentence && words(level.sentence)}
        {level.because.length === 0 && ` · ${t('viewer.person.because_elsewhere')}`}
      </div>
    </li>
  )
}

function WaitingList({ waiting }: { waiting: WaitingMoment[] }) {
  const { t } = useTexts()
  const { named } = useMoments()
  const now = useNow()
  return (
    <section data-part="waiting">
      <h3>{t('viewer.person.waiting')}</h3>
      <ul className="flags">
        {waiting.map((one) => (
          <li key={`${one.moment} ${one.about}`}>
            <b>{named(one.moment)}</b> {one.title !== null && <span className="quiet">{one.title} </span>}
            <span className="num">
              {t('viewer.person.waiting_in', { length: duration(Math.max(0, one.due - now)) })}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
