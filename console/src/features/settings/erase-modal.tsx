import { Form, Input, Modal } from 'antd'
import type { ErasureGiven } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { useErase } from './privacy-api'

interface Props {
  viewer: string
  isOpen: boolean
  onClose: () => void
  onAsked: () => void
}

/** What cannot be undone is typed, not clicked. */
export function EraseModal({ viewer, isOpen, onClose, onAsked }: Props) {
  const { t } = useTexts()
  const erase = useErase()
  const [form] = Form.useForm<Omit<ErasureGiven, 'viewer'>>()
  return (
    <Modal
      open={isOpen}
      title={t('settings.privacy.erase_title', { viewer })}
      okText={t('settings.privacy.erase_do')}
      okButtonProps={{ danger: true }}
      cancelText={t('app.cancel')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={erase.isPending}
      destroyOnHidden
    >
      <p className="notice gap">{t('settings.privacy.erase_meaning')}</p>
      <Form
        form={form}
        layout="vertical"
        initialValues={{ reason: '' }}
        onFinish={(given) => erase.mutate({ viewer, ...given }, { onSuccess: onAsked })}
      >
        <Form.Item
          name="confirm"
          label={t('settings.privacy.type_again')}
          rules={[
            {
              validator: (_, typed: unknown) =>
                typed === viewer ? Promise.resolve() : Promise.reject(new Error(t('settings.privacy.differs'))),
            },
          ]}
        >
          <Input autoComplete="off" maxLength={128} />
        </Form.Item>
        <Form.Item name="reason" label={t('settings.privacy.reason')}>
          <Input maxLength={200} />
        </Form.Item>
        {erase.isError && <ProblemAlert error={erase.error} />}
      </Form>
    </Modal>
  )
}
