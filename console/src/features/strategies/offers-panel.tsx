import { PlusOutlined } from '@ant-design/icons'
import { App, Button, Drawer, Popconfirm, Table, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { OfferInUse } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { decimalText } from '@/lib/amount'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { OfferCodesForm } from './offer-codes'
import { OfferForm } from './offer-form'
import { useDropOffer, useOffers } from './strategies-api'

/** What messages may promise, under rules that everybody can read. */
export function OffersPanel() {
  const { t } = useTexts()
  const may = useMay()
  const found = useOffers()
  const [side, setSide] = useState<{ one: OfferInUse | null } | null>(null)
  const [coded, setCoded] = useState<OfferInUse | null>(null)
  const columns = useColumns((one) => setSide({ one }), setCoded)
  const add = may('limits.write') && (
    <Button type="primary" size="small" icon={<PlusOutlined />} onClick={() => setSide({ one: null })}>
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
        title={side?.one?.offer.title ?? t('strategies.offer.add')}
        destroyOnHidden
      >
        {side && (
          <OfferForm
            one={side.one}
            onDone={(saved) => {
              setSide(null)
              setCoded(saved ?? null)
            }}
          />
        )}
      </Drawer>
      <Drawer open={coded !== null} onClose={() => setCoded(null)} size={640} title={t('strategies.codes.title')} destroyOnHidden>
        {coded && <OfferCodesForm one={coded} onClose={() => setCoded(null)} />}
      </Drawer>
    </Panel>
  )
}

function useColumns(onOpen: (one: OfferInUse) => void, onCodes: (one: OfferInUse) => void): TableColumnsType<OfferInUse> {
  const { t } = useTexts()
  const { currency } = useShop()
  const may = useMay()
  return [
    {
      title: t('strategies.offer.title'),
      render: (_, one) => (
        <>
          {may('limits.write') ? (
            <button type="button" className="link" onClick={() => onOpen(one)}>
              {one.offer.title}
            </button>
          ) : (
            one.offer.title
          )}
          {one.of_file && <span className="quiet small"> {t('strategies.of_file')}</span>}
          <div className="quiet small two-lines">{one.offer.rules}</div>
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
        const table = one.codes === null ? '–' : `${count(one.codes_left ?? 0)} / ${count(one.codes)}`
        const told = one.offer.is_issued ? t('strategies.codes.issued') : table
        return may('codes.write') ? (
          <button type="button" className="link" onClick={() => onCodes(one)}>
            {one.codes === null && !one.offer.is_issued ? t('strategies.codes.add') : told}
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
