import { Alert } from 'antd'
import { isOutside } from '@/api/channels'
import type { ChannelKind, Strategy } from '@/api/types'
import { Panel } from '@/components/panel'
import { ServerWords } from '@/components/server-words'
import { duration } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useDebounced } from '@/lib/use-debounced'
import { StepCards } from './step-cards'
import { useStrategyCheck } from './strategies-api'

const SETTLE_MS = 300

/** What a strategy means in words, what is wrong with it, and what each of its steps shows. */
export function UnderstoodPanel({ strategy }: { strategy: Strategy }) {
  const { t } = useTexts()
  return (
    <Panel title={t('strategies.understood')} name="understood">
      <Meaning strategy={useDebounced(strategy, SETTLE_MS)} />
      <StepCards strategy={strategy} />
    </Panel>
  )
}

/** When it decides, in words, and what is wrong with it. */
export function Meaning({ strategy }: { strategy: Strategy }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const understood = useStrategyCheck(strategy).data
  return (
    <>
      {understood?.sentence && (
        <p data-part="sentence">
          {t('strategies.decides_when')} {words(understood.sentence)}
        </p>
      )}
      {understood?.usable && (
        <p className="quiet small">
          {!strategy.schedule &&
            (understood.again_after_ms
              ? t('strategies.again', { after: duration(understood.again_after_ms) })
              : t('strategies.each_time'))}{' '}
          {t('strategies.deadline', { after: duration(understood.deadlines_ms[0] ?? 0) })}
        </p>
      )}
      {understood && understood.passed_over.length > 0 && <PassedOver channels={understood.passed_over} />}
      {understood && !understood.usable && (
        <Alert
          type="warning"
          showIcon
          title={t('strategies.not_usable')}
          description={<ServerWords words={understood.problem ?? ''} />}
          data-part="problem"
        />
      )}
    </>
  )
}

/** Steps that go nowhere here, and what would change that. */
function PassedOver({ channels }: { channels: ChannelKind[] }) {
  const { t } = useTexts()
  const named = channels.map((one) => (isOutside(one) ? t(`settings.channels.name.${one}`) : one))
  return <Alert type="info" showIcon title={t('strategies.passed_over', { channels: named.join(' · ') })} data-part="passed-over" />
}
