import { useMay } from '@/api/session'
import { isOutside, OUTSIDE, useChannels } from '@/api/channels'
import type { ChannelName } from '@/api/types'
import { useTexts } from '@/lib/language'

/** The channels that deliver; those to the outside only where the shop has set them up. */
export const CHANNELS = ['in_room', 'host', 'follow_up', ...OUTSIDE] as const
export type Channel = ChannelName

/** What can be chosen: what delivers here, and what is chosen already. */
export function useChannelOptions(chosen: string): { value: Channel; label: string }[] {
  const { t } = useTexts()
  const known = useChannels(useMay()('channels.read')).data
  const isOn = (name: ChannelName) => known?.some((one) => one.channel === name && one.is_on) ?? false
  return CHANNELS.filter((one) => !isOutside(one) || isOn(one) || chosen === one).map((value) => ({
    value,
    label: t(`strategies.channel.${value}`),
  }))
}
