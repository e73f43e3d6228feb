import { Button } from 'antd'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { Channel, OutsideName } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { count, dayAndClock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { verdictText } from '@/lib/reasons'
import { isOutside, useChannels, useOpenChannel, useTest } from '@/api/channels'

const STATES = ['waiting', 'delivered', 'rejected', 'expired', 'withdrawn', 'unknown'] as const

/** The channels of the shop, what is on its way, and a message that tries one out. */
export function Channels() {
  const { t } = useTexts()
  const found = useChannels()
  return (
    <Panel title={t('settings.channels.heading')} note={t('settings.channels.note')} name="channels">
      {found.isError && <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />}
      <ul className="flags">
        {found.data?.map((one) => (
          <Row key={one.channel} channel={one} />
        ))}
      </ul>
    </Panel>
  )
}

function Row({ channel }: { channel: Channel }) {
  const { t } = useTexts()
  const counted = STATES.filter((state) => (channel.states[state] ?? 0) > 0)
  return (
    <li data-channel={channel.channel}>
      <b>{t(`settings.channels.name.${channel.channel}`)}</b>{' '}
      <span className="chip">{t(channel.is_on ? 'settings.channels.on' : 'settings.channels.off')}</span>
      {channel.target !== '' && <span className="quiet"> {channel.target}</span>}
      <div className="quiet small num">
        {counted.map((state) => (
          <span key={state}>
            {t(`settings.channels.state.${state}`, { n: count(channel.states[state] ?? 0) })}{' '}
          </span>
        ))}
      </div>
      {!channel.is_on && (channel.states.waiting ?? 0) > 0 && <p data-part="stranded">{t('settings.channels.stranded')}</p>}
      {isOutside(channel.channel) && channel.shut_at != null && <Shut name={channel.channel} at={channel.shut_at} />}
      {isOutside(channel.channel) && <Test name={channel.channel} isOn={channel.is_on} />}
    </li>
  )
}

/** Nobody is at its address any more; whoever may, lets it be called again. */
function Shut({ name, at }: { name: OutsideName; at: number }) {
  const { t } = useTexts()
  const may = useMay()
  const { zone } = useShop()
  const open = useOpenChannel()
  return (
    <p data-part="shut">
      {t('settings.channels.shut', { at: dayAndClock(at, zone) })}{' '}
      {may('channels.write') && (
        <Button size="small" loading={open.isPending} onClick={() => open.mutate(name)}>
          {t('settings.channels.open')}
        </Button>
      )}
      {open.isError && <ProblemAlert error={open.error} />}
    </p>
  )
}

function Test({ name, isOn }: { name: OutsideName; isOn: boolean }) {
  const { t } = useTexts()
  const may = useMay()
  const { language } = useLanguage()
  const test = useTest()
  if (!isOn) return <p className="quiet">{t(`settings.channels.how.${name}`)}</p>
  if (!may('channels.test')) return null
  return (
    <>
      <Button size="small" loading={test.isPending} onClick={() => test.mutate(name)}>
        {t('settings.channels.test')}
      </Button>{' '}
      <span aria-live="polite" data-part="tested">
        {test.data && t(`settings.channels.outcome.${test.data.outcome}`)}
        {test.data?.why && <span className="quiet"> {verdictText(test.data.why, language)}</span>}
      </span>
      {test.isError && <ProblemAlert error={test.error} />}
    </>
  )
}
