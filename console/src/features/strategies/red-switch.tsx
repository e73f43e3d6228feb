import { StopOutlined } from '@ant-design/icons'
import { App, Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useMay } from '@/api/session'
import { useProblemText } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { useRedSwitch, useTurnSwitch } from './strategies-api'

/** On every page, for those allowed: stops all strategies of the shop at once. */
export function RedSwitch() {
  const { t } = useTexts()
  const may = useMay()
  const found = useRedSwitch(may('strategies.read'))
  const turn = useTurnSwitch()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const [isAsking, setAsking] = useState(false)
  const [why, setWhy] = useState('')
  const isStopped = found.data?.is_stopped ?? false
  if (!may('strategies.stop')) {
    return isStopped ? <span className="red-switch-note">{t('strategies.switch.is_stopped')}</span> : null
  }
  const done = () =>
    turn.mutate(
      { is_stopped: !isStopped, why },
      {
        onSuccess: () => {
          setAsking(false)
          setWhy('')
        },
        onError: (error) => void message.error(textOf(error).title),
      },
    )
  return (
    <>
      <Button
        danger
        type={isStopped ? 'primary' : 'default'}
        icon={<StopOutlined />}
        onClick={() => setAsking(true)}
        data-part="red-switch"
      >
        {t(isStopped ? 'strategies.switch.is_stopped' : 'strategies.switch.stop')}
      </Button>
      <Modal
        open={isAsking}
        title={t(isStopped ? 'strategies.switch.go_on_sure' : 'strategies.switch.stop_sure')}
        okText={t(isStopped ? 'strategies.switch.go_on' : 'strategies.switch.stop')}
        cancelText={t('app.cancel')}
        okButtonProps={{ danger: !isStopped, loading: turn.isPending }}
        onOk={done}
        onCancel={() => setAsking(false)}
      >
        <p>{t(isStopped ? 'strategies.switch.go_on_meaning' : 'strategies.switch.stop_meaning')}</p>
        <Input
          maxLength={500}
          value={why}
          aria-label={t('strategies.why')}
          placeholder={t('strategies.why')}
          onChange={({ target }) => setWhy(target.value)}
        />
      </Modal>
    </>
  )
}
