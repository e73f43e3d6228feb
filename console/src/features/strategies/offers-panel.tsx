import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Drawer, Form, Input, InputNumber, Popconfirm, Space, Table, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { Offer, OfferInUse } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { decimalText, toMinor } from '@/lib/amount'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { OfferCodesForm } from './offer-codes'
import { newKey } from './strategy-form'
import { useDropOffer, useOffers, usePutOffer } from './strategies-api'

/** What messages may promise, under rules that everybody can read. */
export function OffersPanel() {
  const { t } = useTexts()
  const may = useMay()
  const found = useOffers()
  const [side, setSide] = useState<{ offer: Offer | null } | null>(null)
  const [coded, setCoded] = useState<OfferInUse | null>(null)
  const columns = useColumns((offer) => setSide({ offer }), setCoded)
  const add = may('limits.write') && (
    <Button type="primary" size="small" icon={<PlusOutlined />} onClick={() => setSide({ offer: null })}>
      {t('strategies.offer.add')}
    </Button>
  )
  return (
    <Panel title={t('strategies.tab.offers')} note={add} name="offers">
      <p className="quiet gap">{t('strategies.offer.intro')}</p>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      <Table<OfferInUse>
        size="small"
        rowKey={(one) => one.offer.key}
        columns={columns}
        dataSource={found.data ?? []}
        loading={found.isPending}
        pagination={false}
        scroll={{ x: 720 }}
        locale={{ emptyText: <span className="quiet">{t('strategies.offer.none')}</span> }}
      />
      <Drawer
        open={side !== null}
        onClose={() => setSide(null)}
        size={480}
        title={side?.offer?.title ?? t('strategies.offer.add')}
        destroyOnHidden
      >
        {side && <OfferForm offer={side.offer} onDone={() => setSide(null)} />}
      </Drawer>
      <Drawer open={coded !== null} onClose={() => setCoded(null)} size={640} title={t('strategies.codes.title')} destroyOnHidden>
        {coded && <OfferCodesForm one={coded} onClose={() => setCoded(null)} />}
      </Drawer>
    </Panel>
  )
}

function useColumns(onOpen: (offer: Offer) => void, onCodes: (one: OfferInUse) => void): TableColumnsType<OfferInUse> {
  const { t } = useTexts()
  const { currency } = useShop()
  const may = useMay()
  return [
    {
      title: t('strategies.offer.title'),
      render: (_, { offer, of_file: isOfFile }) => (
        <>
          {may('limits.write') ? (
            <button type="button" className="link" onClick={() => onOpen(offer)}>
              {offer.title}
            </button>
          ) : (
            offer.title
          )}
          {isOfFile && <span className="quiet small"> {t('strategies.of_file')}</span>}
          <div className="quiet small two-lines">{offer.rules}</div>
        </>
      ),
    },
    {
      title: t('strategies.offer.cost'),
      width: 120,
      align: 'right',
      className: 'num',
      render: (_, { offer }) => decimalText(offer.cost_minor ?? 0, currency),
    },
    {
      title: t('strategies.offer.given'),
      width: 150,
      align: 'right',
      className: 'num',
      render: (_, { offer, given }) =>
        offer.stock == null ? count(given) : `${count(given)} / ${count(offer.stock)}`,
    },
    {
      title: t('strategies.codes.title'),
      width: 130,
      align: 'right',
      className: 'num',
      render: (_, one) => {
        const told = one.codes === null ? '–' : `${count(one.codes_left ?? 0)} / ${count(one.codes)}`
        return may('codes.write') ? (
          <button type="button" className="link" onClick={() => onCodes(one)}>
            {one.codes === null ? t('strategies.codes.add') : told}
          </button>
        ) : (
          told
        )
      },
    },
    {
      title: t('strategies.offer.action'),
      width: 100,
      render: (_, one) => (may('limits.write') && !one.of_file ? <Drop one={one} /> : null),
    },
  ]
}

function Drop({ one }: { one: OfferInUse }) {
  const { t } = useTexts()
  const drop = useDropOffer()
  const { message } = App.useApp()
  const textOf = useProblemText()
  return (
    <Popconfirm
      title={t('strategies.offer.drop_sure')}
      okText={t('strategies.offer.drop')}
      cancelText={t('app.cancel')}
      onConfirm={() => drop.mutate(one.offer.key, { onError: (error) => void message.error(textOf(error).title) })}
    >
      <Button size="small" type="text" disabled={one.used_by.length > 0} loading={drop.isPending}>
        {t('strategies.offer.drop')}
      </Button>
    </Popconfirm>
  )
}

interface Typed {
  title: string
  rules: string
  amount: string
  cost: string
  stock: number | null
}

function OfferForm({ offer, onDone }: { offer: Offer | null; onDone: () => void }) {
  const { t } = useTexts()
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
        key: offer?.key ?? newKey('offer'),
        title: typed.title.trim(),
        rules: typed.rules.trim(),
        amount_minor: toMinor(typed.amount || '0', currency) ?? 0,
        cost_minor: toMinor(typed.cost || '0', currency) ?? 0,
        stock: typed.stock,
      },
      { onSuccess: onDone },
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
      {put.isError && <ProblemAlert error={put.error} />}
      <Space className="form-end">
        <Button type="primary" htmlType="submit" loading={put.isPending}>
          {t('products.save')}
        </Button>
        <Button onClick={onDone}>{t('app.cancel')}</Button>
      </Space>
    </Form>
  )
}
