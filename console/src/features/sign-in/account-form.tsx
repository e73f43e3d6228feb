import { Button, Form, Input } from 'antd'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'

const LEAST_CHARACTERS = 10

interface Given {
  name: string
  password: string
  again: string
}

interface Props {
  /** The name of an account that is there; null for a new one. */
  name: string | null
  submitText: string
  isPending: boolean
  error: unknown
  onSubmit: (name: string, password: string) => void
}

/** Name and password of an account that a link makes, or a new password for one that is there. */
export function AccountForm({ name, submitText, isPending, error, onSubmit }: Props) {
  const { t } = useTexts()
  return (
    <Form<Given>
      layout="vertical"
      requiredMark={false}
      initialValues={{ name: name ?? '' }}
      onFinish={(given) => onSubmit(given.name.trim(), given.password)}
    >
      <Form.Item
        name="name"
        label={t('entry.name')}
        rules={[{ required: true, whitespace: true, message: t('entry.name_missing') }]}
      >
        <Input autoComplete="username" size="large" maxLength={64} readOnly={name !== null} />
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
      {error !== null && <ProblemAlert error={error} />}
      <Button type="primary" htmlType="submit" size="large" block loading={isPending}>
        {submitText}
      </Button>
    </Form>
  )
}
