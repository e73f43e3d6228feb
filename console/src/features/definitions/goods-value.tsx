import { InputNumber, Select } from 'antd'
import { useEventName } from '@/api/meta'
import { useTexts } from '@/lib/language'
import { ScopeChoice, TimesNumber, withAll, type Editor } from './choices'
import type { Goods } from './goods'
import { OF_PRODUCTS } from './measures'

/** What is done with goods of which categories and prices, how often and in which time. */
export function GoodsValue({ value, onChange }: Editor<Goods>) {
  const { t } = useTexts()
  const named = useEventName()
  const price = (which: 'least' | 'most') => (
    <InputNumber
      size="small"
      min={0}
      max={100_000_000}
      precision={2}
      value={value[which]}
      aria-label={t(`conditions.goods.${which}`)}
      placeholder={t(`conditions.goods.${which}`)}
      onChange={(bound) => onChange({ ...value, [which]: bound })}
    />
  )
  return (
    <>
      <Select
        size="small"
        mode="multiple"
        className="goods-events"
        value={value.events}
        aria-label={t('conditions.goods.events')}
        placeholder={t('conditions.goods.events')}
        onChange={(events: string[]) => onChange({ ...value, events })}
        options={withAll(OF_PRODUCTS, value.events).map((event) => ({ value: event, label: named(event) }))}
      />
      <Select
        size="small"
        mode="tags"
        className="goods-categories"
        value={value.categories}
        tokenSeparators={[...t('conditions.goods.separators')]}
        aria-label={t('conditions.goods.categories')}
        placeholder={t('conditions.goods.categories')}
        onChange={(categories: string[]) => onChange({ ...value, categories })}
        notFoundContent={null}
      />
      {price('least')}
      <span>{t('conditions.hour.to')}</span>
      {price('most')}
      <span>{t('conditions.currency')}</span>
      <ScopeChoice value={value.within} onChange={(within) => onChange({ ...value, within })} />
      <TimesNumber value={value.times} onChange={(times) => onChange({ ...value, times })} />
    </>
  )
}
