import { Button } from 'antd'
import { useEffect } from 'react'
import { ApiProblem } from '@/api/client'
import type { Prompt } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useAnswer, usePrompts, type Answer } from './host-api'
import { Nothing } from './nothing'

/** Where a key is typed and answers no card. */
const ELSEWHERE = '.room-lists, .room-links, .ant-select-dropdown, .ant-modal, .ant-popover'
/** Foot pedals are keyboards of two keys: the pages of a book. */
const KEYS: Record<string, Answer> = {
  ' ': 'said',
  Enter: 'said',
  PageDown: 'said',
  ArrowRight: 'skipped',
  PageUp: 'skipped',
}

interface Props {
  room: string
  canAnswer: boolean
  found: ReturnType<typeof usePrompts>
}

/** What the host says next: one card, large, answered by a key, a pedal or a finger. */
export function HostDesk({ room, canAnswer, found }: Props) {
  const { t } = useTexts()
  const give = useAnswer(room)
  const [card, after] = found.data?.prompts ?? []
  const more = (found.data?.prompts.length ?? 0) - 1
  const { mutate } = give
  const id = card?.id
  useEffect(() => {
    if (id === undefined || !canAnswer) return
    const pressed = (event: KeyboardEvent) => {
      const answer = KEYS[event.key]
      const isTyped = event.target instanceof Element && event.target.closest(ELSEWHERE) !== null
      if (answer === undefined || event.repeat || isTyped) return
      event.preventDefault()
      mutate({ id, answer })
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [id, canAnswer, mutate])
  return (
    <>
      {/* A card that somebody else answered first is no problem; a server that is not there is. */}
      {give.error instanceof ApiProblem && give.error.status !== 422 && <ProblemAlert error={give.error} />}
      {card === undefined ? (
        <Nothing stage={found.data?.stage} />
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
          <span className="quiet small host-keys">{t('host.keys')}</span>
        </div>
      )}
      {after && (
        <p className="quiet host-next" data-part="next">
          {t('host.next', { words: after.title })}
          {more > 1 && t('app.dot') + t('host.more', { n: more - 1 })}
        </p>
      )}
    </>
  )
}

/** How many are in the room; nothing before anybody was. */
export function Online({ found }: Pick<Props, 'found'>) {
  const { t } = useTexts()
  const online = found.data?.online ?? null
  if (online === null) return null
  return (
    <span data-part="online">
      <b className="num">{count(online)}</b> {t('rooms.online')}
    </span>
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
      <p className="quiet host-about">
        {about.join(t('app.dot'))}
        {t('app.dot')}
        <span className="num">{t('host.left', { n: seconds })}</span>
      </p>
    </section>
  )
}
