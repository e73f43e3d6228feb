import type { Consents } from '@/api/types'
import { useTexts } from '@/lib/language'

const CHANNELS = ['in_room', 'push', 'sms', 'wechat', 'email', 'phone'] as const

/** Over which channels somebody may be written to, in words and not by color alone. */
export function ConsentChips({ consents }: { consents: Consents }) {
  const { t } = useTexts()
  const said = [
    { key: 'switch', name: t('consent.switch'), may: consents.personalized },
    ...CHANNELS.map((one) => ({ key: one, name: t(`consent.channel.${one}`), may: consents.channels[one] === true })),
    { key: 'share', name: t('consent.share'), may: consents.share },
  ]
  return (
    <ul className="chips" data-part="consents">
      {said.map(({ key, name, may }) => (
        <li key={key} className="chip">
          {name}: <b>{may ? t('consent.yes') : t('consent.no')}</b>
        </li>
      ))}
      {consents.withheld_tags.map((tag) => (
        <li key={`tag-${tag}`} className="chip">
          {t('consent.taken_away', { tag })}
        </li>
      ))}
    </ul>
  )
}
