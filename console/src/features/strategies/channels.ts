import { useMay } from '@/api/session'
import { useChannels } from '@/api/channels'
import { useTexts } from '@/lib/language'

/** The channels that deliver; the last one only where the shop has set it up. */
const CHANNELS = ['in_room', 'host', 'follow_up', 'webhook'] as const
export type Channel = (typeof CHANNELS)[number]

/** What can be chosen: what delivers here, and what is chosen already. */
export function useChannelOptions(chosen: string): { value: Channel; label: string }[] {
  const { t } = useTexts()
  const known = useChannels(useMay()('channels.read')).data
  const isSet = known?.some((one) => one.channel === 'webhook' && one.is_on) ?? false
  return CHANNELS.filter((one) => one !== 'webhook' || isSet || chosen === one).map((value) => ({
    value,
    label: t(`strategies.channel.${value}`),
  }))
}
