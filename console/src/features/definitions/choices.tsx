import { InputNumber, Select } from 'antd'
import { useEventName, useMeta } from '@/api/meta'
import { type Say, useTexts } from '@/lib/language'
import { SCOPES } from './conditions'

/** What shows a value and changes it. */
export interface Editor<T> {
  value: T
  onChange: (value: T) => void
}

interface Names extends Editor<string> {
  kind: 'tag' | 'segment' | 'list' | 'number'
  options: { value: string; label: string }[]
}

export function NameChoice({ kind, value, onChange, options }: Names) {
  const { t } = useTexts()
  return (
    <Select
      size="small"
      className="named-value"
      showSearch={{ optionFilterProp: 'label' }}
      value={value || null}
      onChange={onChange}
      placeholder={t(`conditions.choose.${kind}`)}
      aria-label={t(`conditions.choose.${kind}`)}
      popupMatchSelectWidth={false}
      options={options}
    />
  )
}

interface Events extends Editor<string> {
  /** Which ones; all without it. */
  only?: readonly string[]
}

export function EventChoice({ value, onChange, only }: Events) {
  const { t } = useTexts()
  const named = useEventName()
  const { data } = useMeta()
  const events = only ? withOwn(only, value) : Object.keys(data?.events ?? { [value]: value })
  return (
    <Select
      size="small"
      showSearch={{ optionFilterProp: 'label' }}
      value={value}
      onChange={onChange}
      aria-label={t('conditions.event')}
      popupMatchSelectWidth={false}
      options={events.map((event) => ({ value: event, label: named(event) }))}
    />
  )
}

export function ScopeChoice({ value, onChange }: Editor<string>) {
  const { t } = useTexts()
  return (
    <Select
      size="small"
      value={value}
      onChange={onChange}
      aria-label={t('conditions.scope')}
      popupMatchSelectWidth={false}
      options={withOwn(SCOPES, value).map((scope) => ({ value: scope, label: scopeText(t, scope) }))}
    />
  )
}

/** The choices, and the value itself where somebody wrote another one as text. */
export const withOwn = (choices: readonly string[], value: string): string[] => (choices.includes(value) ? [...choices] : [...choices, value])

/** All choices, and of the values those that somebody wrote beside them. */
export const withAll = (choices: readonly string[], values: readonly string[]): string[] => [...new Set([...choices, ...values])]

/** How often at least. */
export function TimesNumber({ value, onChange }: Editor<number>) {
  const { t } = useTexts()
  return (
    <>
      <span>{t('conditions.at_least')}</span>
      <InputNumber
        size="small"
        min={1}
        max={64}
        precision={0}
        value={value}
        aria-label={t('conditions.times')}
        onChange={(times) => onChange(times ?? 1)}
      />
      <span>{t('conditions.times_unit')}</span>
    </>
  )
}

function scopeText(t: Say, scope: string): string {
  if (scope === 'session' || scope === 'visit' || scope === 'ever') return t(`conditions.scopes.${scope}`)
  return t('conditions.scopes.within', { span: spanText(t, scope) })
}

export function spanText(t: Say, span: string): string {
  const parts = [...span.matchAll(/(\d+)([dhms])/g)]
  return parts.map(([, number = '', unit]) => t(`conditions.units.${unit as 'd' | 'h' | 'm' | 's'}`, { n: number })).join(' ')
}
