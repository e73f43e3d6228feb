import { App, Button, Popconfirm, Select, Skeleton, Space, Table, type TableColumnsType } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { Member, OneTimeLink, Role } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { StatusDot } from '@/components/status-dot'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { Invite } from './invite'
import { LinkModal } from './link-modal'
import { ROLES } from './roles'
import { useChangeMember, useMembers, useReset } from './settings-api'

/** Who works here: roles, one-time links, and the end of an account. */
export function People() {
  const { t } = useTexts()
  const may = useMay()
  const members = useMembers()
  const [isInviting, setInviting] = useState(false)
  const [link, setLink] = useState<OneTimeLink | null>(null)
  const columns = useColumns(setLink)
  const invite = may('accounts.write') && (
    <Button type="primary" size="small" onClick={() => setInviting(true)}>
      {t('settings.people.invite')}
    </Button>
  )
  return (
    <Panel title={t('settings.people.heading')} note={invite} name="people">
      <p className="quiet gap">{t('settings.people.intro')}</p>
      {members.isError && <ProblemAlert error={members.error} onRetry={() => void members.refetch()} />}
      {members.isPending && <Skeleton active />}
      {members.data && (
        <Table<Member>
          size="small"
          rowKey="id"
          columns={columns}
          dataSource={members.data}
          pagination={false}
          scroll={{ x: 860 }}
        />
      )}
      <Invite
        isOpen={isInviting}
        onClose={() => setInviting(false)}
        onLink={(made) => {
          setInviting(false)
          setLink(made)
        }}
      />
      <LinkModal link={link} onClose={() => setLink(null)} />
    </Panel>
  )
}

function useColumns(onLink: (link: OneTimeLink) => void): TableColumnsType<Member> {
  const { t } = useTexts()
  const { zone } = useShop()
  return [
    { title: t('settings.people.name'), dataIndex: 'name', ellipsis: true },
    { title: t('settings.people.role'), width: 200, render: (_, member) => <RoleOf member={member} /> },
    {
      title: t('settings.people.state'),
      width: 130,
      render: (_, { disabled_at: ended }) => (
        <>
          <StatusDot status={ended === null ? 'good' : 'unknown'} />
          {ended === null ? t('settings.people.active') : t('settings.people.ended')}
        </>
      ),
    },
    {
      title: t('settings.people.seen'),
      width: 140,
      className: 'num',
      render: (_, { seen_at: at }) => (at === null ? '–' : dayAndClock(at, zone)),
    },
    {
      title: t('settings.people.action'),
      width: 230,
      fixed: 'right',
      render: (_, member) => <Actions member={member} onLink={onLink} />,
    },
  ]
}

function useFailed() {
  const { message } = App.useApp()
  const textOf = useProblemText()
  return (error: unknown) => void message.error(textOf(error).title)
}

function RoleOf({ member }: { member: Member }) {
  const { t } = useTexts()
  const may = useMay()
  const change = useChangeMember()
  const failed = useFailed()
  if (!may('accounts.write')) return t(`settings.role.${member.role}`)
  return (
    <Select<Role>
      size="small"
      className="role"
      value={member.role}
      loading={change.isPending}
      aria-label={t('settings.people.role_of', { name: member.name })}
      options={ROLES.map((value) => ({ value, label: t(`settings.role.${value}`) }))}
      onChange={(role) => change.mutate({ id: member.id, change: { role } }, { onError: failed })}
    />
  )
}

function Actions({ member, onLink }: { member: Member; onLink: (link: OneTimeLink) => void }) {
  const { t } = useTexts()
  const may = useMay()
  const change = useChangeMember()
  const reset = useReset()
  const failed = useFailed()
  if (!may('accounts.write')) return null
  const set = (disabled: boolean) => change.mutate({ id: member.id, change: { disabled } }, { onError: failed })
  if (member.disabled_at !== null) {
    return (
      <Button size="small" onClick={() => set(false)} loading={change.isPending}>
        {t('settings.people.enable')}
      </Button>
    )
  }
  return (
    <Space>
      <Button
        size="small"
        loading={reset.isPending}
        onClick={() => reset.mutate(member.id, { onSuccess: onLink, onError: failed })}
      >
        {t('settings.people.reset')}
      </Button>
      <Popconfirm
        title={t('settings.people.disable_sure')}
        okText={t('settings.people.disable')}
        cancelText={t('app.cancel')}
        onConfirm={() => set(true)}
      >
        <Button size="small" type="text" loading={change.isPending}>
          {t('settings.people.disable')}
        </Button>
      </Popconfirm>
    </Space>
  )
}
