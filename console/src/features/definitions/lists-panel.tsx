import { UploadOutlined } from '@ant-design/icons'
import { App, Button, Drawer, Empty, Input, Popconfirm, Space, Table, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { ListImport, ViewerList } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { TableImport } from '@/components/table-import'
import { count, dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { membersPath, useDeleteList, useImportList, useLists } from './lists-api'
import { keyFor } from './places'
import { UsedBy } from './used-by'

/** Lists that the shop uploaded; conditions name them. */
export function ListsPanel() {
  const { t } = useTexts()
  const may = useMay()
  const found = useLists()
  const [opened, setOpened] = useState<ViewerList | 'new' | null>(null)
  const columns = useColumns(setOpened)
  return (
    <Panel title={t('lists.title')} note={t('lists.intro')} name="lists">
      {may('people.import') && (
        <Button className="gap" icon={<UploadOutlined />} onClick={() => setOpened('new')}>
          {t('lists.upload')}
        </Button>
      )}
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      <Table<ViewerList>
        size="small"
        rowKey="key"
        columns={columns}
        dataSource={found.data ?? []}
        loading={found.isPending}
        pagination={false}
        scroll={{ x: 700 }}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('lists.none')} /> }}
      />
      <Drawer open={opened !== null} onClose={() => setOpened(null)} size={760} title={t('lists.upload')} destroyOnHidden>
        {opened && <ListUpload before={opened === 'new' ? null : opened} onClose={() => setOpened(null)} />}
      </Drawer>
    </Panel>
  )
}

function useColumns(onReplace: (list: ViewerList) => void): TableColumnsType<ViewerList> {
  const { t } = useTexts()
  const { tag } = useLanguage()
  const { zone } = useShop()
  const { message } = App.useApp()
  const told = useProblemText()
  const may = useMay()
  const drop = useDeleteList()
  const remove = (key: string) => drop.mutate(key, { onError: (problem) => void message.error(told(problem).title) })
  return [
    {
      title: t('lists.name'),
      render: (_, { title, key }) => (
        <>
          {title}
          <div className="quiet small">{`in list.${key}`}</div>
        </>
      ),
    },
    { title: t('lists.size'), width: 100, align: 'right', className: 'num', render: (_, { size }) => count(size) },
    {
      title: t('definitions.used_by'),
      width: 180,
      render: (_, { used_by }) => <UsedBy users={used_by} />,
    },
    {
      title: t('lists.version'),
      width: 190,
      render: (_, { version, made_at, made_by }) => (
        <>
          {t('definitions.version', { n: version })} <span className="num">{dayAndClock(made_at, zone)}</span>
          <div className="quiet small">{made_by}</div>
        </>
      ),
    },
    {
      width: 230,
      render: (_, list) =>
        may('people.import') && (
          <Space size={0}>
            <Button size="small" type="link" onClick={() => onReplace(list)}>
              {t('lists.replace')}
            </Button>
            <Button size="small" type="link" href={membersPath(list.key, tag)}>
              {t('lists.download')}
            </Button>
            <Popconfirm title={t('lists.delete_sure')} okText={t('lists.delete')} cancelText={t('app.cancel')} onConfirm={() => remove(list.key)}>
              <Button size="small" type="link" danger disabled={list.used_by.length > 0}>
                {t('lists.delete')}
              </Button>
            </Popconfirm>
          </Space>
        ),
    },
  ]
}

function ListUpload({ before, onClose }: { before: ViewerList | null; onClose: () => void }) {
  const { t } = useTexts()
  const taken = new Set((useLists().data ?? []).map(({ key }) => key))
  const [title, setTitle] = useState(before?.title ?? '')
  const [key, setKey] = useState(before?.key ?? '')
  const trial = useImportList(key, title.trim())
  const real = useImportList(key, title.trim())
  const name = (given: string) => {
    setTitle(given)
    if (!before) setKey(keyFor(given.trim(), taken))
  }
  const told = ({ size, added, removed }: ListImport, isDone: boolean) =>
    t(isDone ? 'lists.done' : 'lists.would', { size: count(size), added: count(added), removed: count(removed) })
  const takes = ({ size, added, removed }: ListImport) => (added + removed === 0 ? null : t('lists.take', { n: count(size) }))
  return (
    <>
      <Input
        className="gap"
        value={title}
        maxLength={60}
        placeholder={t('lists.title_example')}
        aria-label={t('lists.name')}
        disabled={trial.data !== undefined}
        onChange={({ target }) => name(target.value)}
      />
      {title.trim() !== '' && (
        <TableImport intro={t('lists.forms', { key })} trial={trial} real={real} told={told} takes={takes} onClose={onClose} />
      )}
    </>
  )
}
