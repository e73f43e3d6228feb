import { Skeleton } from 'antd'
import { ApiProblem } from '@/api/client'
import { useShop } from '@/api/meta'
import type { Distribution, TagShare, Understood } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { clock, count, share as percent } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useDistribution } from './definitions-api'

const ANSWERS = ['yes', 'no', 'unknown'] as const

/** Of how many people a tag would hold, by what is known of them; "nobody knows" is an answer of its own. */
export function DistributionPanel({ own, understood }: { own: string; understood: Understood | undefined }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const asked = useDistribution(own, understood)
  const found = understood ? asked.data : undefined
  const note = found && t('distribution.as_of', { at: clock(found.as_of, zone) })
  return (
    <Panel title={t('distribution.title')} note={note ?? ''} name="distribution">
      {!understood && <p className="quiet">{t('distribution.empty')}</p>}
      {asked.isLoading && <Skeleton active />}
      {asked.isError && <Trouble error={asked.error} />}
      {found && !asked.isError && <Shares found={found} />}
    </Panel>
  )
}

/** What can only be seen live has no past. */
function Trouble({ error }: { error: unknown }) {
  const { t } = useTexts()
  const isLiveOnly = error instanceof ApiProblem && error.problem.code === 'definition.not_in_history'
  return isLiveOnly ? <p className="quiet">{t('distribution.live_only')}</p> : <ProblemAlert error={error} />
}

function Shares({ found }: { found: Distribution }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { everybody, groupings } = found
  if (everybody.total === 0) return <p className="quiet">{t('distribution.nobody')}</p>
  return (
    <>
      <Bar share={everybody} name={t('distribution.everybody')} />
      <p className="quiet small num">{t('distribution.total', { n: count(everybody.total) })}</p>
      <ul className="share-legend">
        {ANSWERS.map((answer) => (
          <li key={answer} data-part={`share-${answer}`}>
            <span className={`share-key share-${answer}`} aria-hidden />
            {t(`distribution.${answer}`)} <b className="num">{count(everybody[answer])}</b>{' '}
            <span className="quiet small num">{percent(everybody[answer], everybody.total)}</span>
          </li>
        ))}
      </ul>
      {groupings.map((grouping) => (
        <section key={grouping.trait} data-part={`by-${grouping.trait}`}>
          <h3>{t('distribution.by', { trait: words(grouping.names) })}</h3>
          <ul>
            {grouping.shares.map((one) => (
              <li key={one.value} className="share-row">
                <span className="cut">{words(one.names)}</span>
                <Bar share={one} name={words(one.names)} />
                <span className="num">
                  {percent(one.yes, one.total)} <span className="quiet small">{t('distribution.of', { n: count(one.total) })}</span>
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </>
  )
}

/** A bar of three parts; what it shows is said, too. */
function Bar({ share, name }: { share: TagShare; name: string }) {
  const { t } = useTexts()
  const { yes, no, unknown, total } = share
  const label = t('distribution.bar', { name, yes: count(yes), no: count(no), unknown: count(unknown), total: count(total) })
  return (
    <span className="share-bar" role="img" aria-label={label} title={label}>
      {ANSWERS.filter((answer) => share[answer] > 0).map((answer) => (
        <i key={answer} className={`share-${answer}`} style={{ flexGrow: share[answer] }} />
      ))}
    </span>
  )
}
