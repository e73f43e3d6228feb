import { Alert } from 'antd'
import { useNavigate } from 'react-router'
import { ApiProblem } from '@/api/client'
import { useFirstAccount } from '@/api/session'
import { useTexts } from '@/lib/language'
import { AccountForm } from './account-form'
import { EntryCard } from './entry-card'
import { useLinkToken } from './link-token'

/** `/first#token=...`: the token stands in the fragment, which browsers send to nobody. */
export function FirstAccountPage() {
  const { t } = useTexts()
  const navigate = useNavigate()
  const create = useFirstAccount()
  const token = useLinkToken()
  const isUsed = create.error instanceof ApiProblem && create.error.status === 403
  if (!token || isUsed) {
    return (
      <EntryCard title={t('entry.first_account')}>
        <Alert type="error" showIcon title={t('entry.link_used')} description={t('entry.link_used_help')} />
      </EntryCard>
    )
  }
  return (
    <EntryCard title={t('entry.first_account')}>
      <p className="quiet">{t('entry.first_account_help')}</p>
      <AccountForm
        name={null}
        submitText={t('entry.create')}
        isPending={create.isPending}
        error={create.error}
        onSubmit={(name, password) =>
          create.mutate(
            { token, name, password },
            { onSuccess: () => void navigate('/', { replace: true }) },
          )
        }
      />
    </EntryCard>
  )
}
