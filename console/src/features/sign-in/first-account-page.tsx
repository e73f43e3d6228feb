import { Alert, Button, Form, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { ApiProblem } from '@/api/client'
import { useFirstAccount } from '@/api/session'
import { ProblemAlert } from '@/components/problem'
import { EntryCard } from './entry-card'

const LEAST_CHARACTERS = 10

interface Given {
  name: string
  password: string
  again: string
}

/** `/first#token=...`: the token stands in the fragment, which browsers send to nobody. */
export function FirstAccountPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const create = useFirstAccount()
  const [token] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get('token') ?? '')
  // Out of the address bar and the history: it is a secret, and it works once.
  useEffect(() => window.history.replaceState(window.history.state, '', '/first'), [])
  const isUsed = create.error instanceof ApiProblem && create.error.status === 403
  if (!token || isUsed) {
    return (
      <EntryCard title={t('entry.first_account')}>
        <Alert type="error" showIcon title={t('entry.link_used')} description={t('entry.link_used_help')} />
      </EntryCard>
    )
  }
  const submit = ({ name, password }: Given) =>
    create.mutate(
      { token, name: name.trim(), password },
      { onSuccess: () => void navigate('/', { replace: true }) },
    )
  return (
    <EntryCard title={t('entry.first_account')}>
      <p className="quiet">{t('entry.first_account_help')}</p>
      <Form<Given> layout="vertical" requiredMark={false} onFinish={submit}>
        <Form.Item
          name="name"
          label={t('entry.name')}
          rules={[{ required: true, whitespace: true, message: t('entry.name_missing') }]}
        >
          <Input autoComplete="username" size="large" maxLength={64} />
        </Form.Item>
        <Form.Item
          name="password"
          label={t('entry.password')}
          rules={[{ required: true, min: LEAST_CHARACTERS, message: t('entry.password_short', { least: LEAST_CHARACTERS }) }]}
        >
          <Input.Password autoComplete="new-password" size="large" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t('entry.again')}
          dependencies={['password']}
          rules={[
            ({ getFieldValue }) => ({
              validator: (_, value) =>
                value === getFieldValue('password') ? Promise.resolve() : Promise.reject(t('entry.differs')),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" size="large" />
        </Form.Item>
        {create.isError && <ProblemAlert error={create.error} />}
        <Button type="primary" htmlType="submit" size="large" block loading={create.isPending}>
          {t('entry.create')}
        </Button>
      </Form>
    </EntryCard>
  )
}
