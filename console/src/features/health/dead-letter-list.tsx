import { App, Button, Popconfirm, Table, type TableColumnsType } from 'antd'
import { useShop } from '@/api/meta'
import type { DeadLetter } from '@/api/types'
import { Detail } from '@/components/detail'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { reasonText } from '@/lib/reasons'
import { bytes, count, dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useDeadLetters, useDiscard, useReplay } from './dead-letters-api'

/** What could not be read, kept for seven days: look, mend the sender or the mapping, send again. */
export function DeadLetterList({ total }: { total: number }) {
  const { t } = useTexts()
  const letters = useDeadLetters()
  const columns = useColumns()
  const items = letters.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Panel
      title={t('health.letters.title')}
      note={t('health.letters.note', { n: count(total) })}
      name="dead-letters"
    >
      {letters.isError && <ProblemAlert error={letters.error} onRetry={() => void letters.refetch()} />}
      {letters.isSuccess && items.length === 0 ? (
        <p className="quiet nothing">{t('health.letters.none')}</p>
      ) : (
        <Table<DeadLetter>
          size="small"
          rowKey="id"
          loading={letters.isPending}
          columns={columns}
          dataSource={items}
          pagination={false}
          scroll={{ x: 1060 }}
          expandable={{
            expandedRowRender: (letter) => (
              <pre className="preview" tabIndex={0} aria-label={t('health.letters.preview')}>
                {letter.preview}
              </pre>
            ),
          }}
        />
      )}
      {letters.hasNextPage && (
        <Button onClick={() => void letters.fetchNextPage()} loading={letters.isFetchingNextPage}>
          {t('health.letters.older')}
        </Button>
      )}
    </Panel>
  )
}

function useColumns(): TableColumnsType<DeadLetter> {
  const { t } = useTexts()
  const { language } = useLanguage()
  const { zone } = useShop()
  return [
    {
      title: t('health.letters.at'),
      width: 130,
      className: 'num',
      render: (_, { at }) => dayAndClock(at, zone),
    },
    { title: t('health.letters.source'), dataIndex: 'source', width: 140, ellipsis: true },
    { title: t('health.letters.route'), dataIndex: 'route', width: 120, ellipsis: true },
    {
      title: t('health.letters.code'),
      width: 220,
      render: (_, { code }) => reasonText(code, language),
    },
    { title: t('health.letters.detail'), width: 220, render: (_, { detail }) => <Detail detail={detail} /> },
    {
      title: t('health.letters.events'),
      width: 80,
      align: 'right',
      className: 'num',
      render: (_, { events }) => count(events),
    },
    {
      title: t('health.letters.size'),
      width: 100,
      align: 'right',
      className: 'num',
      render: (_, { size }) => bytes(size, language),
    },
    {
      title: t('health.letters.action'),
      width: 210,
      fixed: 'right',
      render: (_, { id }) => <Actions id={id} />,
    },
  ]
}

function Actions({ id }: { id: string }) {
  const { t } = useTexts()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const replay = useReplay()
  const discard = useDiscard()
  const failed = (error: unknown) => message.error(textOf(error).title)
  const sendAgain = () =>
    replay.mutate(id, {
      onSuccess: ({ accepted, rejected }) =>
        rejected.length === 0
          ? message.success(t('health.letters.replayed', { accepted: count(accepted) }))
          : message.warning(
              t('health.letters.replayed_some', {
                accepted: count(accepted),
                rejected: count(rejected.length),
              }),
            ),
      onError: failed,
    })
  return (
    <>
      <Button size="small" onClick={sendAgain} loading={replay.isPending}>
        {t('health.letters.replay')}
      </Button>{' '}
      <Popconfirm
        title={t('health.letters.discard_sure')}
        okText={t('health.letters.discard')}
        cancelText={t('app.cancel')}
        onConfirm={() => discard.mutate(id, { onError: failed })}
      >
        <Button size="small" type="text" loading={discard.isPending}>
          {t('health.letters.discard')}
        </Button>
      </Popconfirm>
    </>
  )
}
