import { Button, Modal } from 'antd'
import { useShop } from '@/api/meta'
import type { OneTimeLink } from '@/api/types'
import { Copyable } from '@/components/copyable'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'

/** A link, shown once: to be handed to the person it is for. */
export function LinkModal({ link, onClose }: { link: OneTimeLink | null; onClose: () => void }) {
  const { t } = useTexts()
  const { zone } = useShop()
  return (
    <Modal
      open={link !== null}
      title={t('settings.link.title')}
      onCancel={onClose}
      footer={
        <Button type="primary" onClick={onClose}>
          {t('settings.link.done')}
        </Button>
      }
      destroyOnHidden
    >
      {link && (
        <>
          <p className="notice gap">
            {t('settings.link.once', { role: t(`settings.role.${link.role}`), until: dayAndClock(link.expires_at, zone) })}
          </p>
          <Copyable text={`${window.location.origin}/join#token=${link.token}`} label={t('settings.link.title')} />
        </>
      )}
    </Modal>
  )
}
