import { Skeleton } from 'antd'
import { useShop } from '@/api/meta'
import type { Erasure } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { StatusDot } from '@/components/status-dot'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useErasures } from './privacy-api'

/** Requests to erase somebody: how far each is, and in the end what was changed. */
export function Erasures() {
  const { t } = useTexts()
  const erasures = useErasures()
  return (
    <Panel title={t('settings.privacy.erasures')} note={t('settings.privacy.erasures_note')} name="erasures">
      {erasures.isError && <ProblemAlert error={erasures.error} onRetry={() => void erasures.refetch()} />}
      {erasures.isPending && <Skeleton active />}
      {erasures.data?.length === 0 && <p className="quiet">{t('settings.privacy.no_erasures')}</p>}
      <ul className="keys" role="status">
        {erasures.data?.map((one) => (
          <Line one={one} key={one.id} />
        ))}
      </ul>
    </Panel>
  )
}

function Line({ one }: { one: Erasure }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const places = Object.values(one.report ?? {}).reduce((sum, n) => sum + n, 0)
  return (
    <li>
      <StatusDot status={one.done_at === null ? 'person' : 'good'} />
      <code>{one.mark.slice(0, 8)}</code>
      <span className="quiet num small">
        {t('settings.privacy.asked', { name: one.asked_by, time: dayAndClock(one.asked_at, zone) })}
      </span>
      <span>
        {one.done_at === null
          ? t('settings.privacy.at_step', { step: one.step })
          : t('settings.privacy.done', { n: places, time: dayAndClock(one.done_at, zone) })}
      </span>
    </li>
  )
}
