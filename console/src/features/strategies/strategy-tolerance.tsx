import { InputNumber } from 'antd'
import type { Tolerance } from '@/api/types'
import { useTexts } from '@/lib/language'
import { Field, Line, type LineProps } from './strategy-line'
import { USUAL } from './strategy-rows'

const HARMS = Object.keys(USUAL.tolerance) as (keyof Tolerance)[]

/** How much worse it may be for the treated before the strategy stops by itself; empty: not watched. */
export function ToleranceLine({ strategy, isLocked, onChange }: LineProps) {
  const { t } = useTexts()
  const tolerance: Tolerance = { ...USUAL.tolerance, ...strategy.tolerance }
  const percent = (of: number | null | undefined) => (of == null ? null : of / 100)
  const set = (harm: keyof Tolerance, n: number | null) =>
    onChange({ tolerance: { ...strategy.tolerance, [harm]: n === null ? null : Math.round(n * 100) } })
  return (
    <Line title={t('strategies.line.tolerance')} name="tolerance">
      <div className="limits">
        {HARMS.map((harm) => (
          <Field key={harm} label={t(`strategies.harm.${harm}`)}>
            <InputNumber min={0} max={100} className="whole" disabled={isLocked} value={percent(tolerance[harm])} onChange={(n) => set(harm, n)} />
          </Field>
        ))}
      </div>
      <p className="quiet small">{t('strategies.tolerance_hint')}</p>
    </Line>
  )
}
