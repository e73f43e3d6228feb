import { Button, Input, Select, Space } from 'antd'
import type { Reaching, Strategy } from '@/api/types'
import { useLanguage, useTexts } from '@/lib/language'
import { useOffers, useSegments } from './strategies-api'
import { StepAction } from './step-action'
import { type Channel, useChannelOptions } from './channels'
import { Field, Line, type LineProps } from './strategy-line'
import { LimitLine, MeasureLine } from './strategy-measures'
import { LaterSteps, StepDeadline } from './strategy-steps'
import { ToleranceLine } from './strategy-tolerance'
import { WhenLine } from './strategy-when'

/** A key that nobody has to think of: letters, digits and _. */
export const newKey = (what: string): string => `${what}_${Date.now().toString(36)}`

export const blank = (): Strategy => ({
  key: newKey('strategy'),
  moment: 'hesitation',
  steps: [{ channel: 'in_room', title: '', body: '' }],
  title: {},
})

/** Six lines: when, whom, what, not too often, how it is known whether it works, and when it stops. */
export function StrategyForm(props: LineProps) {
  return (
    <div className="strategy-lines">
      <NameLine {...props} />
      <WhenLine {...props} />
      <WhomLine {...props} />
      <WhatLine {...props} />
      <LimitLine {...props} />
      <MeasureLine {...props} />
      <ToleranceLine {...props} />
    </div>
  )
}

function NameLine({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const { language } = useLanguage()
  return (
    <Line title={t('strategies.line.name')} name="name">
      <Field label={t('strategies.field.name')}>
        <Input
          maxLength={60}
          disabled={isLocked}
          value={strategy.title?.[language] ?? ''}
          onChange={({ target }) => onChange({ title: titled(strategy.title, language, target.value) })}
        />
      </Field>
      <Field label={t('strategies.field.reason')}>
        <Input
          maxLength={500}
          disabled={isLocked}
          value={strategy.reason ?? ''}
          placeholder={isLocked ? '' : t('strategies.field.reason_hint')}
          onChange={({ target }) => onChange({ reason: target.value })}
        />
      </Field>
    </Line>
  )
}

/** A title that is taken away is left out: the server takes none that is empty. */
function titled(title: Record<string, string> | undefined, language: string, text: string): Record<string, string> {
  const others = Object.entries(title ?? {}).filter(([name]) => name !== language)
  return Object.fromEntries(text ? [...others, [language, text]] : others)
}

function WhomLine({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const segments = useSegments().data ?? []
  const options = segments.filter((one) => one.now !== null).map((one) => ({ value: one.key, label: words(one.names) }))
  return (
    <Line title={t('strategies.line.whom')} name="whom">
      <Select
        className="whole"
        mode="multiple"
        maxCount={10}
        disabled={isLocked}
        value={strategy.whom ?? []}
        aria-label={t('strategies.line.whom')}
        placeholder={t('strategies.field.everybody')}
        options={options}
        optionFilterProp="label"
        onChange={(chosen: string[]) => onChange({ whom: chosen })}
      />
      <Field label={t('strategies.field.conditions')}>
        <Input.TextArea
          rows={2}
          maxLength={4000}
          spellCheck={false}
          disabled={isLocked}
          value={strategy.conditions ?? ''}
          placeholder={isLocked ? '' : t('strategies.field.conditions_hint')}
          onChange={({ target }) => onChange({ conditions: target.value })}
        />
      </Field>
    </Line>
  )
}

const SLOTS = ['product', 'price', 'selling_point', 'offer', 'offer_amount'] as const

function WhatLine({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const offers = useOffers().data ?? []
  const step: Reaching = strategy.steps[0] ?? { channel: 'in_room' }
  const channels = useChannelOptions(step.channel)
  const set = (change: Partial<Reaching>) => onChange({ steps: [{ ...step, ...change }, ...strategy.steps.slice(1)] })
  return (
    <Line title={t('strategies.line.what')} name="what">
      <Field label={t('strategies.field.channel')}>
        <Select
          className="whole"
          disabled={isLocked}
          value={step.channel as Channel}
          options={channels}
          onChange={(channel: Channel) => set({ channel })}
        />
      </Field>
      <Field label={t('strategies.field.card_title')}>
        <Input maxLength={500} disabled={isLocked} value={step.title ?? ''} onChange={({ target }) => set({ title: target.value })} />
      </Field>
      <Field label={t('strategies.field.card_body')}>
        <Input.TextArea
          rows={3}
          maxLength={500}
          disabled={isLocked}
          value={step.body ?? ''}
          onChange={({ target }) => set({ body: target.value })}
        />
      </Field>
      {!isLocked && (
        <Space size={4} wrap>
          {SLOTS.map((slot) => (
            <Button
              key={slot}
              size="small"
              onClick={() => set({ body: `${step.body ?? ''}{${slot}|${t(`strategies.slot.${slot}`)}}` })}
            >
              + {t(`strategies.slot.${slot}`)}
            </Button>
          ))}
        </Space>
      )}
      <StepAction step={step} place={1} isLocked={isLocked} onChange={set} />
      <StepDeadline step={step} isLocked={isLocked} onChange={set} label={t('strategies.field.deadline')} />
      <LaterSteps strategy={strategy} isLocked={isLocked} onChange={onChange} />
      <Field label={t('strategies.field.offer')}>
        <Select
          className="whole"
          allowClear
          disabled={isLocked}
          value={strategy.offer ?? null}
          placeholder={t('strategies.field.no_offer')}
          options={offers.map(({ offer }) => ({ value: offer.key, label: offer.title }))}
          onChange={(chosen?: string) => onChange({ offer: chosen ?? null })}
        />
      </Field>
    </Line>
  )
}
