import { Table, type TableColumnsType } from 'antd'
import type { BadCell, TableReport } from '@/api/types'
import { count } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { sheetText } from '@/lib/reasons'
import { Detail } from './detail'

/** Which rows of a table cannot be used, why, and what to do. */
export function TableReportView({ report }: { report: TableReport }) {
  const { t } = useTexts()
  return (
    <>
      {report.ignored.length > 0 && (
        <p className="quiet small gap">{t('products.import.ignored', { names: report.ignored.join(t('products.import.comma')) })}</p>
      )}
      {report.bad > 0 && (
        <>
          <h3>{t('products.import.bad', { bad: count(report.bad), rows: count(report.rows) })}</h3>
          <Cells cells={report.problems} />
        </>
      )}
      {report.doubtful > 0 && (
        <>
          <h3>{t('products.import.doubtful', { cells: count(report.doubtful) })}</h3>
          <Cells cells={report.doubts} />
        </>
      )}
    </>
  )
}

function Cells({ cells }: { cells: BadCell[] }) {
  const columns = useColumns()
  return (
    <Table<BadCell>
      size="small"
      rowKey={(one) => `${one.line} ${one.column} ${one.code}`}
      columns={columns}
      dataSource={cells}
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: 660 }}
    />
  )
}

function useColumns(): TableColumnsType<BadCell> {
  const { t } = useTexts()
  const { language } = useLanguage()
  return [
    { title: t('products.import.line'), width: 70, className: 'num', render: (_, { line }) => count(line) },
    { title: t('products.import.column'), width: 110, ellipsis: true, render: (_, { column }) => column || '–' },
    {
      title: t('products.import.what'),
      render: (_, { code, detail }) => (
        <>
          {sheetText(code, language).what}
          <div className="quiet small">
            <Detail detail={detail} />
          </div>
        </>
      ),
    },
    { title: t('products.import.todo'), width: 200, render: (_, { code }) => sheetText(code, language).todo },
  ]
}
