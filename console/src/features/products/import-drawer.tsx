import { Drawer } from 'antd'
import type { ProductImport } from '@/api/types'
import { TableImport } from '@/components/table-import'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useImportProducts } from './products-api'

/** Products from a table. */
export function ImportDrawer({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTexts()
  return (
    <Drawer open={isOpen} onClose={onClose} size={760} title={t('products.import.title')} destroyOnHidden>
      {isOpen && <Import onClose={onClose} />}
    </Drawer>
  )
}

function Import({ onClose }: { onClose: () => void }) {
  const { t } = useTexts()
  const trial = useImportProducts()
  const real = useImportProducts()
  const told = ({ added, changed, unchanged }: ProductImport, isDone: boolean) =>
    t(isDone ? 'products.import.done' : 'products.import.would', {
      added: count(added),
      changed: count(changed),
      unchanged: count(unchanged),
    })
  const takes = ({ added, changed }: ProductImport) =>
    added + changed === 0 ? null : t('products.import.take', { n: count(added + changed) })
  return (
    <TableImport intro={t('products.import.intro')} trial={trial} real={real} told={told} takes={takes} onClose={onClose} />
  )
}
