import { App, Select, Switch } from 'antd'
import { useState } from 'react'
import { useProductSearch } from '@/api/products'
import { useMay } from '@/api/session'
import type { ListedProduct, RoomLists } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { useDebounced } from '@/lib/use-debounced'
import { useChooseLists, useRoomLists } from './host-api'

const TYPING_MS = 250
const MOST = 10

/** What the pages of this room's viewers list: what is hot, and what somebody picked. */
export function RoomListsPanel({ room }: { room: string }) {
  const { t } = useTexts()
  const may = useMay()
  const { message } = App.useApp()
  const found = useRoomLists(room)
  const choose = useChooseLists(room)
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
  const lists = found.data
  if (lists === undefined) return null
  const change = (changed: Partial<RoomLists>) => {
    const { is_hot_shown, recommended } = { ...lists, ...changed }
    choose.mutate({ is_hot_shown, recommended }, { onSuccess: () => void message.success(t('host.lists.saved')) })
  }
  const isLocked = !may('room_lists.write') || choose.isPending
  return (
    <Panel title={t('host.lists.title')} note={t('host.lists.note')} className="room-lists" name="room-lists">
      {choose.isError && <ProblemAlert error={choose.error} />}
      <label className="room-lists-hot">
        <Switch
          checked={lists.is_hot_shown}
          disabled={isLocked}
          onChange={(is_hot_shown) => change({ is_hot_shown })}
          aria-label={t('host.lists.hot')}
        />
        {t('host.lists.hot')}
      </label>
      <p className="quiet small">
        {lists.hot.length === 0 ? t('host.lists.no_hot') : t('host.lists.hot_now', { list: named(lists.hot).join(t('products.import.comma')) })}
      </p>
      <Picked lists={lists} isLocked={isLocked} onChange={(recommended) => change({ recommended })} />
    </Panel>
  )
}

interface PickedProps {
  lists: RoomLists
  isLocked: boolean
  onChange: (recommended: string[]) => void
}

/** In the order in which they are picked. */
function Picked({ lists, isLocked, onChange }: PickedProps) {
  const { t } = useTexts()
  const [typed, setTyped] = useState('')
  const search = useProductSearch(useDebounced(typed, TYPING_MS))
  const titles = new Map((search.data?.items ?? []).map((one) => [one.id, one.title]))
  for (const one of lists.listed) titles.set(one.id, one.title)
  const gone = lists.recommended.length - lists.listed.length
  return (
    <>
      <p>{t('host.lists.recommended')}</p>
      <Select
        mode="multiple"
        className="whole"
        value={lists.recommended}
        disabled={isLocked}
        maxCount={MOST}
        placeholder={t('host.lists.pick')}
        aria-label={t('host.lists.recommended')}
        showSearch={{ filterOption: false, onSearch: setTyped }}
        options={[...titles].map(([value, title]) => ({ value, label: title || value }))}
        onChange={onChange}
      />
      {gone > 0 && <p className="quiet small">{t('host.lists.gone', { n: gone })}</p>}
    </>
  )
}

function named(products: ListedProduct[]): string[] {
  return products.map((one) => one.title)
}
