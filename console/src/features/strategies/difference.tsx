import { useEventName, useShop } from '@/api/meta'
import type { StrategySummary, StrategyVersion } from '@/api/types'
import { decimalText } from '@/lib/amount'
import { useLanguage, useTexts } from '@/lib/language'
import { CHANNELS } from './channels'
import { useOffers, useSegments } from './strategies-api'
import { changesOf, type Namings } from './strategy-rows'
import { useStarts } from './strategy-starts'

/** What a version changes of the one that is in force; the approver reads this first. */
export function Difference({ one, detail }: { one: StrategyVersion; detail: StrategySummary }) {
  const { t } = useTexts()
  const before = detail.now?.strategy ?? detail.of_file
  const changed = changesOf(before, one.strategy, useNamings())
  return (
    <table className="difference small" data-part="difference">
      <caption>{t(before ? 'strategies.changes' : 'strategies.contents')}</caption>
      <tbody>
        {changed.length === 0 && (
          <tr>
            <td className="quiet">{t('strategies.no_changes')}</td>
          </tr>
        )}
        {changed.map((row) => (
          <tr key={row.label}>
            <th scope="row">{row.label}</th>
            {before && <td className="quiet">{row.before}</td>}
            <td>{row.after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function useNamings(): Namings {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { currency } = useShop()
  const starts = useStarts()
  const event = useEventName()
  const segments = useSegments().data ?? []
  const offers = useOffers().data ?? []
  return {
    t,
    event,
    starts,
    channel: (kind) => {
      const known = CHANNELS.find((one) => one === kind)
      return known ? t(`strategies.channel.${known}`) : kind
    },
    offer: (key) => offers.find((one) => one.offer.key === key)?.offer.title ?? key,
    segment: (key) => {
      const found = segments.find((one) => one.key === key)
      return found ? words(found.names) : key
    },
    money: (minor) => `${decimalText(minor, currency)} ${currency}`,
  }
}
