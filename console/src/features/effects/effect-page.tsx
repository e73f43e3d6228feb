import { Select, Skeleton } from 'antd'
import { Link, useParams, useSearchParams } from 'react-router'
import { useEventName, useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { EffectReport } from '@/api/types'
import { ModeTag } from '@/components/mode-tag'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { count, dayAndClock, signed } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { EffectBand } from './effect-band'
import { EffectCards } from './effect-cards'
import { Forest, GroupTable, useLevelNotes, useRowsByLevel, useRowsBySession } from './effect-groups'
import { EffectNotes } from './effect-notes'
import { inWords, neededIn, peopleIn, pointsIn, withinIn } from './effect-words'
import { useEffectReport, useLevels } from './effects-api'
import { HarmsPanel } from './harms-panel'
import { NaiveRatio } from './naive-ratio'
import { SlicesPanel } from './slices-panel'
import { VerdictTag } from './verdict-tag'

const MOST_LEVELS = 5

/** One strategy: whether it works first, for whom, since when that is known, what to do; the naive ratio last. */
export function EffectPage() {
  const { key = '' } = useParams()
  const [asked] = useSearchParams()
  const found = useEffectReport(key, asked.getAll('by'))
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
  if (!found.data) return <Skeleton className="page" active />
  return <Report report={found.data} />
}

function Report({ report }: { report: EffectReport }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const { found } = report
  return (
    <div className="page effect-page" data-part="effect-page">
      <header className="page-head">
        <h1>
          {words(report.names)} <ModeTag mode={report.mode} />
        </h1>
        {found.as_of > 0 && (
          <span className="quiet small num">
            {t('strategies.effect.version', { version: found.version, at: dayAndClock(found.as_of, zone) })}
          </span>
        )}
      </header>
      {found.slices ? <SlicesPanel found={found} slices={found.slices} /> : <OfPeople report={report} />}
    </div>
  )
}

/** The effect on people: they are compared with those who were left alone. */
function OfPeople({ report }: { report: EffectReport }) {
  const { t } = useTexts()
  const { found } = report
  const one = found.effect.primary
  const people = found.effect.treated + found.effect.control + found.waiting
  return (
    <>
      {people === 0 ? <p className="panel quiet">{t('strategies.effect.nothing')}</p> : <Sentence report={report} />}
      <EffectCards found={found} />
      <Next report={report} />
      {one && <Pictures report={report} />}
      {one && <Sessions report={report} />}
      {people > 0 && found.effect.why_hidden !== 'sample_ratio' && <HarmsPanel harms={found.harms} />}
      <Panel title={t('effects.check')} name="notes">
        <EffectNotes found={found} />
      </Panel>
      <NaiveRatio found={found} />
    </>
  )
}

/** The verdict in a sentence; where it is hidden, why, and no number. */
function Sentence({ report: { names, found } }: { report: EffectReport }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const eventOf = useEventName()
  const { effect } = found
  const one = effect.primary
  const why = effect.why_hidden === 'sample_ratio' ? 'sample_ratio' : 'no_control'
  return (
    <section className="panel effect-sentence" data-part="sentence">
      <VerdictTag found={found} />
      {one === null ? (
        <span>
          {t(`strategies.effect.hidden.${why}`)} {peopleIn(t, effect)}
        </span>
      ) : (
        <span>
          {t('effects.sentence', {
            name: words(names),
            goal: eventOf(found.goal),
            within: withinIn(t, found.window_ms),
            lift: inWords(t, one.absolute, pointsIn(t)),
            more: signed(one.incremental.value, 0),
          })}{' '}
          {peopleIn(t, effect)} {effect.verdict === 'unsure' && neededIn(t, effect)}
        </span>
      )}
    </section>
  )
}

/** What follows from it, and where to do it. */
function Next({ report }: { report: EffectReport }) {
  const { t } = useTexts()
  const path = `/strategies/${encodeURIComponent(report.key)}`
  const worst = report.found.effect.verdict === 'harms'
  return (
    <Panel title={t('effects.next.title')} name="next">
      <ul>
        {report.found.advice.map((one) => (
          <li key={one} className={worst ? 'notice' : ''} data-advice={one}>
            {t(`effects.next.${one}`)}
          </li>
        ))}
      </ul>
      <Link to={path}>{t('effects.strategy')}</Link>
    </Panel>
  )
}

function Pictures({ report }: { report: EffectReport }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const rows = useRowsByLevel(report)
  const notes = useLevelNotes(report)
  const { over_time: standings } = report.found
  const first = standings[0]
  return (
    <>
      <div className="effect-pair">
        <Panel title={t('effects.for_whom')} note={t('effects.forest_note')} name="forest">
          <By report={report} />
          <Forest rows={rows} />
        </Panel>
        <Panel title={t('effects.settled')} note={t('effects.band_note')} name="band">
          <EffectBand standings={standings} label={t('effects.band')} at={(ms) => dayAndClock(ms, zone)} />
          {first && (
            <p className="quiet small">
              {t('effects.looks', { looks: standings.length, people: count(first.treated + first.control) })}
            </p>
          )}
        </Panel>
      </div>
      <Panel title={t('effects.details')} name="groups">
        <GroupTable rows={rows} title={t('effects.column.group')} />
        {notes.map((one) => (
          <p key={one} className="quiet small">
            {one}
          </p>
        ))}
      </Panel>
    </>
  )
}

/** The tags and segments by which it is told; nothing chosen: those nearest to the strategy. */
function By({ report }: { report: EffectReport }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const may = useMay()
  const levels = useLevels(may('definitions.read')).data ?? []
  const [asked, ask] = useSearchParams()
  const there = new Map([...report.levels, ...levels].map((one) => [one.key, words(one.names)]))
  return (
    <div className="effect-by">
      <label htmlFor="effect-by">{t('effects.by')}</label>
      <Select
        id="effect-by"
        mode="multiple"
        maxCount={MOST_LEVELS}
        placeholder={t('effects.nearest')}
        value={asked.getAll('by')}
        onChange={(by: string[]) => ask({ by })}
        options={[...there].map(([value, label]) => ({ value, label }))}
        optionFilterProp="label"
        popupMatchSelectWidth={false}
      />
    </div>
  )
}

/** How it was in each of the last sessions. */
function Sessions({ report }: { report: EffectReport }) {
  const { t } = useTexts()
  const rows = useRowsBySession(report)
  if (rows.length < 3) return null // one session is all of it
  return (
    <Panel title={t('effects.sessions')} note={t('effects.forest_note')} name="sessions">
      <Forest rows={rows} />
      <GroupTable rows={rows} title={t('effects.column.session')} />
    </Panel>
  )
}
