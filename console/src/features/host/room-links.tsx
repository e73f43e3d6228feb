import { App, Button, Popconfirm, Segmented } from 'antd'
import { useState } from 'react'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { CreatedRoomLink, LinkKind, RoomLink } from '@/api/types'
import { Copyable } from '@/components/copyable'
import { Panel } from '@/components/panel'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useCreateLink, useRevokeLink, useRoomLinks } from './host-api'

const PATHS: Record<LinkKind, string> = { host: '/h', overlay: '/overlay' }
const KINDS: LinkKind[] = ['host', 'overlay']
const HOURS = [24, 168, 720] as const

/** Links for the host's phone and for the stream of a room: made, seen when they were opened, revoked. */
export function RoomLinksPanel({ room }: { room: string }) {
  const { t } = useTexts()
  const may = useMay()
  const links = useRoomLinks(room)
  const create = useCreateLink(room)
  const [hours, setHours] = useState<number>(HOURS[0])
  return (
    <Panel title={t('host.links.title')} note={t('host.links.note')} className="room-links" name="room-links">
      {links.isError && <ProblemAlert error={links.error} onRetry={() => void links.refetch()} />}
      {create.isError && <ProblemAlert error={create.error} />}
      {may('room_links.write') && (
        <div className="room-links-make">
          <Segmented
            value={hours}
            onChange={setHours}
            options={HOURS.map((value) => ({ value, label: t('host.links.days', { n: value / 24 }) }))}
          />
          {KINDS.map((kind) => (
            <Button key={kind} loading={create.isPending} onClick={() => create.mutate({ kind, hours })}>
              {t(`host.links.make.${kind}`)}
            </Button>
          ))}
        </div>
      )}
      {create.data && links.data?.some(({ id }) => id === create.data.link.id) && <Made made={create.data} />}
      {links.data?.length === 0 && <p className="quiet small">{t('host.links.none')}</p>}
      <ul className="keys">
        {links.data?.map((one) => (
          <Line one={one} room={room} key={one.id} />
        ))}
      </ul>
    </Panel>
  )
}

/** The address with the secret, which nobody can show again. */
function Made({ made: { link, secret } }: { made: CreatedRoomLink }) {
  const { t } = useTexts()
  return (
    <div className="gap" data-part="made-link">
      <p className="notice">{t('host.links.once')}</p>
      <Copyable text={`${window.location.origin}${PATHS[link.kind]}#${secret}`} label={t(`host.links.kind.${link.kind}`)} />
      <p className="quiet small">{t(`host.links.use.${link.kind}`)}</p>
    </div>
  )
}

function Line({ one, room }: { one: RoomLink; room: string }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const may = useMay()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const revoke = useRevokeLink(room)
  const confirm = () => revoke.mutate(one.id, { onError: (error) => void message.error(textOf(error).title) })
  return (
    <li data-part={`link-${one.kind}`}>
      <b>{t(`host.links.kind.${one.kind}`)}</b>
      <span>{one.created_by}</span>
      <span className="chip">{t('host.links.until', { time: dayAndClock(one.expires_at, zone) })}</span>
      <span className="quiet num small">
        {one.opened_at === null
          ? t('host.links.unopened')
          : t('host.links.opened', { time: dayAndClock(one.opened_at, zone) })}
      </span>
      {may('room_links.write') && (
        <Popconfirm
          title={t('host.links.revoke_sure')}
          okText={t('host.links.revoke')}
          cancelText={t('app.cancel')}
          onConfirm={confirm}
        >
          <Button size="small" type="text" loading={revoke.isPending}>
            {t('host.links.revoke')}
          </Button>
        </Popconfirm>
      )}
    </li>
  )
}
