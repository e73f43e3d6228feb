import { InboxOutlined } from '@ant-design/icons'
import type { UseMutationResult } from '@tanstack/react-query'
import { Alert, Button, Space, Spin, Upload } from 'antd'
import { useState } from 'react'
import type { TableReport } from '@/api/types'
import { useTexts } from '@/lib/language'
import { ProblemAlert } from './problem'
import { TableReportView } from './table-report'

export interface Sent {
  file: File
  isTrial: boolean
}

type Sending<Told> = UseMutationResult<Told, Error, Sent>

interface Props<Told> {
  intro: string
  trial: Sending<Told>
  real: Sending<Told>
  /** What it did, or would do. */
  told: (report: Told, isDone: boolean) => string
  /** What the button says; null when there is nothing to take over. */
  takes: (report: Told) => string | null
  onClose: () => void
}

/** A table from somebody's computer: tried first, shown, and taken over when they say so. */
export function TableImport<Told extends TableReport>({ intro, trial, real, told, takes, onClose }: Props<Told>) {
  const { t } = useTexts()
  const [file, setFile] = useState<File | null>(null)
  const choose = (chosen: File) => {
    setFile(chosen)
    real.reset()
    trial.mutate({ file: chosen, isTrial: true })
    return false // nothing is sent by the control itself
  }
  const report = real.data ?? trial.data
  const label = report && takes(report)
  return (
    <>
      <p className="quiet gap">{intro}</p>
      <Upload.Dragger height={150} accept=".csv,.txt,.tsv,text/csv" maxCount={1} showUploadList={false} beforeUpload={choose}>
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
      {report && (
        <>
          <Alert
            className="gap"
            showIcon
            type={real.data ? 'success' : report.bad > 0 ? 'warning' : 'info'}
            title={told(report, real.data !== undefined)}
          />
          <TableReportView report={report} />
          <Space className="form-end">
            {real.data ? (
              <Button type="primary" onClick={onClose}>
                {t('products.import.close')}
              </Button>
            ) : (
              <Button
                type="primary"
                disabled={label === null}
                loading={real.isPending}
                onClick={() => file && real.mutate({ file, isTrial: false })}
              >
                {label ?? t('products.import.take', { n: 0 })}
              </Button>
            )}
          </Space>
        </>
      )}
    </>
  )
}
