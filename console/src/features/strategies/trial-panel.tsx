import { Alert, App, Button, Progress, Select, Space } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { TrialResult } from '@/api/types'
import { Panel } from '@/components/panel'
import { useProblemText } from '@/components/problem'
import { ServerWords } from '@/components/server-words'
import { decimalText } from '@/lib/amount'
import { clock, count, dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useBeginTrial, useRecordedSessions, useTrial } from './trials-api'

/** A version tried on a session that is recorded: what it would have done, and what stopped it. */
export function TrialPanel({ strategy, version, isSaved }: { strategy: string; version: number; isSaved: boolean }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const may = useMay()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const sessions = useRecordedSessions().data ?? []
  const [chosen, setChosen] = useState(0)
  const begin = useBeginTrial()
  const trial = useTrial(strategy, version).data
  const session = sessions[chosen]
  const start = () => {
    if (session) begin.mutate({ strategy, version, session }, { onError: (error) => void message.error(textOf(error).title) })
  }
  return (
    <Panel title={t('strategies.trial.title')} note={isSaved ? '' : t('strategies.save_first')} name="trial">
      {session === undefined && <p className="quiet small">{t('strategies.trial.none')}</p>}
      {session !== undefined && may('strategies.write') && (
        <Space wrap>
          <Select
            value={chosen}
            aria-label={t('strategies.trial.session')}
            options={sessions.map((one, value) => ({ value, label: `${one.room} · ${dayAndClock(one.begins, zone)}` }))}
            onChange={setChosen}
            popupMatchSelectWidth={false}
          />
          <Button disabled={!isSaved} loading={begin.isPending || trial?.state === 'running'} onClick={start}>
            {t('strategies.trial.begin')}
          </Button>
        </Space>
      )}
      {trial?.state === 'running' && <Progress percent={Math.floor((100 * trial.done) / Math.max(1, trial.total))} size="small" />}
      {trial?.state === 'failed' && (
        <Alert
          type="warning"
          showIcon
          title={t('strategies.trial.failed')}
          description={trial.problem && <ServerWords words={trial.problem} />}
        />
      )}
      {trial?.result && <Result found={trial.result} />}
    </Panel>
  )
}

function Result({ found }: { found: TrialResult }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone, currency } = useShop()
  const listed = (times: Record<string, number>) =>
    Object.entries(times)
      .map(([key, n]) => `${key} ×${n}`)
      .join(', ')
  return (
    <div data-part="trial-result">
      <p>
        {t('strategies.trial.did', { acts: count(found.acts), viewers: count(found.viewers), held_out: count(found.held_out) })}{' '}
        {t('strategies.trial.cost', { amount: decimalText(found.cost_minor, currency), currency })}
      </p>
      <ul className="small">
        {found.stops.map((one) => (
          <li key={one.reason}>
            {words(one.says)} <span className="quiet num">×{one.count} · {clock(one.first_at, zone)}</span>
          </li>
        ))}
      </ul>
      {Object.keys(found.lost_to).length > 0 && <p className="small">{t('strategies.trial.lost_to', { strategies: listed(found.lost_to) })}</p>}
      {Object.keys(found.went_before).length > 0 && (
        <p className="small">{t('strategies.trial.went_before', { strategies: listed(found.went_before) })}</p>
      )}
      <p className="quiet small">{t(found.was_there ? 'strategies.trial.was_there' : 'strategies.trial.assumed')}</p>
    </div>
  )
}
