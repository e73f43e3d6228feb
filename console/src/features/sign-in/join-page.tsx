import { Alert, Skeleton } from 'antd'
import { useNavigate } from 'react-router'
import { ApiProblem } from '@/api/client'
import { useInvitation, useJoin } from '@/api/session'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { AccountForm } from './account-form'
import { EntryCard } from './entry-card'
import { useLinkToken } from './link-token'

const isGone = (error: unknown): boolean => error instanceof ApiProblem && error.status === 403

/** `/join#token=...`: the account of an invitation, or a new password. */
export function JoinPage() {
  const { t } = useTexts()
  const navigate = useNavigate()
  const token = useLinkToken()
  const invitation = useInvitation(token)
  const join = useJoin()
  if (!token || isGone(invitation.error) || isGone(join.error)) {
    return (
      <EntryCard title={t('entry.join')}>
        <Alert type="error" showIcon title={t('entry.link_used')} description={t('entry.join_used_help')} />
      </EntryCard>
    )
  }
  if (!invitation.data) {
    return (
      <EntryCard title={t('entry.join')}>
        {invitation.isError ? (
          <ProblemAlert error={invitation.error} onRetry={() => void invitation.refetch()} />
        ) : (
          <Skeleton active />
        )}
      </EntryCard>
    )
  }
  const { name } = invitation.data
  return (
    <EntryCard title={name === null ? t('entry.join') : t('entry.reset')}>
      <p className="quiet">{name === null ? t('entry.join_help') : t('entry.reset_help')}</p>
      <AccountForm
        name={name}
        submitText={name === null ? t('entry.create') : t('entry.reset_submit')}
        isPending={join.isPending}
        error={join.error}
        onSubmit={(given, password) =>
          join.mutate(
            { token, name: given, password },
            { onSuccess: () => void navigate('/', { replace: true }) },
          )
        }
      />
    </EntryCard>
  )
}
