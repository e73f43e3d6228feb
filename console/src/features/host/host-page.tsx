import { Button } from 'antd'
import { useEffect } from 'react'
import { useParams } from 'react-router'
import { useMay } from '@/api/session'
import type { Prompt } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { RoomListsPanel } from './room-lists'
import { useAnswer, usePrompts, type Answer } from './host-api'

/** Where a key is typed and answers no card. */
const TYPED = '.room-lists, .ant-select-dropdown'
const KEYS: Record<string, Answer> = { ' ': 'said', Enter: 'said', ArrowRight: 'skipped' }

/** What the host of a room says next: one card, large, answered by a key. */
export function HostPage() {
  const { t } = useTexts()
  const { room = '' } = useParams()
  const may = useMay()
  const found = usePrompts(room)
  const give = useAnswer(room)
  const cards = found.data?.prompts ?? []
  const card = cards[0]
  const canAnswer = may('prompts.answer')
  const { mutate } = give
  const id = card?.id
  useEffect(() => {
    if (id === undefined || !canAnswer) return
    const pressed = (event: KeyboardEvent) => {
      const answer = KEYS[event.key]
      const isTyped = event.target instanceof Element && event.target.closest(TYPED) !== null
      if (answer === undefined || event.repeat || isTyped) return
      event.preventDefault()
      mutate({ id, answer })
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [id, canAnswer, mutate])
  return (
    <div className="page host-page" data-part="host">
      <h1 className="quiet">{t('host.title')}</h1>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {card === undefined ? (
        <div className="host-nothing">
          <p className="host-words">{t('host.nothing')}</p>
          <p className="quiet">{t('host.nothing_meaning')}</p>
        </div>
      ) : (
        <Card key={card.id} card={card} now={found.data?.now ?? card.at} />
      )}
      {card && canAnswer && (
        <div className="host-answers">
          <Button type="primary" size="large" onClick={() => mutate({ id: card.id, answer: 'said' })}>
            {t('host.said')}
          </Button>
          <Button size="large" onClick={() => mutate({ id: card.id, answer: 'skipped' })}>
            {t('host.skip')}
          </Button>
          <span className="quiet small">{t('host.keys')}</span>
        </div>
      )}
      {cards.length > 1 && <p className="quiet">{t('host.next', { n: cards.length - 1 })}</p>}
      <RoomListsPanel room={room} />
    </div>
  )
}

function Card({ card, now }: { card: Prompt; now: number }) {
  const { t } = useTexts()
  const seconds = Math.max(0, Math.ceil((card.deadline_at - now) / 1000))
  const about = [
    card.link_number === null ? '' : t('host.link', { n: card.link_number }),
    card.product ?? '',
    card.why,
    card.viewers > 1 ? t('app.people', { n: card.viewers }) : '',
  ].filter(Boolean)
  return (
    <section className="panel host-card" aria-live="assertive" data-part="prompt">
      <p className="host-words">{card.title}</p>
      {card.body && <p className="host-body">{card.body}</p>}
      <p className="quiet">
        {about.join(t('app.dot'))}
        {t('app.dot')}
        <span className="num">{t('host.left', { n: seconds })}</span>
      </p>
    </section>
  )
}
