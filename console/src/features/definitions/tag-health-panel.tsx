import { Link } from 'react-router'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { EffectReport, TagHealth } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { StatusDot, type Status } from '@/components/status-dot'
import { count, dayAndClock, share, signed } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useTagEffects, useTagHealth } from './tag-health-api'

const DOTS: Record<TagHealth['suggestion'], Status> = {
  keep: 'good',
  fix: 'person',
  retire: 'person',
  not_enough: 'unknown',
}

/** What is suggested for a tag, with its reasons. */
export function Suggested({ health }: { health: TagHealth }) {
  const { t } = useTexts()
  return (
    <div data-suggestion={health.suggestion}>
      <StatusDot status={DOTS[health.suggestion]} /> {t(`tag_health.suggestion.${health.suggestion}`)}
      {health.reasons.map((reason) => (
        <div key={reason} className="quiet small">
          {t(`tag_health.reason.${reason}`)}
        </div>
      ))}
    </div>
  )
}

/** Whether a tag is worth keeping: of whom it holds, whether that lasts, who uses it, what it changed. */
export function TagHealthPanel({ tag }: { tag: string }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const may = useMay()
  const found = useTagHealth()
  const health = found.data?.find((one) => one.key === tag)
  const note = health?.as_of == null ? '' : t('tag_health.as_of', { at: dayAndClock(health.as_of, zone) })
  if (found.data && !health) return null // a number divides nobody
  return (
    <Panel title={t('tag_health.title')} note={note} name="tag-health">
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      {health && (
        <>
          <Suggested health={health} />
          <ul className="small num">
            {health.total !== null && <Coverage health={health} />}
            <li>
              {health.flips === null
                ? t('tag_health.flips_unknown')
                : t('tag_health.flips', { share: `${(100 * health.flips).toFixed(0)}%` })}
            </li>
            <li>
              {health.strategies.length === 0
                ? t('tag_health.no_strategy')
                : t('tag_health.strategies', { names: health.strategies.map((one) => words(one.names)).join(', ') })}
            </li>
          </ul>
          {may('strategies.read') && <Effects tag={tag} />}
        </>
      )}
    </Panel>
  )
}

function Coverage({ health: { total, yes, unknown } }: { health: TagHealth }) {
  const { t } = useTexts()
  const people = total ?? 0
  const said = { yes: count(yes ?? 0), share: share(yes ?? 0, people), unknown: count(unknown ?? 0), total: count(people) }
  return <li>{t('tag_health.coverage', said)}</li>
}

/** What strategies changed where the tag held, and where it did not: own lift, people, as of. */
function Effects({ tag }: { tag: string }) {
  const { t } = useTexts()
  const told = useTagEffects(tag).data?.filter((one) => (one.found.by[tag]?.groups.length ?? 0) > 0) ?? []
  if (told.length === 0) return <p className="quiet small">{t('tag_health.no_effect')}</p>
  return (
    <>
      <h3>{t('tag_health.effects')}</h3>
      {told.map((one) => (
        <Effect key={one.key} report={one} tag={tag} />
      ))}
    </>
  )
}

function Effect({ report, tag }: { report: EffectReport; tag: string }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  return (
    <div className="small" data-effect={report.key}>
      <Link to={`/effects/${encodeURIComponent(report.key)}?by=${encodeURIComponent(tag)}`}>{words(report.names)}</Link>{' '}
      <span className="quiet">{t('tag_health.as_of', { at: dayAndClock(report.found.as_of, zone) })}</span>
      <ul className="num">
        {report.found.by[tag]?.groups.map(({ group, absolute, treated, control }) => {
          const [lift = '', low = '', high = ''] = [absolute.value, absolute.low, absolute.high].map((one) =>
            signed(100 * one, 2),
          )
          const people = { lift, low, high, treated: count(treated.n), control: count(control.n) }
          return <li key={group}>{t(group === 'yes' ? 'tag_health.with' : 'tag_health.without', people)}</li>
        })}
      </ul>
    </div>
  )
}
