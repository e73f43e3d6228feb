import { useMutation } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { request } from '@/api/client'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { ReplySent } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'

const MOST_CHARS = 200

/** An answer on the viewer's page, which says that it is of the shop's assistant. */
export function Reply({ room, viewer }: { room: string; viewer: string }) {
  const { t } = useTexts()
  const may = useMay()
  const { zone } = useShop()
  const [text, setText] = useState('')
  const path = `/api/rooms/${encodeURIComponent(room)}/viewers/${encodeURIComponent(viewer)}/reply`
  const send = useMutation({
    mutationFn: () => request<ReplySent>('POST', path, { text }),
    onSuccess: () => setText(''),
  })
  if (!may('replies.write')) return null
  const told = send.data
  return (
    <section data-part="reply">
      <h3>{t('viewer.reply.title')}</h3>
      <form
        className="reply"
        onSubmit={(event) => {
          event.preventDefault()
          if (text.trim()) send.mutate()
        }}
      >
        <Input
          value={text}
          maxLength={MOST_CHARS}
          placeholder={t('viewer.reply.words')}
          aria-label={t('viewer.reply.words')}
          onChange={(event) => setText(event.target.value)}
        />
        <Button htmlType="submit" disabled={!text.trim()} loading={send.isPending}>
          {t('viewer.reply.send')}
        </Button>
      </form>
      {send.isError && <ProblemAlert error={send.error} />}
      {told && (
        <p className="quiet small" role="status">
          {told.pages > 0
            ? t('viewer.reply.sent')
            : t('viewer.reply.waits', { time: dayAndClock(told.expires_at, zone) })}
        </p>
      )}
    </section>
  )
}
