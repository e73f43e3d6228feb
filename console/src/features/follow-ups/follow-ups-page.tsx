import { Skeleton } from 'antd'
import { useState } from 'react'
import { useMay } from '@/api/session'
import type { FollowUp, FollowUpPage } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useNow } from '@/lib/use-now'
import { useFollowUps, useStep, type Step } from './follow-ups-api'
import { TaskCard, wordsOf } from './task-card'
import { TaskList } from './task-list'
import { useKeys, type Keys } from './use-keys'

interface Props {
  /** Whether the drawer of a viewer is before the page: it has the keys then. */
  isBehind: boolean
  onViewer: (room: string, viewer: string) => void
}

/** Whom customer service writes to now, the most urgent first. */
export function FollowUpsPage({ isBehind, onViewer }: Props) {
  const { t } = useTexts()
  const found = useFollowUps()
  const ahead_ms = (found.data?.now ?? 0) - found.dataUpdatedAt
  return (
    <div className="page" data-part="follow-ups">
      <h1>{t('follow.title')}</h1>
      <p className="quiet">{t('follow.intro')}</p>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton active />}
      {found.data && (
        <Desk
          page={found.data}
          ahead_ms={ahead_ms}
          isBehind={isBehind}
          onViewer={(task) => onViewer(task.room, task.viewer)}
        />
      )}
    </div>
  )
}

interface DeskProps {
  page: FollowUpPage
  /** How far the server's clock is ahead of this computer's. */
  ahead_ms: number
  isBehind: boolean
  onViewer: (task: FollowUp) => void
}

function Desk({ page, ahead_ms, isBehind, onViewer }: DeskProps) {
  const { t } = useTexts()
  const now = useNow() + ahead_ms
  const canAnswer = useMay()('follow_ups.answer')
  const [wanted, setWanted] = useState<string>()
  const give = useStep()
  const tasks = [...page.mine, ...page.open]
  const task = [...tasks, ...page.taken].find((one) => one.id === wanted) ?? tasks[0]
  const state = task === undefined ? 'open' : stateOf(page, task)
  const choose = (id: string | undefined) => {
    give.reset()
    setWanted(id)
  }
  const step = (taken: Step) => {
    if (task === undefined) return
    setWanted(taken === 'claim' ? task.id : undefined) // after its end comes the next one
    give.mutate({ id: task.id, step: taken })
  }
  const move = (by: number) => choose(tasks[tasks.findIndex((one) => one.id === task?.id) + by]?.id ?? task?.id)
  const keys: Keys = { ArrowDown: () => move(1), ArrowUp: () => move(-1) }
  if (task !== undefined) keys['c'] = () => void navigator.clipboard?.writeText(wordsOf(task))
  if (canAnswer && state === 'open') keys['Enter'] = () => step('claim')
  if (canAnswer && state === 'mine') {
    keys['d'] = () => step('done')
    keys['s'] = () => step('skipped')
    keys['b'] = () => step('put_back')
  }
  useKeys(keys, !isBehind)
  const list = { now, chosen: task?.id, onChoose: choose }
  return (
    <>
      <div aria-live="assertive">{give.isError && <ProblemAlert error={give.error} />}</div>
      <div className="follow-desk">
        <div>
          <TaskList name="mine" tasks={page.mine} note={t('follow.of', { n: page.mine.length, most: page.most })} {...list} />
          <TaskList name="open" tasks={page.open} note={t('follow.waiting', { n: count(page.waiting) })} {...list} />
          {page.taken.length > 0 && <TaskList name="taken" tasks={page.taken} {...list} />}
        </div>
        {task === undefined ? (
          <p className="quiet nothing">{t('follow.nothing')}</p>
        ) : (
          <TaskCard key={task.id} {...{ task, state, now, canAnswer, onViewer }} onStep={step} />
        )}
      </div>
      <p className="quiet small">{t('follow.keys')}</p>
    </>
  )
}

function stateOf(page: FollowUpPage, task: FollowUp): 'mine' | 'open' | 'taken' {
  if (page.mine.includes(task)) return 'mine'
  return page.open.includes(task) ? 'open' : 'taken'
}
