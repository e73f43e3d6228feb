import { InboxOutlined } from '@ant-design/icons'
import { Alert, Button, Drawer, Space, Spin, Upload } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemAlert } from '@/components/problem'
import { count } from '@/lib/format'
import { useImportProducts } from './products-api'
import { TableReportView } from './table-report'

/** A table from somebody's computer: tried first, shown, and taken over when they say so. */
export function ImportDrawer({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <Drawer open={isOpen} onClose={onClose} size={760} title={t('products.import.title')} destroyOnHidden>
      {isOpen && <Import onClose={onClose} />}
    </Drawer>
  )
}

function Import({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [file, setFile] = useState<File | null>(null)
  const trial = useImportProducts()
  const real = useImportProducts()
  const choose = (chosen: File) => {
    setFile(chosen)
    real.reset()
    trial.mutate({ file: chosen, isTrial: true })
    return false // nothing is sent by the control itself
  }
  const told = real.data ?? trial.data
  const takes = (trial.data?.added ?? 0) + (trial.data?.changed ?? 0)
  return (
    <>
      <p className="quiet gap">{t('products.import.intro')}</p>
      <Upload.Dragger
        height={150}
        accept=".csv,.txt,.tsv,text/csv"
        maxCount={1}
        showUploadList={false}
        beforeUpload={choose}
      >
        <p className="drop-icon">
          <InboxOutlined />
        </p>
        <p>{file ? file.name : t('products.import.choose')}</p>
        <p className="quiet small">{t('products.import.forms')}</p>
      </Upload.Dragger>
      <div className="gap" />
      {trial.isPending && <Spin description={t('products.import.trying')} />}
      {trial.isError && <ProblemAlert error={trial.error} />}
      {real.isError && <ProblemAlert error={real.error} />}
      {told && (
        <>
          <Alert
            className="gap"
            showIcon
            type={real.data ? 'success' : told.bad > 0 ? 'warning' : 'info'}
            title={t(real.data ? 'products.import.done' : 'products.import.would', {
              added: count(told.added),
              changed: count(told.changed),
              unchanged: count(told.unchanged),
            })}
          />
          <TableReportView report={told} />
          <Space className="form-end">
            {real.data ? (
              <Button type="primary" onClick={onClose}>
                {t('products.import.close')}
              </Button>
            ) : (
              <Button
                type="primary"
                disabled={takes === 0}
                loading={real.isPending}
                onClick={() => file && real.mutate({ file, isTrial: false })}
              >
                {t('products.import.take', { n: count(takes) })}
              </Button>
            )}
          </Space>
        </>
      )}
    </>
  )
}
