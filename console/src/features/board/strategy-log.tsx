import { useQuery } from '@tanstack/react-query'
import { request } from '@/api/client'
import { useShop } from '@/api/meta'
import type { Decision } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { clock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useFrozenOrder } from '@/lib/use-frozen-order'
import { viewerLabel } from '@/lib/viewer-label'

const FRESH_MS = 5_000 // the server reads history for it
const NOTHING: Decision[] = []
const keyOf = (one: Decision): string => one.id

/** What strategies decided in a room last, and why not. */
export function StrategyLog({ room, onViewer }: { room: string; onViewer: (viewer: string) => void }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { words } = useLanguage()
  const found = useQuery({
    queryKey: ['decisions', room],
    queryFn: () => request<Decision[]>('GET', `/api/rooms/${encodeURIComponent(room)}/decisions?limit=50`),
    refetchInterval: FRESH_MS,
  })
  const { rows, hold } = useFrozenOrder(found.data ?? NOTHING, keyOf)
  return (
    <>
      {found.isError && <ProblemAlert error={found.error} />}
      {found.data?.length === 0 && <p className="quiet nothing">{t('board.decisions.none')}</p>}
      <ul className="log scrolls" tabIndex={0} aria-label={t('board.decisions.title')} data-part="strategy-log" {...hold}>
        {rows.map(({ row: one }) => (
          <li key={one.id}>
            <span className="num quiet">{clock(one.at, zone)}</span>
            <span className="cut" title={words(one.names)}>
              {words(one.names)}
            </span>
            <span className="cut quiet" title={words(one.says)}>
              {words(one.says)}
            </span>
            {one.viewer === null ? (
              <span className="quiet">{t('board.firings.whole_room')}</span>
            ) : (
              <button type="button" className="link cut" onClick={() => onViewer(one.viewer ?? '')}>
                {viewerLabel(one.viewer, t)}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
