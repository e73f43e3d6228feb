import { useEffect, useState } from 'react'
import { request } from '@/api/client'
import { hasEnded, useReading } from '@/api/reading'
import { useOpenedLink } from '@/api/room-link'
import type { Overlay, OverlayCard, OverlayProduct } from '@/api/types'
import { duration, price } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useNow } from '@/lib/use-now'

const FRESH_MS = 1_000
const EXIT_MS = 300
/** Lists older than that may be wrong; cards have an end of their own. */
const LISTS_HOLD_MS = 60_000

/** What OBS lays over the picture of a room: nothing, or what everybody in the room may see. */
export function OverlayPage() {
  const opened = useOpenedLink('overlay')
  const room = hasEnded(opened.error) ? undefined : opened.data?.room
  useEffect(() => {
    const { dataset } = document.documentElement
    dataset['overlay'] = 'true'
    return () => {
      delete dataset['overlay']
    }
  }, [])
  return (
    <main className="overlay" data-part="overlay">
      {room === undefined ? <Mark error={opened.error} /> : <Shown room={room} />}
    </main>
  )
}

function Shown({ room }: { room: string }) {
  const { t } = useTexts()
  const path = `/api/rooms/${encodeURIComponent(room)}/overlay`
  const found = useReading(['overlay', room], () => request<Overlay>('GET', path), FRESH_MS)
  const here = useNow()
  if (!found.data || hasEnded(found.error)) return <Mark error={found.error} />
  const age = here - found.dataUpdatedAt
  const now = found.data.now + Math.max(0, age)
  const card = found.data.cards.find((one) => one.expires_at > now)
  const isFresh = age < LISTS_HOLD_MS
  return (
    <>
      <div className="overlay-lists">
        {isFresh && <List title={t('overlay.hot')} products={found.data.hot} />}
        {isFresh && <List title={t('overlay.recommended')} products={found.data.recommended} />}
      </div>
      <CardPlace card={card} now={now} />
      <Mark error={found.error} />
    </>
  )
}

/** The newest card. One that has gone stays until it has left the picture. */
function CardPlace({ card, now }: { card: OverlayCard | undefined; now: number }) {
  const [last, setLast] = useState(card)
  const isSame = last?.id === card?.id
  useEffect(() => {
    if (isSame) return
    const timer = setTimeout(() => setLast(card), last === undefined ? 0 : EXIT_MS)
    return () => clearTimeout(timer)
  }, [card, isSame, last])
  const shown = isSame ? card : last
  return shown && <Card key={shown.id} card={shown} now={now} isLeaving={!isSame} />
}

function Card({ card, now, isLeaving }: { card: OverlayCard; now: number; isLeaving: boolean }) {
  const { t } = useTexts()
  const left = card.valid_until - now
  return (
    <section className="overlay-card" data-part="overlay-card" data-leaving={isLeaving}>
      {card.is_ad && <small>{t('overlay.ad')}</small>}
      <p className="overlay-title">{card.title}</p>
      {card.body && <p className="overlay-body">{card.body}</p>}
      {card.offer && (
        <p className="overlay-offer">
          {card.offer}
          {left > 0 && <span className="num"> {duration(left)}</span>}
        </p>
      )}
    </section>
  )
}

function List({ title, products }: { title: string; products: OverlayProduct[] }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  if (products.length === 0) return null
  return (
    <section className="overlay-list" data-part="overlay-list">
      <h2>{title}</h2>
      <ol>
        {products.map((one, place) => (
          <li key={place}>
            <span>
              {one.link_number !== null && <b>{t('overlay.link', { n: one.link_number })} </b>}
              {one.title}
            </span>
            {one.price_minor !== null && (
              <span className="num">{price(one.price_minor, one.currency, language)}</span>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** Viewers of a stream see no trouble of ours; `?debug=1` shows it to whoever sets the scene up. */
function Mark({ error }: { error: unknown }) {
  const { t } = useTexts()
  const isAsked = new URLSearchParams(window.location.search).get('debug') === '1'
  if (!isAsked) return null
  const state = error === null ? 'ready' : hasEnded(error) ? 'ended' : 'unreachable'
  return <small className="overlay-mark">{t(`overlay.${state}`)}</small>
}
