import { Table, type TableColumnsType } from 'antd'
import { useShop } from '@/api/meta'
import type { Product, ProductPage } from '@/api/types'
import { Figure } from '@/components/figure'
import { count, dayAndClock, money } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { PAGE } from './products-api'

interface Props {
  found: ProductPage | undefined
  isPending: boolean
  page: number
  onPage: (page: number) => void
  onOpen: (product: Product) => void
}

export function ProductTable({ found, isPending, page, onPage, onOpen }: Props) {
  const { t } = useTexts()
  const columns = useColumns(onOpen)
  return (
    <Table<Product>
      size="small"
      rowKey="id"
      loading={isPending}
      columns={columns}
      dataSource={found?.items ?? []}
      locale={{ emptyText: t('products.not_found') }}
      scroll={{ x: 1060 }}
      pagination={{
        current: page,
        pageSize: PAGE,
        total: found?.total ?? 0,
        showSizeChanger: false,
        hideOnSinglePage: true,
        showTotal: (total) => t('products.total', { n: count(total) }),
        onChange: onPage,
      }}
    />
  )
}

function useColumns(onOpen: (product: Product) => void): TableColumnsType<Product> {
  const { t } = useTexts()
  const { language } = useLanguage()
  const { zone } = useShop()
  return [
    {
      title: t('products.field.link_number'),
      width: 80,
      className: 'num',
      render: (_, { link_number: number }) => number ?? '–',
    },
    {
      title: t('products.product'),
      ellipsis: true,
      render: (_, product) => (
        <>
          <button type="button" className="link cut" onClick={() => onOpen(product)}>
            {product.title || product.id}
          </button>
          <div className="quiet small cut">{product.id}</div>
        </>
      ),
    },
    {
      title: t('products.field.category'),
      width: 220,
      ellipsis: true,
      render: (_, { category }) => category.join(' › ') || '–',
    },
    { title: t('products.field.brand'), width: 140, ellipsis: true, render: (_, { brand }) => brand ?? '–' },
    {
      title: t('products.field.price'),
      width: 120,
      align: 'right',
      className: 'num',
      render: (_, { price_minor: price, currency }) =>
        price === null ? '–' : <Figure amount={money(price, currency, language)} />,
    },
    {
      title: t('products.field.stock'),
      width: 100,
      align: 'right',
      className: 'num',
      render: (_, { stock }) =>
        stock === 0 ? <span className="notice">{t('products.sold_out')}</span> : stock === null ? '–' : count(stock),
    },
    {
      title: t('products.updated'),
      width: 130,
      className: 'num',
      render: (_, { updated_at: at }) => dayAndClock(at, zone),
    },
  ]
}
