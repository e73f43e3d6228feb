import { Button } from 'antd'
import { useMoments, useShop } from '@/api/meta'
import type { FollowUp } from '@/api/types'
import { Copyable } from '@/components/copyable'
import { Panel } from '@/components/panel'
import { clock, duration } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { viewerLabel } from '@/lib/viewer-label'
import { Evidence } from './evidence'
import type { Step } from './follow-ups-api'

interface Props {
  task: FollowUp
  state: 'mine' | 'open' | 'taken'
  now: number
  canAnswer: boolean
  onStep: (step: Step) => void
  onViewer: (task: FollowUp) => void
}

export const wordsOf = (task: FollowUp): string => [task.title, task.body].filter(Boolean).join('\n')

/** One task: whom to write to, with what, why, and what can be done with it. */
export function TaskCard({ task, state, now, canAnswer, onStep, onViewer }: Props) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { named } = useMoments()
  const { zone } = useShop()
  const product = [task.link_number === null ? '' : t('host.link', { n: task.link_number }), task.product ?? '']
  const facts: [string, string][] = [
    [t('follow.moment'), `${named(task.moment)}${t('app.dot')}${clock(task.at, zone)}`],
    [t('follow.product'), product.filter(Boolean).join(' ')],
    [t('follow.offer'), task.offer ?? ''],
    [t('follow.strategy'), words(task.names)],
    [t('follow.left'), duration(task.deadline_at - now)],
  ]
  return (
    <Panel
      name="follow-card"
      title={viewerLabel(task.viewer, t)}
      note={
        task.room && (
          <button type="button" className="link" onClick={() => onViewer(task)}>
            {t('follow.viewer')}
          </button>
        )
      }
    >
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt className="quiet small">{name}</dt>
              <dd className="num">{value}</dd>
            </div>
          ))}
      </dl>
      <h3>{t('follow.words')}</h3>
      <Copyable text={wordsOf(task)} label={t('follow.words')} />
      <Evidence task={task} />
      {state === 'taken' && <p className="notice">{t('follow.with', { name: task.holder })}</p>}
      {canAnswer && state === 'open' && (
        <div className="follow-steps">
          <Button type="primary" onClick={() => onStep('claim')}>
            {t('follow.claim')}
          </Button>
        </div>
      )}
      {canAnswer && state === 'mine' && (
        <div className="follow-steps">
          <Button type="primary" onClick={() => onStep('done')}>
            {t('follow.done')}
          </Button>
          <Button onClick={() => onStep('skipped')}>{t('follow.skip')}</Button>
          <Button type="text" onClick={() => onStep('put_back')}>
            {t('follow.put_back')}
          </Button>
        </div>
      )}
    </Panel>
  )
}
