import type { FunnelStep } from '@/api/types'
import { Panel } from '@/components/panel'
import { count, share } from '@/lib/format'
import { useTexts } from '@/lib/language'

/** Bars of true width; the step rate in words between them. */
export function Funnel({ steps }: { steps: FunnelStep[] }) {
  const { t } = useTexts()
  const widest = Math.max(1, ...steps.map((step) => step.viewers))
  return (
    <Panel title={t('board.funnel.title')} note={t('board.funnel.note')} className="fill-left" name="funnel">
      <ol className="funnel">
        {steps.map((step, index) => {
          const before = steps[index - 1]
          return (
            <li key={step.stage}>
              <span className="funnel-name">{t(`board.funnel.${step.stage}`)}</span>
              <span className="funnel-bar">
                <i style={{ width: `${(step.viewers / widest) * 100}%` }} />
              </span>
              <span className="num funnel-count">{count(step.viewers)}</span>
              <span className="small quiet num funnel-rate">
                {before ? t('board.funnel.rate', { share: share(step.viewers, before.viewers) }) : ''}
              </span>
            </li>
          )
        })}
      </ol>
    </Panel>
  )
}
