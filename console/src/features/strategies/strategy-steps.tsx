import { Button, Input, InputNumber, Select } from 'antd'
import { useMeta } from '@/api/meta'
import type { ChannelKind, Reaching } from '@/api/types'
import { useLanguage, useTexts } from '@/lib/language'
import { type Channel, useChannelOptions } from './channels'
import { StepAction } from './step-action'
import { Field, type LineProps } from './strategy-line'

const MOST_STEPS = 5
const SECOND_MS = 1_000
const AWAITED = ['order_paid', 'order_created', 'cart_added', 'product_clicked'] as const
const UNREACHED = ''

/** What comes after the first step: when the next one goes, and what it says. */
export function LaterSteps({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const { steps } = strategy
  const change = (place: number, part: Partial<Reaching>) =>
    onChange({ steps: steps.map((one, index) => (index === place ? { ...one, ...part } : one)) })
  const add = () => {
    const waiting = steps.map((one) => ({ ...one, wait_ms: one.wait_ms ?? 20 * SECOND_MS }))
    onChange({ steps: [...waiting, { channel: 'host', title: '', body: '' }] })
  }
  const dropLast = () => {
    const left = steps.slice(0, -1)
    onChange({ steps: left.map((one, index) => (index + 1 === left.length ? last(one) : one)) })
  }
  return (
    <>
      {pairs(steps).map(([before, step], index) => (
        <section key={index} className="strategy-step" data-step={index + 1}>
          <Waiting step={before} isLocked={isLocked} onChange={(part) => change(index, part)} />
          <Says step={step} place={index + 2} isLocked={isLocked} onChange={(part) => change(index + 1, part)} />
        </section>
      ))}
      {!isLocked && (
        <div>
          {steps.length < MOST_STEPS && <Button size="small" onClick={add}>{t('strategies.later.add')}</Button>}{' '}
          {steps.length > 1 && <Button size="small" onClick={dropLast}>{t('strategies.later.drop')}</Button>}
        </div>
      )}
    </>
  )
}

/** Each step with the one before it. */
function pairs(steps: Reaching[]): [Reaching, Reaching][] {
  return steps.slice(1).map((step, index) => [steps[index] ?? step, step])
}

/** The last step waits for nothing. */
const last = (step: Reaching): Reaching => ({ ...step, wait_ms: null, wait_for: '' })

interface StepProps {
  step: Reaching
  isLocked: boolean
  onChange: (part: Partial<Reaching>) => void
}

function Waiting({ step, isLocked, onChange }: StepProps) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const events = useMeta().data?.events ?? {}
  const seconds = step.wait_ms == null ? null : step.wait_ms / SECOND_MS
  const options = [
    { value: UNREACHED, label: t('strategies.later.unreached') },
    ...AWAITED.map((one) => ({ value: one, label: t('strategies.later.without', { event: events[one] ? words(events[one]) : one }) })),
  ]
  return (
    <div className="limits">
      <Field label={t('strategies.later.after')}>
        <InputNumber
          min={1}
          precision={0}
          className="whole"
          disabled={isLocked}
          value={seconds}
          onChange={(n) => onChange({ wait_ms: n == null ? null : n * SECOND_MS })}
        />
      </Field>
      <Field label={t('strategies.later.if')}>
        <Select
          className="whole"
          disabled={isLocked}
          value={step.wait_for ?? UNREACHED}
          options={options}
          onChange={(event: string) => onChange({ wait_for: event })}
        />
      </Field>
    </div>
  )
}

const DAY_S = 86_400
/** As usual for the channel, in seconds: what the server takes where nothing is said. */
const USUAL_S: Partial<Record<ChannelKind, number>> = { in_room: 60, host: 90, email: DAY_S }
const OTHERS_S = 600

/** Until when a step may still arrive; left empty, as is usual for its channel. */
export function StepDeadline({ step, isLocked, onChange, label }: StepProps & { label: string }) {
  const { t } = useTexts()
  const usual = USUAL_S[step.channel] ?? OTHERS_S
  return (
    <Field label={label}>
      <InputNumber
        min={1}
        max={7 * DAY_S}
        precision={0}
        className="whole"
        disabled={isLocked}
        placeholder={t('strategies.field.deadline_usual', { n: usual })}
        value={step.deadline_ms == null ? null : step.deadline_ms / SECOND_MS}
        onChange={(n) => onChange({ deadline_ms: n == null ? null : n * SECOND_MS })}
      />
    </Field>
  )
}

function Says({ step, place, isLocked, onChange }: StepProps & { place: number }) {
  const { t } = useTexts()
  const channels = useChannelOptions(step.channel)
  return (
    <>
      <Field label={t('strategies.later.channel', { n: place })}>
        <Select
          className="whole"
          disabled={isLocked}
          value={step.channel as Channel}
          options={channels}
          onChange={(channel: Channel) => onChange({ channel })}
        />
      </Field>
      <Field label={t('strategies.later.title', { n: place })}>
        <Input maxLength={500} disabled={isLocked} value={step.title ?? ''} onChange={({ target }) => onChange({ title: target.value })} />
      </Field>
      <Field label={t('strategies.later.body', { n: place })}>
        <Input maxLength={500} disabled={isLocked} value={step.body ?? ''} onChange={({ target }) => onChange({ body: target.value })} />
      </Field>
      <StepAction step={step} place={place} isLocked={isLocked} onChange={onChange} />
      <StepDeadline step={step} isLocked={isLocked} onChange={onChange} label={t('strategies.later.deadline', { n: place })} />
    </>
  )
}
