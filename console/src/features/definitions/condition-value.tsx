import { Input, InputNumber, Select } from 'antd'
import type { ValueEditorProps } from 'react-querybuilder'
import { OpenChoice } from '@/components/open-choice'
import { useLanguage, useTexts } from '@/lib/language'
import { traitName, valuesOf } from '@/lib/trait-words'
import { EventChoice, NameChoice, ScopeChoice, spanText, TimesNumber, withOwn, type Editor } from './choices'
import { AGES, type Did, type DidAt, type Field, type Since, type Spent, type TagNumber, type TraitValue } from './conditions'
import { useDefinitions } from './definitions-api'
import type { Goods } from './goods'
import { GoodsValue } from './goods-value'
import { useLists } from './lists-api'

export const TRAITS = [
  ...['gender', 'age', 'age_band', 'region', 'province', 'city_tier', 'occupation', 'member_level', 'follower'],
  ...['registered_days', 'life_stage', 'loved_category', 'loved_price_band', 'loved_brand', 'loved_brand_tone'],
]

/** What a condition compares with, by what it is about. */
export function ConditionValue({ field, value, handleOnChange, context }: ValueEditorProps) {
  const own = (context as { own?: string } | undefined)?.own
  switch (field as Field) {
    case 'did':
      return <DidValue value={value as Did} onChange={handleOnChange} />
    case 'hour':
      return <HourValue value={value as DidAt} onChange={handleOnChange} />
    case 'goods':
      return <GoodsValue value={value as Goods} onChange={handleOnChange} />
    case 'spent':
      return <SpentValue value={value as Spent} onChange={handleOnChange} />
    case 'since':
      return <SinceValue value={value as Since} onChange={handleOnChange} />
    case 'trait':
      return <TraitEditor value={value as TraitValue} onChange={handleOnChange} />
    case 'tag':
    case 'segment':
      return <NamedValue kind={field as 'tag' | 'segment'} value={value as string} onChange={handleOnChange} own={own} />
    case 'list':
      return <ListValue value={value as string} onChange={handleOnChange} />
    case 'number':
      return <NumberValue value={value as TagNumber} onChange={handleOnChange} own={own} />
  }
}

/** On a clock of 24 hours in every language; a browser's own field for times would show its own. */
const HALF_HOURS = Array.from({ length: 48 }, (_, n) => `${String(n >> 1).padStart(2, '0')}:${n % 2 ? '30' : '00'}`)

/** Two times of a day, and what is done between them. */
function HourValue({ value, onChange }: Editor<DidAt>) {
  const { t } = useTexts()
  const time = (which: 'begin' | 'end') => (
    <Select
      size="small"
      className="hour-value"
      showSearch
      value={value[which]}
      aria-label={t(`conditions.hour.${which}`)}
      onChange={(at) => onChange({ ...value, [which]: at })}
      options={withOwn(HALF_HOURS, value[which]).map((at) => ({ value: at, label: at }))}
    />
  )
  return (
    <>
      {time('begin')}
      <span>{t('conditions.hour.to')}</span>
      {time('end')}
      {value.end < value.begin && <span className="quiet small">{t('conditions.hour.over_midnight')}</span>}
      {value.zone !== undefined && <span className="quiet small">{value.zone}</span>}
      <DidValue value={value} onChange={(did) => onChange({ ...value, ...did })} />
    </>
  )
}

function DidValue({ value, onChange }: Editor<Did>) {
  return (
    <>
      <EventChoice value={value.event} onChange={(event) => onChange({ ...value, event })} />
      <ScopeChoice value={value.within} onChange={(within) => onChange({ ...value, within })} />
      <TimesNumber value={value.times} onChange={(times) => onChange({ ...value, times })} />
    </>
  )
}

function SpentValue({ value, onChange }: Editor<Spent>) {
  const { t } = useTexts()
  return (
    <>
      <InputNumber
        size="small"
        min={0.01}
        max={100_000_000}
        precision={2}
        value={value.amount}
        aria-label={t('conditions.amount')}
        onChange={(amount) => onChange({ ...value, amount: amount ?? 0.01 })}
      />
      <span>{t('conditions.currency')}</span>
      <ScopeChoice value={value.within} onChange={(within) => onChange({ ...value, within })} />
    </>
  )
}

function SinceValue({ value, onChange }: Editor<Since>) {
  const { t } = useTexts()
  return (
    <>
      <EventChoice value={value.event} onChange={(event) => onChange({ ...value, event })} />
      <Select
        size="small"
        value={value.span}
        onChange={(span) => onChange({ ...value, span })}
        aria-label={t('conditions.age')}
        popupMatchSelectWidth={false}
        options={withOwn(AGES, value.span).map((span) => ({ value: span, label: spanText(t, span) }))}
      />
    </>
  )
}

function TraitEditor({ value, onChange }: Editor<TraitValue>) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const known = valuesOf(value.name, language)
  return (
    <>
      <OpenChoice
        className="trait-name"
        value={value.name}
        known={TRAITS.map((name) => ({ value: name, label: traitName(name, language) }))}
        longest={64}
        label={t('conditions.trait')}
        onChange={(name) => onChange({ name, value: '' })}
      />
      {known.length > 0 ? (
        <OpenChoice
          className="trait-value"
          value={value.value}
          known={known}
          longest={200}
          label={t('conditions.value')}
          onChange={(told) => onChange({ ...value, value: told })}
        />
      ) : (
        <Input
          size="small"
          className="trait-value"
          value={value.value}
          maxLength={200}
          aria-label={t('conditions.value')}
          onChange={({ target }) => onChange({ ...value, value: target.value })}
        />
      )}
    </>
  )
}

function NamedValue({ kind, value, onChange, own }: Editor<string> & { kind: 'tag' | 'segment'; own: string | undefined }) {
  const { words } = useLanguage()
  const known = useDefinitions(kind).data ?? []
  const options = known
    .filter((one) => one.now !== null && one.key !== own)
    .map((one) => ({ value: one.key, label: words(one.names), title: words(one.meaning) }))
  return <NameChoice kind={kind} value={value} onChange={onChange} options={options} />
}

function ListValue({ value, onChange }: Editor<string>) {
  const options = (useLists().data ?? []).map(({ key, title }) => ({ value: key, label: title }))
  return <NameChoice kind="list" value={value} onChange={onChange} options={options} />
}

/** A tag that is a number, and what it is compared with: money with money. */
function NumberValue({ value, onChange, own }: Editor<TagNumber> & { own: string | undefined }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const known = (useDefinitions('tag').data ?? []).filter((one) => one.now !== null && one.number !== null && one.key !== own)
  const unit = known.find((one) => one.key === value.key)?.number ?? 'none'
  const isCounted = unit === 'times' || unit === 'products' || unit === 'categories'
  const choose = (key: string) => onChange({ ...value, key, isMoney: known.find((one) => one.key === key)?.number === 'money' })
  return (
    <>
      <NameChoice
        kind="number"
        value={value.key}
        onChange={choose}
        options={known.map((one) => ({ value: one.key, label: words(one.names), title: words(one.meaning) }))}
      />
      <InputNumber
        size="small"
        max={100_000_000}
        {...(isCounted ? { min: 0, precision: 0 } : value.isMoney ? { min: 0, precision: 2 } : {})}
        value={value.value}
        aria-label={t(value.isMoney ? 'conditions.amount' : 'conditions.number')}
        onChange={(number) => onChange({ ...value, value: number ?? 0 })}
      />
      {value.isMoney && <span>{t('conditions.currency')}</span>}
    </>
  )
}
