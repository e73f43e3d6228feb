import { useShop } from '@/api/meta'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { clock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { viewerLabel } from '@/lib/viewer-label'
import { useDecisions } from './strategies-api'

/** What a strategy did last, and why not. */
export function DecisionsPanel({ strategy }: { strategy: string }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { words } = useLanguage()
  const found = useDecisions(strategy)
  return (
    <Panel title={t('strategies.decisions')} note={t('strategies.decisions_note')} name="decisions">
      {found.isError && <ProblemAlert error={found.error} />}
      {found.data?.length === 0 && <p className="quiet nothing">{t('strategies.no_decisions')}</p>}
      <ul className="decisions">
        {found.data?.map((one) => (
          <li key={one.id}>
            <span className="num quiet">{clock(one.at, zone)}</span>{' '}
            {one.viewer === null ? t('board.firings.whole_room') : viewerLabel(one.viewer, t)}
            <span className="quiet"> {words(one.says)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
