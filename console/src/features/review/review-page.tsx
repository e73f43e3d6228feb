import { useQuery } from '@tanstack/react-query'
import { Skeleton, Slider, Table } from 'antd'
import { useMemo, useState } from 'react'
import { useParams } from 'react-router'
import { request } from '@/api/client'
import { useMoments, useShop } from '@/api/meta'
import type { Review } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { asText, clock, count, dayAndClock, duration, money } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { type Lane, lanesOf } from './lanes'
import { TimeLine } from './time-line'

/** One session on one time line, with a cursor that goes through it. */
export function ReviewPage() {
  const { room = '', session = '' } = useParams()
  const path = `/api/rooms/${encodeURIComponent(room)}/sessions/${encodeURIComponent(session)}/review`
  const found = useQuery({ queryKey: ['review', room, session], queryFn: () => request<Review>('GET', path) })
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
  if (!found.data) return <Skeleton className="page" active />
  return <Reviewed review={found.data} />
}

function Reviewed({ review }: { review: Review }) {
  const { t } = useTexts()
  const { words, language } = useLanguage()
  const { zone, currency } = useShop()
  const { named } = useMoments()
  const [cursor, setCursor] = useState(review.slices.length - 1)
  const lanes = useMemo(
    () =>
      lanesOf(review, {
        moment: named,
        strategy: (key) => (review.names[key] ? words(review.names[key]) : key),
        outcome: (one) => t(one === 'act' ? 'review.act' : one === 'held_out' ? 'review.held_out' : 'review.suppressed'),
      }),
    [review, named, words, t],
  )
  const span = { from: dayAndClock(review.begins, zone), to: dayAndClock(review.ends, zone), width: duration(review.width_ms) }
  return (
    <div className="page" data-part="review">
      <h1>{t('review.title', { room: review.room })}</h1>
      <Panel title={t('review.line')} note={t('review.span', span)} name="time-line">
        <div className="time-line-box">
          <TimeLine
            review={review}
            lanes={lanes}
            cursor={cursor}
            label={t('review.label')}
            texts={{ online: t('review.online'), orders: t('review.orders'), sales: t('review.sales') }}
            moneyOf={(minor) => asText(money(minor, currency, language))}
          />
        </div>
        {review.turns.length > 0 && <p className="quiet small">{t('review.turns')}</p>}
        <Slider
          min={0}
          max={review.slices.length - 1}
          value={cursor}
          onChange={setCursor}
          ariaLabelForHandle={t('review.cursor')}
          tooltip={{ formatter: (place) => clock(review.slices[place ?? 0]?.at ?? review.begins, zone) }}
        />
        <Then review={review} lanes={lanes} place={cursor} />
      </Panel>
      <Panel title={t('review.all')} name="review-table">
        <Everything review={review} lanes={lanes} onPick={setCursor} />
      </Panel>
    </div>
  )
}

/** The state at the cursor, and what happened there. */
function Then({ review, lanes, place }: { review: Review; lanes: readonly Lane[]; place: number }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const { zone, currency } = useShop()
  const part = review.slices[place]
  if (!part) return null
  const there = lanes.filter((lane) => lane.times.has(place))
  const state = {
    at: clock(part.at, zone),
    online: part.online === null ? '–' : count(part.online),
    orders: count(part.orders),
    gmv: asText(money(part.gmv_minor, currency, language)),
  }
  return (
    <div data-part="then" aria-live="polite">
      <b className="num">{t('review.then', state)}</b>
      <ul className="small num">
        {there.map((lane) => (
          <li key={lane.key}>
            {lane.label} × {count(lane.times.get(place) ?? 0)}
          </li>
        ))}
      </ul>
    </div>
  )
}

interface Line {
  place: number
  lane: Lane
}

/** Everything that happened, in order; a click moves the cursor there. */
function Everything({ review, lanes, onPick }: { review: Review; lanes: readonly Lane[]; onPick: (place: number) => void }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const lines = lanes
    .flatMap((lane): Line[] => [...lane.times.keys()].map((place) => ({ place, lane })))
    .sort((a, b) => a.place - b.place)
  const at = (place: number) => clock(review.slices[place]?.at ?? review.begins, zone)
  return (
    <Table<Line>
      size="small"
      rowKey={({ place, lane }) => `${place} ${lane.key}`}
      dataSource={lines}
      pagination={lines.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
      columns={[
        {
          title: t('review.at'),
          width: 120,
          className: 'num',
          render: (_, { place }) => (
            <button type="button" className="link" onClick={() => onPick(place)}>
              {at(place)}
            </button>
          ),
        },
        { title: t('review.what'), render: (_, { lane }) => lane.label },
        {
          title: t('review.times'),
          width: 120,
          align: 'right',
          className: 'num',
          render: (_, { place, lane }) => count(lane.times.get(place) ?? 0),
        },
      ]}
    />
  )
}
