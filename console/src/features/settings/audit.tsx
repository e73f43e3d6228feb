import { Button, Table, type TableColumnsType } from 'antd'
import { useShop } from '@/api/meta'
import type { AuditEntry } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { StatusDot } from '@/components/status-dot'
import { count, dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useActionName } from './action-name'
import { useAudit, useAuditVerdict } from './settings-api'

/** Who changed what, when and why; and whether the record is whole. */
export function Audit() {
  const { t } = useTexts()
  const audit = useAudit()
  const columns = useColumns()
  const items = audit.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Panel title={t('settings.audit.heading')} note={<Verdict />} name="audit">
      <p className="quiet gap">{t('settings.audit.intro')}</p>
      {audit.isError && <ProblemAlert error={audit.error} onRetry={() => void audit.refetch()} />}
      <Table<AuditEntry>
        size="small"
        rowKey="number"
        loading={audit.isPending}
        columns={columns}
        dataSource={items}
        pagination={false}
        scroll={{ x: 860 }}
        expandable={{
          rowExpandable: ({ before, after }) => before !== null || after !== null,
          expandedRowRender: (entry) => <Change entry={entry} />,
        }}
      />
      {audit.hasNextPage && (
        <Button className="form-end" onClick={() => void audit.fetchNextPage()} loading={audit.isFetchingNextPage}>
          {t('settings.audit.older')}
        </Button>
      )}
    </Panel>
  )
}

function Verdict() {
  const { t } = useTexts()
  const { zone } = useShop()
  const verdict = useAuditVerdict()
  const told = verdict.data
  return (
    <span role="status">
      {told && (
        <>
          <StatusDot status={told.intact ? 'good' : 'bad'} />
          {told.intact
            ? t('settings.audit.whole', { n: count(told.rows), time: dayAndClock(told.as_of, zone) })
            : t('settings.audit.broken', { n: count(told.broken_at ?? 0) })}{' '}
        </>
      )}
      {verdict.isError && `${t('settings.audit.unknown')} `}
      <Button size="small" onClick={() => void verdict.refetch()} loading={verdict.isFetching}>
        {t('settings.audit.again')}
      </Button>
    </span>
  )
}

/** What it was done to: its name where the row tells one, and its id. */
function Subject({ entry: { subject, before, after } }: { entry: AuditEntry }) {
  const told = [after, before].flatMap((values) => [values?.['name'], values?.['title'], values?.['file']])
  const name = told.find((one) => typeof one === 'string' && one !== '' && one !== subject)
  if (typeof name !== 'string') return subject
  return (
    <>
      {name} <span className="quiet small">{subject}</span>
    </>
  )
}

function Change({ entry }: { entry: AuditEntry }) {
  const { t } = useTexts()
  const parts = [
    ['before', entry.before],
    ['after', entry.after],
  ] as const
  return (
    <div className="pair">
      {parts.map(([when, values]) => (
        <div key={when}>
          <h3>{t(`settings.audit.${when}`)}</h3>
          <pre className="preview" tabIndex={0} aria-label={t(`settings.audit.${when}`)}>
            {values === null ? '–' : JSON.stringify(values, null, 2)}
          </pre>
        </div>
      ))}
    </div>
  )
}

function useColumns(): TableColumnsType<AuditEntry> {
  const { t } = useTexts()
  const { zone } = useShop()
  const nameOf = useActionName()
  return [
    { title: t('settings.audit.at'), width: 130, className: 'num', render: (_, { at }) => dayAndClock(at, zone) },
    {
      title: t('settings.audit.who'),
      width: 220,
      ellipsis: true,
      render: (_, { actor }) => (
        <>
          {actor.name || t('settings.audit.kind.system')}
          {actor.kind !== 'account' && actor.name && <span className="quiet small">{t('app.dot') + t(`settings.audit.kind.${actor.kind}`)}</span>}
        </>
      ),
    },
    { title: t('settings.audit.what'), width: 200, render: (_, { action }) => nameOf(action) },
    { title: t('settings.audit.subject'), ellipsis: true, render: (_, entry) => <Subject entry={entry} /> },
    { title: t('settings.audit.reason'), dataIndex: 'reason', width: 200, ellipsis: true },
  ]
}
