import { Input, InputNumber, Select } from 'antd'
import { useMeta, useMoments } from '@/api/meta'
import type { Strategy } from '@/api/types'
import { useLanguage, useTexts } from '@/lib/language'
import { Field, Line, type LineProps } from './strategy-line'
import { STARTS, type Start, startOf } from './strategy-starts'

const MINUTE_MS = 60_000
const MOST_MIN = { after_ms: 1_440, every_ms: 1_440, before_ms: 10_080 } as const
const USUAL_MOMENT = 'hesitation'
const USUAL = {
  moment: { moment: USUAL_MOMENT, schedule: null },
  after_ms: { moment: '', schedule: { after_ms: 20 * MINUTE_MS } },
  every_ms: { moment: '', schedule: { every_ms: 30 * MINUTE_MS } },
  daily: { moment: '', schedule: { daily: '20:00' } },
  before_ms: { moment: '', schedule: { before_ms: 60 * MINUTE_MS } },
} satisfies Record<Start, Partial<Strategy>>

/** When: at a moment, by the clock, or before an announced session. */
export function WhenLine(props: LineProps) {
  const { t } = useTexts()
  const { strategy, isLocked, onChange } = props
  const start = startOf(strategy.schedule)
  return (
    <Line title={t('strategies.line.when')} name="when">
      <Field label={t('strategies.starts.by')}>
        <Select
          className="whole"
          disabled={isLocked}
          value={start}
          options={STARTS.map((one) => ({ value: one, label: t(`strategies.start.${one}`) }))}
          onChange={(chosen: Start) => onChange(USUAL[chosen])}
        />
      </Field>
      {start === 'moment' ? <OfMoment {...props} /> : <OfSchedule {...props} start={start} />}
    </Line>
  )
}

function OfMoment({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { moment } = useMoments()
  const moments = useMeta().data?.moments ?? []
  const meaning = moment(strategy.moment ?? '')?.meaning
  return (
    <>
      <Select
        className="whole"
        showSearch={{ optionFilterProp: 'label' }}
        disabled={isLocked}
        value={strategy.moment ?? ''}
        aria-label={t('strategies.line.when')}
        options={moments.map((one) => ({ value: one.key, label: words(one.names) }))}
        onChange={(chosen: string) => onChange({ moment: chosen })}
      />
      {meaning && <p className="quiet small">{words(meaning)}</p>}
    </>
  )
}

function OfSchedule({ strategy, isLocked, onChange, start }: LineProps & { start: Exclude<Start, 'moment'> }) {
  const { t } = useTexts()
  const label = t(`strategies.schedule.${start}`)
  const said = strategy.schedule?.[start]
  const set = (value: string | number) => onChange({ moment: '', schedule: { [start]: value } })
  return (
    <>
      <Field label={label}>
        {start === 'daily' ? (
          <Input
            type="time"
            required
            disabled={isLocked}
            value={String(said ?? '')}
            onChange={({ target }) => target.value && set(target.value.slice(0, 5))}
          />
        ) : (
          <InputNumber
            min={1}
            max={MOST_MIN[start]}
            precision={0}
            className="whole"
            disabled={isLocked}
            value={Number(said ?? 0) / MINUTE_MS}
            onChange={(n) => set((n ?? 1) * MINUTE_MS)}
          />
        )}
      </Field>
      <p className="quiet small">{t('strategies.schedule.note')}</p>
    </>
  )
}
