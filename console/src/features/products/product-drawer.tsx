import { Button, Drawer, Form, Input, InputNumber, Popconfirm, Select, Space } from 'antd'
import { useShop } from '@/api/meta'
import type { Product, ProductGiven } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { decimalText, toMinor } from '@/lib/amount'
import { useTexts } from '@/lib/language'
import { usePutProduct } from './products-api'

interface Props {
  isOpen: boolean
  /** Null for a new one. */
  product: Product | null
  canWrite: boolean
  onClose: () => void
  onDelete: (product: Product) => void
}

/** As people type it: the price is a decimal text. */
interface Typed {
  id: string
  title: string
  link_number: number | null
  category: string[]
  brand: string
  brand_tone: string
  price: string
  currency: string
  stock: number | null
  selling_points: string[]
  related: string[]
}

export function ProductDrawer({ isOpen, product, canWrite, onClose, onDelete }: Props) {
  const { t } = useTexts()
  return (
    <Drawer
      open={isOpen}
      onClose={onClose}
      size={560}
      title={product === null ? t('products.add') : product.title || product.id}
      destroyOnHidden
      extra={
        product !== null &&
        canWrite && (
          <Popconfirm
            title={t('products.delete_sure')}
            okText={t('products.delete')}
            cancelText={t('app.cancel')}
            onConfirm={() => onDelete(product)}
          >
            <Button danger type="text">
              {t('products.delete')}
            </Button>
          </Popconfirm>
        )
      }
    >
      {isOpen && <ProductForm product={product} canWrite={canWrite} onDone={onClose} />}
    </Drawer>
  )
}

function ProductForm({ product, canWrite, onDone }: { product: Product | null; canWrite: boolean; onDone: () => void }) {
  const { t } = useTexts()
  const shop = useShop()
  const put = usePutProduct()
  const submit = (typed: Typed) => put.mutate({ id: typed.id.trim(), given: given(typed) }, { onSuccess: onDone })
  return (
    <Form<Typed>
      layout="vertical"
      disabled={!canWrite}
      initialValues={typed(product, shop.currency)}
      onFinish={submit}
    >
      <Form.Item name="id" label={t('products.field.id')} rules={[{ required: true, whitespace: true, message: t('products.id_missing') }]}>
        <Input maxLength={128} disabled={product !== null || !canWrite} autoComplete="off" />
      </Form.Item>
      <Form.Item name="title" label={t('products.field.title')}>
        <Input maxLength={512} autoComplete="off" />
      </Form.Item>
      <div className="pair">
        <Form.Item
          name="price"
          label={t('products.field.price')}
          dependencies={['currency']}
          rules={[
            ({ getFieldValue }) => ({
              validator: (_, text: string) =>
                !text || toMinor(text, String(getFieldValue('currency'))) !== null
                  ? Promise.resolve()
                  : Promise.reject(t('products.price_rule')),
            }),
          ]}
        >
          <Input inputMode="decimal" maxLength={20} autoComplete="off" />
        </Form.Item>
        <Form.Item name="currency" label={t('products.field.currency')} rules={[{ pattern: /^[A-Z]{3}$/, message: t('products.currency_rule') }]}>
          <Input maxLength={3} autoComplete="off" />
        </Form.Item>
        <Form.Item name="stock" label={t('products.field.stock')}>
          <InputNumber min={0} precision={0} className="whole" />
        </Form.Item>
        <Form.Item name="link_number" label={t('products.field.link_number')} tooltip={t('products.link_meaning')}>
          <InputNumber min={0} precision={0} className="whole" />
        </Form.Item>
      </div>
      <Form.Item name="category" label={t('products.field.category')} extra={t('products.category_meaning')}>
        <Several />
      </Form.Item>
      <div className="pair">
        <Form.Item name="brand" label={t('products.field.brand')}>
          <Input maxLength={512} autoComplete="off" />
        </Form.Item>
        <Form.Item name="brand_tone" label={t('products.field.brand_tone')} tooltip={t('products.tone_meaning')}>
          <Input maxLength={512} autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item name="selling_points" label={t('products.field.selling_points')} extra={t('products.several')}>
        <Several />
      </Form.Item>
      <Form.Item name="related" label={t('products.field.related')} extra={t('products.related_meaning')}>
        <Several />
      </Form.Item>
      {put.isError && <ProblemAlert error={put.error} />}
      {canWrite && (
        <Space className="form-end">
          <Button type="primary" htmlType="submit" loading={put.isPending}>
            {t('products.save')}
          </Button>
          <Button onClick={onDone}>{t('app.cancel')}</Button>
        </Space>
      )}
    </Form>
  )
}

/** Several texts, each ended by Enter. */
function Several(props: { value?: string[]; onChange?: (value: string[]) => void; id?: string }) {
  return <Select mode="tags" open={false} suffixIcon={null} maxCount={32} {...props} />
}

function typed(product: Product | null, currency: string): Typed {
  return {
    id: product?.id ?? '',
    title: product?.title ?? '',
    link_number: product?.link_number ?? null,
    category: product?.category ?? [],
    brand: product?.brand ?? '',
    brand_tone: product?.brand_tone ?? '',
    price: product?.price_minor == null ? '' : decimalText(product.price_minor, product.currency),
    currency: product?.currency ?? currency,
    stock: product?.stock ?? null,
    selling_points: product?.selling_points ?? [],
    related: product?.related ?? [],
  }
}

function given(typed: Typed): ProductGiven {
  const price = toMinor(typed.price, typed.currency)
  const brand = typed.brand.trim()
  const tone = typed.brand_tone.trim()
  return {
    title: typed.title.trim(),
    category: typed.category,
    currency: typed.currency,
    selling_points: typed.selling_points,
    related: typed.related,
    ...(brand ? { brand } : {}),
    ...(tone ? { brand_tone: tone } : {}),
    ...(price === null ? {} : { price_minor: price }),
    ...(typed.stock === null ? {} : { stock: typed.stock }),
    ...(typed.link_number === null ? {} : { link_number: typed.link_number }),
  }
}
