import { Skeleton } from 'antd'
import { Link } from 'react-router'
import { useShop } from '@/api/meta'
import type { StrategySummary, StrategyVersion } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useStrategies } from './strategies-api'
import { Meaning } from './understood-panel'
import { Version } from './versions-panel'

/** What waits for approval: who asked, what it means, what it changes, and the answers to it. */
export function ApprovalsPage() {
  const { t } = useTexts()
  const found = useStrategies()
  const waiting = (found.data ?? []).flatMap((one) => (one.waiting ? [{ one, version: one.waiting }] : []))
  return (
    <div className="page" data-part="approvals">
      <header className="page-head">
        <h1>{t('approvals.title')}</h1>
        <Link to="/strategies">{t('approvals.strategies')}</Link>
      </header>
      <p className="quiet">{t('approvals.intro')}</p>
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Skeleton active />}
      {found.data && waiting.length === 0 && <p className="panel quiet">{t('approvals.none')}</p>}
      {waiting.map(({ one, version }) => (
        <Waiting key={one.key} one={one} version={version} />
      ))}
    </div>
  )
}

function Waiting({ one, version }: { one: StrategySummary; version: StrategyVersion }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const name = <Link to={`/strategies/${encodeURIComponent(one.key)}`}>{words(one.names)}</Link>
  const note = t('approvals.asked', { who: version.asked_by, time: dayAndClock(version.changed_at, zone) })
  return (
    <Panel title={name} note={note} className="gap-below" name="waiting">
      <Meaning strategy={version.strategy} />
      <ul className="past-versions">
        <Version one={version} detail={one} isSaved />
      </ul>
    </Panel>
  )
}
