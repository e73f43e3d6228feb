import { Alert, Progress, Skeleton, Tag } from 'antd'
import { ApiProblem } from '@/api/client'
import { useShop } from '@/api/meta'
import type { DefinitionKind, Preview, Understood, Words } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { clock, count, share } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { usePreview } from './definitions-api'
import { Samples } from './samples'

interface Props {
  kind: DefinitionKind
  own: string
  understood: Understood | undefined
}

/** Who it would be: how many, what each condition leaves, who shares it, and some of them. */
export function PreviewPanel({ kind, own, understood }: Props) {
  const { t } = useTexts()
  const { zone } = useShop()
  const preview = usePreview(kind, own, understood)
  const found = understood ? preview.data : undefined
  const note = found && t('preview.as_of', { at: clock(found.as_of, zone), ms: found.took_ms })
  return (
    <Panel title={t('preview.title')} note={note ?? ''} name="preview">
      {!understood && <p className="quiet">{t('preview.empty')}</p>}
      {preview.isLoading && <Skeleton active />}
      {preview.isError && <Trouble error={preview.error} />}
      {found && !preview.isError && <Numbers found={found} />}
      {understood && <Uses understood={understood} />}
    </Panel>
  )
}

/** What history cannot say is no fault of whoever asks. */
function Trouble({ error }: { error: unknown }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const isLiveOnly = error instanceof ApiProblem && error.problem.code === 'definition.not_in_history'
  if (!isLiveOnly) return <ProblemAlert error={error} />
  const { parts = [] } = (error.problem.params ?? {}) as { parts?: Words[] }
  return (
    <div className="quiet" data-part="live-only">
      <p>{t('preview.live_only')}</p>
      <ul>
        {parts.map((part, place) => (
          <li key={place}>{words(part)}</li>
        ))}
      </ul>
    </div>
  )
}

function Numbers({ found }: { found: Preview }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  return (
    <>
      <p className="preview-count">
        <b className="num">{count(found.count)}</b> {t('preview.people')}
      </p>
      <p className="quiet small">{t('preview.of_all', { n: count(found.total), share: share(found.count, found.total) })}</p>
      {found.count > 0 && found.few && <Alert type="info" showIcon title={t('preview.few')} />}
      <h3>{t('preview.steps')}</h3>
      <ol className="preview-steps">
        {found.steps.map((step, place) => (
          <li key={place}>
            <div>
              <span>{words(step.sentence)}</span>
              <span className="num">{count(step.left)}</span>
            </div>
            <Progress
              percent={found.total === 0 ? 0 : (100 * step.left) / found.total}
              showInfo={false}
              size="small"
              aria-label={words(step.sentence)}
            />
            {step.parts.length > 0 && (
              <ul className="quiet small" aria-label={t('preview.of_which')}>
                {step.parts.map((part, number) => (
                  <li key={number} className="preview-pair">
                    <span>{words(part.sentence)}</span>
                    <span className="num">{count(part.left)}</span>
                  </li>
                ))}
              </ul>
            )}
            {found.empty_at === place && (
              <div className="small warned">{t(step.alone === 0 ? 'preview.never' : 'preview.empties')}</div>
            )}
          </li>
        ))}
      </ol>
      <ReachList found={found} />
      {found.overlaps.length > 0 && (
        <>
          <h3>{t('preview.overlaps')}</h3>
          <ul>
            {found.overlaps.map((one) => (
              <li key={one.key} className="preview-pair">
                <span>{words(one.names)}</span>
                <span className="quiet num">{t('preview.overlap', { both: count(one.both), size: count(one.size) })}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <LeftOutList found={found} />
      <Samples found={found} />
    </>
  )
}

/** How many of them may be spoken to, by kind of channel. */
function ReachList({ found }: { found: Preview }) {
  const { t } = useTexts()
  return (
    <>
      <h3>{t('preview.reach')}</h3>
      <ul data-part="reach">
        {found.reach.map((one) => (
          <li key={one.channel} className="preview-pair">
            <span>{t(`preview.channels.${one.channel}`)}</span>
            <span className="num">
              {count(one.count)} <span className="quiet">{share(one.count, found.count)}</span>
            </span>
          </li>
        ))}
      </ul>
      <p className="quiet small">{t('preview.reach_why')}</p>
    </>
  )
}

/** Segments whose overlap nobody can say, and why: silence would read as "none". */
function LeftOutList({ found }: { found: Preview }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  if (found.left_out.length === 0) return null
  return (
    <>
      <h3>{t('preview.left_out')}</h3>
      <ul data-part="left-out">
        {found.left_out.map((one) => (
          <li key={one.key} className="preview-pair">
            <span>{words(one.names)}</span>
            <span className="quiet small">{t(`preview.left_out_why.${one.reason}`)}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

function Uses({ understood }: { understood: Understood }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  if (understood.uses.length === 0) return null
  return (
    <>
      <h3>{t('preview.uses')}</h3>
      <div className="named-tags">
        {understood.uses.map((one) => (
          <Tag key={`${one.kind} ${one.key}`}>{words(one.names)}</Tag>
        ))}
      </div>
    </>
  )
}
