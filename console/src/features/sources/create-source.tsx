import { Checkbox, Form, Input, Modal, Select } from 'antd'
import type { KeyClass, NewSource } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { useCreateSource, useSources } from './sources-api'

const NAME = /^[a-z0-9][a-z0-9_-]*$/
const NAMESPACE = /^[a-z0-9][a-z0-9_.:-]*$/
const OWN = 'default'
const CLASSES: KeyClass[] = ['browser', 'server', 'connector']

interface Props {
  isOpen: boolean
  onClose: () => void
  onCreated: (name: string, writeKey: string) => void
}

export function CreateSource({ isOpen, onClose, onCreated }: Props) {
  const { t } = useTexts()
  const create = useCreateSource()
  const known = new Set((useSources().data ?? []).map((one) => one.namespace).filter((one) => one !== OWN))
  const [form] = Form.useForm<NewSource>()
  const keyClass = Form.useWatch('key_class', form)
  const submit = ({ default_room, namespace, ...given }: NewSource) => {
    const room = default_room?.trim()
    create.mutate(
      { ...given, ...(room ? { default_room: room } : {}), ...(namespace ? { namespace } : {}) },
      { onSuccess: ({ source, write_key }) => onCreated(source.name, write_key) },
    )
  }
  return (
    <Modal
      open={isOpen}
      title={t('sources.create.title')}
      okText={t('sources.create.submit')}
      cancelText={t('app.cancel')}
      onOk={form.submit}
      onCancel={onClose}
      confirmLoading={create.isPending}
      destroyOnHidden
    >
      <Form<NewSource> form={form} layout="vertical" initialValues={{ key_class: 'server', presence: false }} onFinish={submit}>
        <Form.Item
          name="name"
          label={t('sources.create.name')}
          rules={[{ required: true, pattern: NAME, message: t('sources.create.name_rule') }]}
        >
          <Input maxLength={63} autoComplete="off" placeholder={t('sources.create.name_example')} />
        </Form.Item>
        <Form.Item
          name="key_class"
          label={t('sources.create.class')}
          extra={keyClass ? t(`sources.class_meaning.${keyClass}`) : undefined}
        >
          <Select options={CLASSES.map((value) => ({ value, label: t(`sources.class.${value}`) }))} />
        </Form.Item>
        <Form.Item
          name="namespace"
          label={t('sources.create.namespace')}
          extra={t('sources.create.namespace_meaning')}
          rules={[{ pattern: NAMESPACE, message: t('sources.create.namespace_rule') }]}
        >
          <Input maxLength={64} autoComplete="off" list="namespaces" />
        </Form.Item>
        <datalist id="namespaces">
          {[...known].map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <Form.Item
          name="default_room"
          label={t('sources.create.room')}
          extra={t('sources.create.room_meaning')}
        >
          <Input maxLength={128} autoComplete="off" />
        </Form.Item>
        <Form.Item name="presence" valuePropName="checked" extra={t('sources.create.presence_meaning')}>
          <Checkbox>{t('sources.create.presence')}</Checkbox>
        </Form.Item>
        {create.isError && <ProblemAlert error={create.error} />}
      </Form>
    </Modal>
  )
}
