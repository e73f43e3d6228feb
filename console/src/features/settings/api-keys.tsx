import { App, Button, Empty, Form, Input, Modal, Popconfirm, Select, Skeleton } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { ApiKey, NewApiKey } from '@/api/types'
import { Copyable } from '@/components/copyable'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { KEY_ROLES } from './roles'
import { useApiKeys, useCreateApiKey, useRevokeApiKey } from './settings-api'

/** Keys of programs: what each may do, when it was used, and its end. */
export function ApiKeys() {
  const { t } = useTexts()
  const may = useMay()
  const keys = useApiKeys()
  const [isCreating, setCreating] = useState(false)
  const [secret, setSecret] = useState<string | null>(null)
  const create = may('api_keys.write') && (
    <Button type="primary" size="small" onClick={() => setCreating(true)}>
      {t('settings.keys.create')}
    </Button>
  )
  return (
    <Panel title={t('settings.keys.heading')} note={create} name="api-keys">
      <p className="quiet gap">{t('settings.keys.intro')}</p>
      {secret !== null && (
        <div className="gap">
          <p className="notice">{t('settings.keys.once')}</p>
          <Copyable text={secret} label={t('settings.keys.secret')} />
        </div>
      )}
      {keys.isError && <ProblemAlert error={keys.error} onRetry={() => void keys.refetch()} />}
      {keys.isPending && <Skeleton active />}
      {keys.data?.length === 0 && (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('settings.keys.none')} />
      )}
      <ul className="keys">
        {keys.data?.map((one) => (
          <KeyLine one={one} key={one.id} />
        ))}
      </ul>
      <CreateKey
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onCreated={(made) => {
          setCreating(false)
          setSecret(made)
        }}
      />
    </Panel>
  )
}

function KeyLine({ one }: { one: ApiKey }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const may = useMay()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const revoke = useRevokeApiKey()
  const confirm = () => revoke.mutate(one.id, { onError: (error) => message.error(textOf(error).title) })
  return (
    <li data-part={`key-${one.name}`}>
      <b>{one.name}</b>
      <code>{one.prefix}…</code>
      <span className="chip">{t(`settings.role.${one.role}`)}</span>
      <span className="quiet num small">
        {one.used_at === null
          ? t('settings.keys.never_used')
          : t('settings.keys.used', { time: dayAndClock(one.used_at, zone) })}
      </span>
      {one.revoked_at !== null ? (
        <span className="chip">{t('sources.revoked', { time: dayAndClock(one.revoked_at, zone) })}</span>
      ) : (
        may('api_keys.write') && (
          <Popconfirm
            title={t('settings.keys.revoke_sure')}
            okText={t('settings.keys.revoke')}
            cancelText={t('app.cancel')}
            onConfirm={confirm}
          >
            <Button size="small" type="text" loading={revoke.isPending}>
              {t('settings.keys.revoke')}
            </Button>
          </Popconfirm>
        )
      )}
    </li>
  )
}

interface Props {
  isOpen: boolean
  onClose: () => void
  onCreated: (secret: string) => void
}

function CreateKey({ isOpen, onClose, onCreated }: Props) {
  const { t } = useTexts()
  const create = useCreateApiKey()
  const [form] = Form.useForm<NewApiKey>()
  return (
    <Modal
      open={isOpen}
      title={t('settings.keys.create')}
      okText={t('settings.keys.submit')}
      cancelText={t('app.cancel')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending}
      destroyOnHidden
    >
      <Form<NewApiKey>
        form={form}
        layout="vertical"
        initialValues={{ role: 'operator' }}
        onFinish={(given) => create.mutate(given, { onSuccess: ({ secret }) => onCreated(secret) })}
      >
        <Form.Item
          name="name"
          label={t('settings.keys.name')}
          rules={[{ required: true, whitespace: true, message: t('settings.keys.name_missing') }]}
        >
          <Input maxLength={64} autoComplete="off" placeholder={t('settings.keys.name_example')} />
        </Form.Item>
        <Form.Item name="role" label={t('settings.people.role')}>
          <Select options={KEY_ROLES.map((value) => ({ value, label: t(`settings.role.${value}`) }))} />
        </Form.Item>
        {create.isError && <ProblemAlert error={create.error} />}
      </Form>
    </Modal>
  )
}
