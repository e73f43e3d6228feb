import { useEventName } from '@/api/meta'
import type { Reaching, Strategy, StrategyDetail, StrategyVersion } from '@/api/types'
import { duration } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useOffers, useSegments } from './strategies-api'
import { useStarts } from './strategy-starts'

const COUNTED: readonly (keyof Strategy)[] = ['mode', 'version', 'key']
type Part = Exclude<keyof Strategy, 'mode' | 'version' | 'key'>

/** What a version changes of the one that is in force; the approver reads this first. */
export function Difference({ one, detail }: { one: StrategyVersion; detail: StrategyDetail }) {
  const { t } = useTexts()
  const said = useSaid()
  const before: Partial<Strategy> = detail.now?.strategy ?? detail.of_file ?? {}
  const after = one.strategy
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof Strategy)[]
  const changed = names.filter((name) => !COUNTED.includes(name) && said(name, before) !== said(name, after))
  return (
    <table className="difference small" data-part="difference">
      <caption>{t(detail.now ? 'strategies.changes' : 'strategies.contents')}</caption>
      <tbody>
        {changed.map((name) => (
          <tr key={name}>
            <th scope="row">{t(`strategies.part.${name as Part}`)}</th>
            {detail.now && <td className="quiet">{said(name, before)}</td>}
            <td>{said(name, after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A part of a strategy as people say it. */
function useSaid(): (name: keyof Strategy, of: Partial<Strategy>) => string {
  const { language, words } = useLanguage()
  const starts = useStarts()
  const eventOf = useEventName()
  const segments = useSegments().data ?? []
  const offers = useOffers().data ?? []
  const stepOf = (one: Reaching) => {
    const waits = one.wait_ms == null ? '' : `(${duration(one.wait_ms)}${one.wait_for ? ` · ${eventOf(one.wait_for)}` : ''})`
    return [one.title, one.body, waits].filter(Boolean).join(' ')
  }
  const nameOf = (key: string) => {
    const found = segments.find((one) => one.key === key)
    return found ? words(found.names) : key
  }
  return (name, of) => {
    if (of[name] === undefined || of[name] === null) return '–'
    if (name === 'moment' || name === 'schedule') return starts(of)
    if (name === 'title') return of.title?.[language] ?? Object.values(of.title ?? {})[0] ?? '–'
    if (name === 'whom') return (of.whom ?? []).map(nameOf).join(', ')
    if (name === 'offer') return offers.find((one) => one.offer.key === of.offer)?.offer.title ?? of.offer ?? '–'
    if (name === 'control' || name === 'ramp') return `${(of[name] ?? 0) / 100}%`
    if (name === 'steps') return (of.steps ?? []).map(stepOf).join(' / ')
    if (name === 'deadline_ms') return duration(of.deadline_ms ?? 0)
    const value = of[name]
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
}
