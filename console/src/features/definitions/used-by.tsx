import { Link } from 'react-router'
import type { DefinitionUser } from '@/api/types'
import { useLanguage, useTexts } from '@/lib/language'
import { pageOf } from './places'

/** What uses a definition or a list, each with its page. */
export function UsedBy({ users }: { users: DefinitionUser[] }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  if (users.length === 0) return <span className="quiet">{t('definitions.unused')}</span>
  return users.map((user) => (
    <div key={`${user.kind} ${user.key}`}>
      <Link to={pageOf(user)}>{words(user.names)}</Link>
      {user.kind === 'strategy' && <span className="quiet small"> {t('definitions.strategy')}</span>}
    </div>
  ))
}
