import { Modal, Radio, Space } from 'antd'
import { useState } from 'react'
import type { OneTimeLink, Role } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { ROLES } from './roles'
import { useInvite } from './settings-api'

interface Props {
  isOpen: boolean
  onClose: () => void
  onLink: (link: OneTimeLink) => void
}

export function Invite({ isOpen, onClose, onLink }: Props) {
  const { t } = useTexts()
  const [role, setRole] = useState<Role>('operator')
  const invite = useInvite()
  return (
    <Modal
      open={isOpen}
      title={t('settings.people.invite')}
      okText={t('settings.people.make_link')}
      cancelText={t('app.cancel')}
      onOk={() => invite.mutate(role, { onSuccess: onLink })}
      onCancel={onClose}
      confirmLoading={invite.isPending}
      destroyOnHidden
    >
      <Radio.Group aria-label={t('settings.people.role')} value={role} onChange={(event) => setRole(event.target.value as Role)}>
        <Space orientation="vertical">
          {ROLES.map((one) => (
            <Radio key={one} value={one}>
              {t(`settings.role.${one}`)}
              <span className="quiet small">{t('app.dot') + t(`settings.role_meaning.${one}`)}</span>
            </Radio>
          ))}
        </Space>
      </Radio.Group>
      {invite.isError && <ProblemAlert error={invite.error} />}
    </Modal>
  )
}
