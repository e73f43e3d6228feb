import { DownloadOutlined, PlusOutlined, UploadOutlined } from '@ant-design/icons'
import { Alert, App, Button, Empty, Input, Space } from 'antd'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { useMay } from '@/api/session'
import type { Product } from '@/api/types'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { useLanguage, useTexts } from '@/lib/language'
import { ImportDrawer } from './import-drawer'
import { ProductDrawer } from './product-drawer'
import { ProductTable } from './product-table'
import { givenOf, useDeleteProduct, useProducts, usePutProduct } from './products-api'

/** What is open at the right. */
type Side = { is: 'nothing' } | { is: 'import' } | { is: 'product'; product: Product | null }

export function ProductsPage() {
  const { t } = useTexts()
  const { tag } = useLanguage()
  const may = useMay()
  const [asked, setAsked] = useSearchParams()
  const search = asked.get('search') ?? ''
  const page = Math.max(1, Number(asked.get('page')) || 1)
  const found = useProducts(search, page)
  const [side, setSide] = useState<Side>({ is: 'nothing' })
  const close = () => setSide({ is: 'nothing' })
  const ask = (next: { search?: string; page?: number }) => {
    const wanted = { search, page: 1, ...next }
    setAsked({
      ...(wanted.search ? { search: wanted.search } : {}),
      ...(wanted.page > 1 ? { page: String(wanted.page) } : {}),
    })
  }
  const [deleted, setDeleted] = useState<Product | null>(null)
  const [deleting, putting] = [useDeleteProduct(), usePutProduct()]
  const { message } = App.useApp()
  const textOf = useProblemText()
  const failed = (error: unknown) => message.error(textOf(error).title)
  const remove = (product: Product) => {
    close()
    deleting.mutate(product.id, { onSuccess: setDeleted, onError: failed })
  }
  const undo = (product: Product) =>
    putting.mutate(givenOf(product), { onSuccess: () => setDeleted(null), onError: failed })
  const canWrite = may('products.write')
  const isEmpty = found.data?.total === 0
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('products.title')}</h1>
        <Space wrap>
          <Button icon={<DownloadOutlined />} href={`/api/products.csv?locale=${tag}`} download="products.csv">
            {t('products.export')}
          </Button>
          {canWrite && (
            <>
              <Button icon={<UploadOutlined />} onClick={() => setSide({ is: 'import' })}>
                {t('products.import.title')}
              </Button>
              <Button type="primary" icon={<PlusOutlined />} onClick={() => setSide({ is: 'product', product: null })}>
                {t('products.add')}
              </Button>
            </>
          )}
        </Space>
      </header>
      <p className="quiet">{t('products.intro')}</p>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {deleted && (
        <Alert
          type="info"
          showIcon
          title={t('products.deleted', { title: deleted.title || deleted.id })}
          action={
            <Button size="small" onClick={() => undo(deleted)} loading={putting.isPending}>
              {t('products.undo')}
            </Button>
          }
          closable={{ onClose: () => setDeleted(null), 'aria-label': t('products.close') }}
        />
      )}
      {isEmpty && !search ? (
        <Empty className="panel" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('products.none')}>
          {canWrite && (
            <Button type="primary" icon={<UploadOutlined />} onClick={() => setSide({ is: 'import' })}>
              {t('products.import.title')}
            </Button>
          )}
        </Empty>
      ) : (
        <section className="panel" data-part="products">
          <Input.Search
            key={search}
            className="search"
            defaultValue={search}
            allowClear
            maxLength={200}
            aria-label={t('products.search')}
            placeholder={t('products.search')}
            onSearch={(text) => ask({ search: text.trim() })}
          />
          <ProductTable
            found={found.data}
            isPending={found.isPending}
            page={page}
            onPage={(next) => ask({ page: next })}
            onOpen={(product) => setSide({ is: 'product', product })}
          />
        </section>
      )}
      <ProductDrawer
        isOpen={side.is === 'product'}
        product={side.is === 'product' ? side.product : null}
        canWrite={canWrite}
        onClose={close}
        onDelete={remove}
      />
      <ImportDrawer isOpen={side.is === 'import'} onClose={close} />
    </div>
  )
}
