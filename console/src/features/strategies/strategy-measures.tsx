import { Input, InputNumber, Select } from 'antd'
import { useMeta, useShop } from '@/api/meta'
import { decimalText, toMinor } from '@/lib/amount'
import { useLanguage, useTexts } from '@/lib/language'
import { Field, Line, type LineProps } from './strategy-line'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const USUAL_GOAL_MIN = 1_440
const MOST_GOAL_MIN = 30 * 1_440
const MOST_MIN = 7 * 1_440

/** How often it may reach one person, and what it may cost. */
export function LimitLine({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const { currency } = useShop()
  const limits = { per_session: 1, ...strategy.limits }
  const set = (change: typeof strategy.limits) => onChange({ limits: { ...strategy.limits, ...change } })
  const value = strategy.value_minor ? decimalText(strategy.value_minor, currency) : ''
  const budget = limits.budget_minor == null ? '' : decimalText(limits.budget_minor, currency)
  return (
    <Line title={t('strategies.line.limits')} name="limits">
      <div className="limits">
        <Field label={t('strategies.field.per_session')}>
          <InputNumber min={0} precision={0} className="whole" disabled={isLocked} value={limits.per_session} onChange={(n) => set({ per_session: n })} />
        </Field>
        <Field label={t('strategies.field.per_day')}>
          <InputNumber min={0} precision={0} className="whole" disabled={isLocked} value={limits.per_day ?? null} onChange={(n) => set({ per_day: n })} />
        </Field>
        <Field label={t('strategies.field.per_room_session')}>
          <InputNumber min={0} precision={0} className="whole" disabled={isLocked} value={limits.per_room_session ?? null} onChange={(n) => set({ per_room_session: n })} />
        </Field>
        <Field label={t('strategies.field.room_apart')}>
          <InputNumber min={0} precision={0} className="whole" disabled={isLocked} value={(limits.room_apart_ms ?? 0) / SECOND_MS} onChange={(n) => set({ room_apart_ms: (n ?? 0) * SECOND_MS })} />
        </Field>
        <Field label={t('strategies.field.budget', { currency })}>
          <Input
            key={budget}
            inputMode="decimal"
            disabled={isLocked}
            defaultValue={budget}
            onBlur={({ target }) => set({ budget_minor: target.value ? toMinor(target.value, currency) : null })}
          />
        </Field>
        <Field label={t('strategies.field.priority')}>
          <InputNumber min={0} max={100} precision={0} className="whole" disabled={isLocked} value={strategy.priority ?? 50} onChange={(n) => onChange({ priority: n ?? 50 })} />
        </Field>
        <Field label={t('strategies.field.value', { currency })}>
          <Input
            key={`value ${value}`}
            inputMode="decimal"
            disabled={isLocked}
            defaultValue={value}
            onBlur={({ target }) => onChange({ value_minor: toMinor(target.value, currency) ?? 0 })}
          />
        </Field>
        <Field label={t('strategies.field.whole_deadline')}>
          <InputNumber
            min={1}
            max={MOST_MIN}
            precision={0}
            className="whole"
            disabled={isLocked}
            placeholder={t('strategies.field.whole_deadline_usual')}
            value={strategy.deadline_ms == null ? null : strategy.deadline_ms / MINUTE_MS}
            onChange={(n) => onChange({ deadline_ms: n == null ? null : n * MINUTE_MS })}
          />
        </Field>
      </div>
      <p className="quiet small">{t('strategies.field.shop_limits')}</p>
    </Line>
  )
}

const GOALS = ['order_paid', 'order_created', 'cart_added', 'product_clicked', 'followed'] as const

/** By what it is measured, and against whom. */
export function MeasureLine({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const events = useMeta().data?.events ?? {}
  const nameOf = (one: string) => (events[one] ? words(events[one]) : one)
  const control = (strategy.control ?? 1_000) / 100
  const isOfSession = strategy.goal?.within === 'session'
  return (
    <Line title={t('strategies.line.measure')} name="measure">
      <div className="limits">
        <Field label={t('strategies.field.goal')}>
          <Select
            className="whole"
            disabled={isLocked}
            value={strategy.goal?.event ?? 'order_paid'}
            options={GOALS.map((one) => ({ value: one, label: nameOf(one) }))}
            onChange={(event: string) => onChange({ goal: { ...strategy.goal, event } })}
          />
        </Field>
        {(strategy.schedule == null || isOfSession) && (
          <Field label={t('strategies.of_goal.within')}>
            <Select
              className="whole"
              disabled={isLocked}
              value={isOfSession ? 'session' : ''}
              options={[
                { value: '', label: t('strategies.field.goal_minutes') },
                { value: 'session', label: t('strategies.of_goal.session') },
              ]}
              onChange={(within: '' | 'session') => onChange({ goal: { ...strategy.goal, within } })}
            />
          </Field>
        )}
        {!isOfSession && (
          <Field label={t('strategies.field.within')}>
            <InputNumber
              min={1}
              max={MOST_GOAL_MIN}
              precision={0}
              className="whole"
              disabled={isLocked}
              value={strategy.goal?.within_ms == null ? USUAL_GOAL_MIN : strategy.goal.within_ms / MINUTE_MS}
              onChange={(n) => onChange({ goal: { ...strategy.goal, within_ms: (n ?? USUAL_GOAL_MIN) * MINUTE_MS } })}
            />
          </Field>
        )}
        <Field label={t('strategies.field.control')}>
          <InputNumber min={0} max={100} className="whole" disabled={isLocked} value={control} onChange={(n) => onChange({ control: Math.round((n ?? 10) * 100) })} />
        </Field>
        <Field label={t('strategies.field.ramp')}>
          <InputNumber min={0} max={100} className="whole" disabled={isLocked} value={(strategy.ramp ?? 1_000) / 100} onChange={(n) => onChange({ ramp: Math.round((n ?? 10) * 100) })} />
        </Field>
      </div>
      {control > 0 && strategy.steps.every((step) => step.channel === 'host') && (
        <p className="quiet small">{t('strategies.field.by_slices')}</p>
      )}
      {control === 0 && (
        <Field label={t('strategies.field.why_no_control')}>
          <Input maxLength={500} disabled={isLocked} value={strategy.why_no_control ?? ''} onChange={({ target }) => onChange({ why_no_control: target.value })} />
        </Field>
      )}
    </Line>
  )
}
