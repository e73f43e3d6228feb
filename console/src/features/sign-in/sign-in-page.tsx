import { Alert, Button, Form, Input } from 'antd'
import { ApiProblem } from '@/api/client'
import { useSignIn } from '@/api/session'
import type { Session } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { EntryCard } from './entry-card'

interface Credentials {
  name: string
  password: string
}

export function SignInPage({ session }: { session: Session }) {
  const { t } = useTexts()
  const signIn = useSignIn()
  const isWrong = signIn.error instanceof ApiProblem && signIn.error.status === 401
  if (session.first_run) {
    return (
      <EntryCard title={t('entry.first_run')}>
        <p>{t('entry.first_run_help')}</p>
      </EntryCard>
    )
  }
  return (
    <EntryCard title={t('entry.sign_in')}>
      <Form<Credentials> layout="vertical" requiredMark={false} onFinish={(given) => signIn.mutate(given)}>
        <Form.Item name="name" label={t('entry.name')} rules={[{ required: true, message: t('entry.name_missing') }]}>
          <Input autoComplete="username" size="large" />
        </Form.Item>
        <Form.Item
          name="password"
          label={t('entry.password')}
          rules={[{ required: true, message: t('entry.password_missing') }]}
        >
          <Input.Password autoComplete="current-password" size="large" />
        </Form.Item>
        {isWrong && <Alert className="gap" type="error" showIcon title={t('entry.wrong')} />}
        {signIn.isError && !isWrong && <ProblemAlert error={signIn.error} />}
        <Button type="primary" htmlType="submit" size="large" block loading={signIn.isPending}>
          {t('entry.sign_in')}
        </Button>
      </Form>
    </EntryCard>
  )
}
