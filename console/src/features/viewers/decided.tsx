import { useQuery } from '@tanstack/react-query'
import { request } from '@/api/client'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { StrategyWhy, WhyPage } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { clock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'

const REFRESH_MS = 5_000 // the server reads history for it

/** What strategies decided about this viewer; of each that did nothing, why not. */
export function Decided({ room, viewer }: { room: string; viewer: string }) {
  const { t } = useTexts()
  const mayRead = useMay()('strategies.read')
  const found = useQuery({
    queryKey: ['viewer', room, viewer, 'decisions'],
    queryFn: () =>
      request<WhyPage>(
        'GET',
        `/api/rooms/${encodeURIComponent(room)}/viewers/${encodeURIComponent(viewer)}/decisions`,
      ),
    refetchInterval: REFRESH_MS,
    enabled: mayRead,
  })
  if (!mayRead) return null
  return (
    <section data-part="decided">
      <h3>{t('viewer.decided.title')}</h3>
      {found.isError && <ProblemAlert error={found.error} />}
      {found.data?.strategies.length === 0 && <p className="quiet">{t('viewer.decided.none')}</p>}
      <ul className="flags">
        {found.data?.strategies.map((one) => (
          <Why key={one.strategy} why={one} />
        ))}
      </ul>
    </section>
  )
}

function Why({ why }: { why: StrategyWhy }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const { decision } = why
  const isDecided = why.verdict === 'decided' && decision !== null
  const at = isDecided ? decision.at : why.fired_at
  const missing = why.guards.filter((one) => !one.holds)
  return (
    <li data-verdict={why.verdict}>
      <div>
        <b>{words(why.names)}</b> {at !== null && <span className="num quiet">{clock(at, zone)}</span>}
      </div>
      <div className="quiet">{isDecided ? words(decision.says) : t(`viewer.decided.${why.verdict}`)}</div>
      {!isDecided &&
        missing.map((one) => (
          <div className="quiet small" key={words(one.sentence)}>
            {t(one.unknown ? 'viewer.decided.unknown' : 'viewer.decided.missing', { what: words(one.sentence) })}{' '}
            {one.cut && t('viewer.decided.cut')}
          </div>
        ))}
    </li>
  )
}
