import { App, Button, Input, Space } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay, useSession } from '@/api/session'
import type { StrategyDetail, StrategyStep, StrategySummary, StrategyVersion } from '@/api/types'
import { Panel } from '@/components/panel'
import { useProblemText } from '@/components/problem'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { Difference } from './difference'
import { ModeTag } from '@/components/mode-tag'
import { isOfApprover, useLimits, useTakeStep } from './strategies-api'

/** The versions of a strategy, and the steps that each can take from where it is. */
export function VersionsPanel({ detail, isSaved }: { detail: StrategyDetail; isSaved: boolean }) {
  const { t } = useTexts()
  return (
    <Panel title={t('strategies.way')} note={isSaved ? '' : t('strategies.save_first')} name="versions">
      <ul className="past-versions">
        {detail.history.map((one) => (
          <Version key={one.version} one={one} detail={detail} isSaved={isSaved} />
        ))}
      </ul>
    </Panel>
  )
}

/** Whoever made it wants to know. */
const NEED_WHY: ReadonlySet<StrategyStep> = new Set(['send_back', 'end'])

interface Props {
  one: StrategyVersion
  /** The strategy that it is of. */
  detail: StrategySummary
  isSaved: boolean
}

/** One version: where it is, and the steps that whoever looks can take from there. */
export function Version({ one, detail, isSaved }: Props) {
  const { t } = useTexts()
  const { zone } = useShop()
  const may = useMay()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const take = useTakeStep()
  const [why, setWhy] = useState('')
  const isOwn = useIsOwn(one)
  const steps = one.steps.filter(
    (step) => may(isOfApprover(step) ? 'strategies.approve' : 'strategies.write') && !(step === 'approve' && isOwn),
  )
  const isOpen = one.mode !== 'ended'
  const go = (step: StrategyStep) =>
    take.mutate(
      { key: detail.key, version: one.version, step, why },
      {
        onSuccess: () => {
          setWhy('')
          void message.success(t(`strategies.done.${step}`))
        },
        onError: (error) => void message.error(textOf(error).title),
      },
    )
  const who = one.mode === 'approval' ? one.asked_by : one.changed_by
  return (
    <li data-version={one.version}>
      <p>
        <b className="num">{t('strategies.version', { n: one.version })}</b> <ModeTag mode={one.mode} />
        <span className="quiet small">
          {' '}
          {who} · {dayAndClock(one.changed_at, zone)}
          {one.why && ` · ${one.why}`}
        </span>
      </p>
      {one.mode === 'approval' && <Difference one={one} detail={detail} />}
      {isOwn && may('strategies.approve') && (
        <p className="notice small" data-part="own">
          {t('approvals.own')}
        </p>
      )}
      {isOpen && steps.length > 0 && (
        <>
          <Input
            size="small"
            maxLength={500}
            value={why}
            aria-label={t('strategies.why')}
            placeholder={t('strategies.why_step')}
            onChange={({ target }) => setWhy(target.value)}
          />
          <Space wrap className="steps">
            {steps.map((step) => (
              <Button
                key={step}
                size="small"
                type={step === 'approve' || step === 'ask' ? 'primary' : 'default'}
                danger={step === 'end'}
                disabled={(one.mode === 'draft' && !isSaved) || (NEED_WHY.has(step) && !why.trim())}
                loading={take.isPending && take.variables.step === step}
                onClick={() => go(step)}
              >
                {t(`strategies.step.${step}`)}
              </Button>
            ))}
          </Space>
        </>
      )}
    </li>
  )
}

/** Whether somebody else has to approve it: who looks has made it or asked for it, and does not work alone. */
function useIsOwn({ mode, made_by, asked_by }: StrategyVersion): boolean {
  const me = useSession().data?.account?.name
  const limits = useLimits().data
  return mode === 'approval' && limits?.single_person === false && (made_by === me || asked_by === me)
}
