import { Button, Form, Input, InputNumber, Space } from 'antd'
import { useShop } from '@/api/meta'
import type { OfferInUse } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { decimalText, toMinor } from '@/lib/amount'
import { useTexts } from '@/lib/language'
import { type CodeKind, kindOf } from './code-kind'
import { OfferCodeKind } from './offer-code-kind'
import { newKey } from './strategy-form'
import { usePutOffer } from './strategies-api'

interface Typed {
  title: string
  rules: string
  amount: string
  cost: string
  stock: number | null
  kind: CodeKind
}

/** An offer that is made or changed; `onDone` is told the one whose codes are to be uploaded next. */
export function OfferForm({ one, onDone }: { one: OfferInUse | null; onDone: (saved?: OfferInUse) => void }) {
  const { t } = useTexts()
  const offer = one?.offer ?? null
  const key = offer?.key ?? newKey('offer')
  const { currency } = useShop()
  const put = usePutOffer()
  const text = (minor: number | undefined) => (minor === undefined ? '' : decimalText(minor, currency))
  const money = {
    validator: (_: unknown, typed: string) =>
      !typed || toMinor(typed, currency) !== null ? Promise.resolve() : Promise.reject(t('products.price_rule')),
  }
  const save = (typed: Typed) =>
    put.mutate(
      {
        ...offer,
        key,
        title: typed.title.trim(),
        rules: typed.rules.trim(),
        amount_minor: toMinor(typed.amount || '0', currency) ?? 0,
        cost_minor: toMinor(typed.cost || '0', currency) ?? 0,
        stock: typed.stock,
        is_issued: typed.kind === 'issued',
      },
      {
        onSuccess: (all) => {
          const saved = all.find((made) => made.offer.key === key)
          onDone(typed.kind === 'table' && saved?.codes === null ? saved : undefined)
        },
      },
    )
  return (
    <Form<Typed>
      layout="vertical"
      requiredMark={false}
      initialValues={{
        title: offer?.title ?? '',
        rules: offer?.rules ?? '',
        amount: text(offer?.amount_minor),
        cost: text(offer?.cost_minor),
        stock: offer?.stock ?? null,
        kind: kindOf(one),
      }}
      onFinish={save}
    >
      <Form.Item name="title" label={t('strategies.offer.title')} rules={[{ required: true, message: t('strategies.offer.title_missing') }]}>
        <Input maxLength={60} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="rules"
        label={t('strategies.offer.rules')}
        extra={t('strategies.offer.rules_meaning')}
        rules={[{ required: true, whitespace: true, message: t('strategies.offer.rules_missing') }]}
      >
        <Input.TextArea maxLength={2000} rows={3} />
      </Form.Item>
      <div className="pair">
        <Form.Item name="amount" label={t('strategies.offer.amount')} rules={[money]}>
          <Input inputMode="decimal" maxLength={20} autoComplete="off" />
        </Form.Item>
        <Form.Item name="cost" label={t('strategies.offer.cost')} tooltip={t('strategies.offer.cost_meaning')} rules={[money]}>
          <Input inputMode="decimal" maxLength={20} autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item name="stock" label={t('strategies.offer.stock')} extra={t('strategies.offer.stock_meaning')}>
        <InputNumber min={0} precision={0} className="whole" />
      </Form.Item>
      <Form.Item name="kind" label={t('strategies.codes.title')}>
        <OfferCodeKind isUploaded={(one?.codes ?? null) !== null} />
      </Form.Item>
      {put.isError && <ProblemAlert error={put.error} />}
      <Space className="form-end">
        <Button type="primary" htmlType="submit" loading={put.isPending}>
          {t('products.save')}
        </Button>
        <Button onClick={() => onDone()}>{t('app.cancel')}</Button>
      </Space>
    </Form>
  )
}
