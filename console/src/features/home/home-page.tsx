import { Skeleton } from 'antd'
import { Link } from 'react-router'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { Harm, Home, Need } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { StatusDot } from '@/components/status-dot'
import { clock, count, dayAndClock, signed } from '@/lib/format'
import { boundOf, harmOf } from '@/lib/harms'
import { type Say, useLanguage, useTexts } from '@/lib/language'
import { useHome, useRooms } from './home-api'
import { placeOf, STATUS } from './need-words'

/** What needs me now, each a sentence with a place to go; below it, what is live. */
export function HomePage() {
  const { t } = useTexts()
  const { zone } = useShop()
  const home = useHome()
  const asOf = home.data && t('home.as_of', { time: clock(home.data.as_of, zone) })
  return (
    <div className="page" data-part="home">
      <h1>{t('nav.home')}</h1>
      <Panel title={t('home.title')} note={asOf} name="needs">
        {home.isError && <ProblemAlert error={home.error} onRetry={() => void home.refetch()} />}
        {home.isPending && <Skeleton active />}
        {home.data && <Needs home={home.data} />}
      </Panel>
      <LiveRooms />
    </div>
  )
}

function Needs({ home: { needs, problem } }: { home: Home }) {
  const { t } = useTexts()
  const isQuiet = needs.every((one) => one.kind === 'next_session')
  return (
    <>
      {isQuiet && problem === null && (
        <p className="nothing" data-part="quiet">
          <StatusDot status="good" /> {t('home.nothing')}
        </p>
      )}
      {problem !== null && <p className="notice">{t('home.no_effects', { why: problem })}</p>}
      <ul className="needs">
        {needs.map((one) => (
          <li key={`${one.kind} ${one.key}`} data-need={one.kind}>
            <StatusDot status={STATUS[one.kind]} />
            <Sentence need={one} />
          </li>
        ))}
      </ul>
    </>
  )
}

function Sentence({ need }: { need: Need }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const places = {
    name: need.names ? words(need.names) : need.key,
    n: count(need.n),
    time: need.at === null ? '' : dayAndClock(need.at, zone),
  }
  return (
    <div>
      <Link to={placeOf(need)}>{t(`home.need.${need.kind}`, places)}</Link>
      {need.harm && <div className="quiet small num">{harmIn(t, need.harm)}</div>}
      {need.effect && <div className="quiet small num">{effectIn(t, need.effect, zone)}</div>}
    </div>
  )
}

/** The effect in short: interval, people, as of; without a verdict no number. */
function effectIn(t: Say, { effect, slices, as_of }: NonNullable<Need['effect']>, zone: string): string {
  const one = effect.primary
  if (slices?.more) {
    const [lift, low, high] = [slices.more.value, slices.more.low, slices.more.high].map((n) => signed(n, 2))
    const numbers = { lift: lift ?? '', low: low ?? '', high: high ?? '', slices: count(slices.slices) }
    return t('home.per_minute', { ...numbers, time: dayAndClock(as_of, zone) })
  }
  const known = {
    treated: count(effect.treated),
    control: count(effect.control),
    time: dayAndClock(as_of, zone),
  }
  if (one === null) return t('home.people', known)
  const [lift, low, high] = [one.absolute.value, one.absolute.low, one.absolute.high].map((share) =>
    signed(100 * share, 2),
  )
  return `${t('home.lift', { lift: lift ?? '', low: low ?? '', high: high ?? '' })} ${t('home.people', known)}`
}

/** How near: interval, bound, people. */
function harmIn(t: Say, harm: Harm): string {
  const { more, treated, control, name } = harm
  const [value, low, high] = [more.value, more.low, more.high].map((one) => signed(100 * one, 2))
  return t('home.harm', {
    what: t(`harm.${harmOf(name)}`),
    value: value ?? '',
    low: low ?? '',
    high: high ?? '',
    bound: boundOf(harm),
    treated: count(treated),
    control: count(control),
  })
}

function LiveRooms() {
  const { t } = useTexts()
  const may = useMay()
  const rooms = useRooms()
  const live = rooms.data?.filter((room) => room.live) ?? []
  return (
    <Panel title={t('rooms.title')} note={<Link to="/rooms">{t('home.all_rooms')}</Link>} name="live">
      {rooms.data && live.length === 0 && (
        <p className="quiet nothing">
          {rooms.data.length > 0 ? t('home.no_live') : t('rooms.none')}{' '}
          {rooms.data.length === 0 && may('sources.write') && <Link to="/sources">{t('rooms.connect')}</Link>}
        </p>
      )}
      <ul className="needs">
        {live.map((room) => (
          <li key={room.room}>
            <StatusDot status="good" />
            <Link to={`/rooms/${encodeURIComponent(room.room)}`}>{room.title || room.room}</Link>
            <span className="quiet num">
              {count(room.online)} {t('rooms.online')}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
